"""How does a test run a stage of the stream in a process of its own, and look at what came out?"""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from wire.article import Article, article_id, revision_of, topic_key
from wire.codec import encode
from wire.kafka import Admin, Incoming, LogReader, Publisher, Record
from wire.settings import Settings, environment
from wire.topics import ARTICLES, WATCHLISTS, Topic
from wire.watchlist import MANIFEST_KEY, Entity, EntityId, Manifest, Watchlist, WatchlistId

ROOT = Path(__file__).parent.parent
NAMES = ("Orbital Foundry", "Tidewater Labs", "Juniper Freight")
OUTLETS = ("Morning Ledger", "Harbour Post", "Nordic Wire", "Le Courrier")
SYLLABLES = ("bar", "tol", "ven", "mar", "sil", "kor", "dan", "kom", "rim", "tas", "lin", "fer")
WORDS = ["".join(parts) for parts in itertools.product(SYLLABLES, repeat=3)]
TINY = Path(__file__).parent / "tiny_stage.py"


def settings_for(bootstrap: str, prefix: str, home: Path, **more: object) -> Settings:
    """Settings of one installation on the run's Kafka, its topics made."""
    home.mkdir(parents=True, exist_ok=True)
    settings = Settings.model_validate({"kafka": bootstrap, "kafka_prefix": prefix, "home": home, **more})
    with Admin(settings) as admin:
        admin.create_topics()
    return settings


class Program:
    """One program as a child process. `log` is where it says what it does."""

    def __init__(self, settings: Settings, *command: str | Path, env: Mapping[str, str] = MappingProxyType({})) -> None:
        self.log = settings.home / f"{Path(command[-1]).name}-{settings.instance}.log"
        self._command = [sys.executable, *map(str, command)]
        self._env = {**_clean(), **environment(settings), "PYTHONPATH": str(ROOT), **env}
        self.exits: list[int] = []
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command, env=self._env, cwd=ROOT, stderr=log, stdout=log)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout: float = 30.0) -> int:
        """SIGTERM, as orchestrators do it. Its exit code."""
        self.process.terminate()
        return self.process.wait(timeout)

    def restart_if_dead(self) -> None:
        """What `up` does for a child that died."""
        if self.process.poll() is not None:
            self.exits.append(self.process.returncode)
            self.start()

    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("NEWSWATCH_")}


class Topics:
    """All that stands on a topic, read again and again."""

    def __init__(self, settings: Settings, topic: Topic) -> None:
        self._reader = LogReader(settings, topic)
        self.records: list[Incoming] = []

    def read(self) -> list[Incoming]:
        while found := self._reader.poll(0.2):
            self.records += found
        return self.records

    def close(self) -> None:
        self._reader.close()


def wait_for(
    condition: Callable[[], bool], *, timeout: float, meanwhile: Callable[[], None] = lambda: None, every: float = 0.2
) -> bool:
    """Whether the condition came true in time."""
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        meanwhile()
        if condition():
            return True
        time.sleep(every)
    return condition()


def publish_values(settings: Settings, topic: Topic, values: Sequence[bytes], *, key: bytes | None = None) -> None:
    """Put these bytes on the topic, all of them."""
    publisher = Publisher(settings, "test")
    try:
        verdicts = publisher.publish([Record(topic=topic, key=key, value=value) for value in values])
    finally:
        publisher.close()
    assert verdicts == [None] * len(values)


def article(number: int, title: str, text: str, *, feed: str = "feed", fetched_at: datetime | None = None) -> Article:
    """An article that a feed showed just now."""
    link = f"https://{feed}.example/{number}"
    now = fetched_at or datetime.now(UTC)
    return Article(
        id=article_id(feed, str(number)),
        revision=revision_of(title, text),
        event="new",
        feed=feed,
        outlet=feed.title(),
        link=link,
        canonical_url=link,
        title=title,
        text=text,
        first_seen=now,
        fetched_at=now,
    )


def copies_of(story: int, copies: Sequence[int]) -> list[Article]:
    """Copies of one wire text, each in another outlet under another address."""
    chance = random.Random(story)
    sentences = [" ".join(chance.choices(WORDS, k=11)).capitalize() + f" {chance.randrange(10**6)}." for _ in range(12)]
    text = f"{NAMES[story % 3]} said on Monday that {sentences[0]} " + " ".join(sentences[1:])
    title = f"{NAMES[story % 3]}: {' '.join(chance.choices(WORDS, k=6))}"
    return [article(story, title, text, feed=OUTLETS[copy].split()[0].lower()) for copy in copies]


def publish_articles(settings: Settings, articles: Sequence[Article]) -> None:
    """As the poller does."""
    publisher = Publisher(settings, "test")
    records = [Record(topic=ARTICLES, key=topic_key(one.canonical_url), value=encode(one)) for one in articles]
    assert publisher.publish(records) == [None] * len(articles)
    publisher.close()


def watchlist(number: int, *names: str, version: int = 1, epoch: int = 1) -> Watchlist:
    """A watchlist of organisations."""
    entities = tuple(Entity(id=EntityId(f"e{at}"), type="ORG", name=name) for at, name in enumerate(names))
    return Watchlist(
        id=WatchlistId(f"w{number}"), epoch=epoch, version=version, name=f"List {number}", entities=entities
    )


def watchlist_records(watchlists: Sequence[Watchlist], *, epoch: int = 1) -> list[Record]:
    """As the database's outbox publishes them: each watchlist, then the manifest."""
    records = [Record(topic=WATCHLISTS, key=one.id.encode(), value=encode(one)) for one in watchlists]
    manifest = Manifest(epoch=epoch, versions={one.id: one.version for one in watchlists})
    return [*records, Record(topic=WATCHLISTS, key=MANIFEST_KEY, value=encode(manifest))]


def publish_watchlists(settings: Settings, watchlists: Sequence[Watchlist], *, epoch: int = 1) -> None:
    publisher = Publisher(settings, "test")
    records = watchlist_records(watchlists, epoch=epoch)
    assert publisher.publish(records) == [None] * len(records)
    publisher.close()
