"""Do annotate and cluster say the same when they are killed, on a real Kafka?"""

import random
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from stream.cluster import cluster
from stream.shell.clustering import empty_window
from tests.proofs import LONG
from tests.stream_rig import (
    NAMES,
    Program,
    Topics,
    copies_of,
    publish_articles,
    publish_watchlists,
    settings_for,
    wait_for,
    watchlist,
)
from wire.article import Article
from wire.codec import decode, encode
from wire.kafka import Incoming
from wire.messages import Annotation, Match
from wire.settings import Settings
from wire.topics import ANNOTATIONS, MATCHES

STORIES, COPIES = 300, 4


class Kafka(Protocol):
    bootstrap: str


def readyz(program: Program) -> str:
    """What the program says when it is asked whether it is ready."""
    ports = re.findall(r"port=(\d+)", program.text())
    try:
        with urlopen(f"http://127.0.0.1:{ports[-1]}/readyz", timeout=5) as answer:
            return str(answer.read(), "utf-8")
    except HTTPError as error:
        return error.read().decode()
    except (URLError, IndexError) as error:
        return f"group: {error}"


class Stream:
    """Both programs, and what they said."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.annotate = Program(settings, "-m", "newswatch", "run", "annotate")
        self.cluster = Program(settings, "-m", "newswatch", "run", "cluster")
        self.annotations = Topics(settings, ANNOTATIONS)
        self.matches = Topics(settings, MATCHES)

    def restart_dead(self) -> None:
        self.annotate.restart_if_dead()
        self.cluster.restart_if_dead()

    def is_idle(self) -> bool:
        """Whether both have joined their groups and wait: a kill shall strike work, not a start."""
        return all(
            "watchlists" not in text and "group" not in text for text in map(readyz, (self.annotate, self.cluster))
        )

    def said(self) -> dict[str, set[bytes]]:
        """What was said of each article; more than one word of it would be a contradiction."""
        said: dict[str, set[bytes]] = {}
        for record in self.matches.read():
            said.setdefault(decode(Match, record.value or b"").copy.article, set()).add(record.value or b"")
        return said

    def stories(self) -> dict[str, str]:
        """Article to story."""
        return {one: decode(Match, values.copy().pop()).story for one, values in self.said().items()}

    def close(self) -> None:
        for program in (self.annotate, self.cluster):
            if program.process.poll() is None:
                program.kill()
        self.annotations.close()
        self.matches.close()


@pytest.fixture
def stream(broker: Kafka, kafka_prefix: str, tmp_path: Path) -> Iterator[Stream]:
    settings = settings_for(broker.bootstrap, kafka_prefix, tmp_path / "home")
    publish_watchlists(settings, [watchlist(1, *NAMES)])
    running = Stream(settings)
    yield running
    running.close()


def all_articles() -> list[Article]:
    """Copies come after their original, with other stories in between."""
    rounds = [[copies_of(story, (copy,))[0] for story in range(STORIES)] for copy in range(COPIES)]
    return [one for round_ in rounds for one in round_]


def replayed(settings: Settings, annotations: Sequence[Incoming]) -> set[bytes]:
    """What the engine alone says about this log."""
    window = empty_window(settings)
    said = set()
    for record in annotations:
        appended_at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
        match = cluster(decode(Annotation, record.value or b""), window, offset=record.offset, appended_at=appended_at)
        if match is not None:
            said.add(encode(match))
    return said


@LONG
@pytest.mark.timeout(400)
def test_killed_programs_say_what_the_engine_says_once_and_only(stream: Stream) -> None:
    articles = all_articles()
    chance = random.Random(7)
    kills = 0
    for first in range(0, len(articles), 150):
        assert wait_for(stream.is_idle, timeout=30)
        publish_articles(stream.settings, articles[first : first + 150])
        time.sleep(chance.uniform(0.0, 0.25))
        victim = (stream.annotate, stream.cluster)[first // 150 % 2]
        victim.kill()
        kills += 1
        stream.restart_dead()
    wanted = {one.id for one in articles}
    assert wait_for(lambda: set(stream.said()) == wanted, timeout=200, meanwhile=stream.restart_dead)
    said = stream.said()
    values = [record.value or b"" for record in stream.matches.read()]
    repeated = len(values) - len(wanted)
    print(f"{len(articles)} articles, {kills} kills, {repeated} matches repeated, 0 lost")
    assert kills >= 5
    assert all(len(words) == 1 for words in said.values())
    assert set(values) == replayed(stream.settings, stream.annotations.read())
    stories = stream.stories()
    for story in range(STORIES):
        ids = [one.id for one in copies_of(story, range(COPIES))]
        assert len({stories[one] for one in ids}) == 1
        assert stories[ids[0]] in ids  # whichever came first on the log: partitions overtake each other


@pytest.mark.timeout(120)
@pytest.mark.parametrize("snapshot", ["kept", "deleted"])
def test_a_restarted_cluster_knows_the_stories_it_told(stream: Stream, snapshot: str) -> None:
    originals = [one for story in range(100) for one in copies_of(story, (0, 1))]
    publish_articles(stream.settings, originals)
    assert wait_for(lambda: len(stream.said()) == len(originals), timeout=40), stream.cluster.text()
    assert stream.cluster.stop() == 0
    folder = stream.settings.home / "state" / "cluster-1"
    assert len(list(folder.glob("*.window"))) == 1
    if snapshot == "deleted":
        shutil.rmtree(folder)
    stream.cluster.start()
    late = [one for story in range(100) for one in copies_of(story, (2,))]
    publish_articles(stream.settings, late)
    assert wait_for(lambda: len(stream.said()) == len(originals) + len(late), timeout=40), stream.cluster.text()
    stories = stream.stories()
    assert [stories[one.id] for one in late] == [stories[one.id] for one in originals[::2]]
    assert f"source={'snapshot' if snapshot == 'kept' else 'log'}" in stream.cluster.text().rpartition("started")[2]


@pytest.mark.timeout(120)
def test_a_standby_takes_over_with_a_warm_window(stream: Stream) -> None:
    originals = [one for story in range(100) for one in copies_of(story, (0,))]
    publish_articles(stream.settings, originals)
    assert wait_for(lambda: len(stream.said()) == len(originals), timeout=40), stream.cluster.text()
    other = stream.settings.model_copy(update={"instance": "2"})
    standby = Program(other, "-m", "newswatch", "run", "cluster")
    try:
        assert wait_for(lambda: "window restored" in standby.text(), timeout=20)
        time.sleep(3)
        stream.cluster.kill()
        started = time.monotonic()
        late = [one for story in range(100) for one in copies_of(story, (1,))]
        publish_articles(stream.settings, late)
        assert wait_for(lambda: len(stream.said()) == 200, timeout=40), standby.text()
        print(f"standby took over {time.monotonic() - started:.1f} s after a kill -9")
        stories = stream.stories()
        assert [stories[one.id] for one in late] == [one.id for one in originals]
    finally:
        standby.kill()
