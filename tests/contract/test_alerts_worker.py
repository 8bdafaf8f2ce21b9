"""The alert program as a process of its own, on a real Kafka: killed, stopped, and given an older database."""

import base64
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import Engine, func, select

from alerts import edits, schema
from alerts.catalog import Changes, ChannelId, ChannelRow, SubscriberId, SubscriberRow, SubscriptionRow, read
from alerts.conservation import balance
from alerts.database import open_database, reading, writing
from alerts.intake import Intake
from alerts.migrations import migrate
from alerts.policy import Rules
from alerts.worker import PROGRAM
from newswatch.broker import free_port
from tests.contract.conftest import NewUrl
from tests.matches import FILE, match, watchlist
from tests.stream_rig import Program, Topics, publish_values, settings_for, wait_for
from wire.codec import decode, encode
from wire.dead import letter_of
from wire.kafka import Admin, GroupConsumer, Incoming, Publisher, Record
from wire.settings import Settings
from wire.topics import MATCHES, WATCHLISTS, dead
from wire.watchlist import MANIFEST_KEY, Manifest, WatchlistId

pytestmark = pytest.mark.timeout(180)
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


class Kafka(Protocol):
    bootstrap: str


@dataclass
class Hook:
    """A receiver that needs `delay` to answer, and remembers under which keys it was told."""

    delay: float = 0.02
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        hook = self

        class Request(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                hook.told.append(self.headers["webhook-id"])
                time.sleep(hook.delay)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    @property
    def keys(self) -> Counter[str]:
        return Counter(self.told)

    @property
    def repeats(self) -> int:
        return len(self.told) - len(self.keys)


@dataclass
class Desk:
    """One installation: its database, its Kafka, its receiver, and the alert program."""

    settings: Settings
    engine: Engine
    hook: Hook
    program: Program | None = None

    def start(self) -> Program:
        self.program = Program(self.settings, "-m", "newswatch", "run", "alert")
        return self.program

    def publish(self, numbers: Sequence[int]) -> None:
        """A first match of each of these stories, and a copy of it. A story stays in one partition."""
        records = []
        for number in numbers:
            story, now = f"s{number}", datetime.now(UTC)
            first = match(f"a{number}", "ferries", story=story, fetched_at=now)
            again = match(f"c{number}", "ferries", story=story, of=f"a{number}", relation="copy", fetched_at=now)
            records += [Record(topic=MATCHES, key=story.encode(), value=encode(each)) for each in (first, again)]
        publisher = Publisher(self.settings, "test")
        assert set(publisher.publish(records)) == {None}
        publisher.close()

    def states(self) -> dict[str, int]:
        with reading(self.engine) as connection:
            return dict(balance(connection, now=datetime.now(UTC)).states)

    def has_sent(self, count: int, seconds: float = 60.0) -> bool:
        return wait_for(lambda: self.states() == {"sent": count}, timeout=seconds)

    def counts(self) -> tuple[int, int, int]:
        """Alerts, copies, deliveries."""
        with reading(self.engine) as connection:
            alerts, copies, deliveries = (
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (schema.alert, schema.alert_copy, schema.delivery)
            )
        return alerts, copies, deliveries


def newsroom(hook: Hook) -> Changes:
    config = {"url": hook.url, "secret": SECRET}
    return Changes(
        put=(
            SubscriberRow(id=SubscriberId("mira"), name="Mira"),
            ChannelRow(id=ChannelId("hook"), subscriber=SubscriberId("mira"), kind="webhook", config=config),
            watchlist("ferries"),
            SubscriptionRow(id="ferries-hook", watchlist=WatchlistId("ferries"), channel=ChannelId("hook")),
        )
    )


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, broker: Kafka, kafka_prefix: str, tmp_path: Path, hook: Hook
) -> Iterator[Desk]:
    more = reaching(hook)
    if request.param == "postgresql":
        new_url: NewUrl = request.getfixturevalue("postgres")
        more["alerts_database"] = new_url()
    settings = settings_for(broker.bootstrap, kafka_prefix, tmp_path / "home", **more)
    desk = Desk(settings, opened(settings, hook), hook)
    yield desk
    if desk.program and desk.program.process.poll() is None:
        desk.program.kill()
    desk.engine.dispose()


def reaching(hook: Hook) -> dict[str, object]:
    """Settings that allow the receiver's address."""
    return {"allow_private": "127.0.0.1", "webhook_ports": hook.url.split(":")[2].split("/")[0]}


def opened(settings: Settings, hook: Hook) -> Engine:
    engine = open_database(settings.alerts_url)
    migrate(engine)
    with writing(engine) as connection:
        edits.write(connection, newsroom(hook), author=FILE, now=datetime.now(UTC))
    return engine


def test_killed_in_the_middle_only_what_was_in_flight_is_repeated(desk: Desk) -> None:
    kills, stories = 4, 240
    program = desk.start()
    for start in range(0, stories, 40):
        desk.publish(range(start, start + 40))
        wait_for(lambda at=start: len(desk.hook.told) > at + 10, timeout=30)  # type: ignore[misc]  # this round's start
        if start // 40 < kills:
            program.kill()
            program.start()
    assert desk.has_sent(stories), desk.states()
    assert len(desk.hook.keys) == stories
    assert desk.hook.repeats <= kills * desk.settings.send_parallel
    assert desk.counts() == (stories, 2 * stories, stories)


def test_stopped_in_the_middle_nothing_is_repeated(desk: Desk) -> None:
    program = desk.start()
    for start in range(0, 120, 40):
        desk.publish(range(start, start + 40))
        wait_for(lambda at=start: len(desk.hook.told) > at + 10, timeout=30)  # type: ignore[misc]  # this round's start
        assert program.stop() == 0, program.text()
        program.start()
    assert desk.has_sent(120), desk.states()
    assert desk.hook.repeats == 0


class Unheard:
    """The real consumer, of which Kafka hears nothing: the worker dies between the two commits."""

    def __init__(self, consumer: GroupConsumer) -> None:
        self._consumer = consumer

    def poll(self, timeout: float) -> list[Incoming]:
        return self._consumer.poll(timeout)

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Killed before this."""

    def lag(self) -> int:
        return self._consumer.lag()


def void(_: object) -> None:
    """A step whose answer nobody needs."""


def test_killed_between_the_two_commits_nothing_is_added(desk: Desk) -> None:
    desk.publish(range(30))
    with Admin(desk.settings) as admin:
        intake = Intake(desk.engine, cluster=admin.cluster_id(), rules=Rules(), bury=lambda *_: None)
    consumer = GroupConsumer(desk.settings, MATCHES, PROGRAM, intake.start)
    assert wait_for(
        lambda: desk.counts() == (30, 60, 30), timeout=30, meanwhile=lambda: void(intake.step(Unheard(consumer), 0.5))
    )
    consumer.close()
    with Admin(desk.settings) as admin:
        assert admin.committed(PROGRAM, MATCHES) == {}
    desk.start()
    desk.publish(range(30, 31))
    assert desk.has_sent(31), desk.program.text() if desk.program else ""
    assert desk.counts() == (31, 62, 31)
    assert desk.hook.repeats == 0


def test_a_database_restored_from_an_older_copy_catches_up_by_itself(
    broker: Kafka, kafka_prefix: str, tmp_path: Path, hook: Hook
) -> None:
    settings = settings_for(broker.bootstrap, kafka_prefix, tmp_path / "home", **reaching(hook))
    desk = Desk(settings, opened(settings, hook), hook)
    program = desk.start()
    desk.publish(range(20))
    assert desk.has_sent(20), desk.states()
    assert program.stop() == 0
    desk.engine.dispose()
    shutil.copytree(settings.home, tmp_path / "backup")
    program.start()
    desk.publish(range(20, 50))
    assert desk.has_sent(50), desk.states()
    told = desk.hook.keys
    program.kill()
    desk.engine.dispose()
    shutil.rmtree(settings.home)
    shutil.copytree(tmp_path / "backup", settings.home)
    assert desk.states() == {"sent": 20}
    program.start()
    desk.publish(range(50, 60))
    assert desk.has_sent(60), desk.states()
    program.kill()
    desk.engine.dispose()
    assert desk.hook.keys.keys() > told.keys()
    assert len(desk.hook.keys) == 60  # what the older copy did not know was sent again, under the keys it had before
    assert {key for key, count in desk.hook.keys.items() if count > 1} == set(told) - first_twenty(desk.hook)


def first_twenty(hook: Hook) -> set[str]:
    return set(hook.told[:20])


def test_without_kafka_it_waits_is_not_ready_and_stops_when_asked(tmp_path: Path, hook: Hook) -> None:
    settings = Settings(home=tmp_path, kafka=f"127.0.0.1:{free_port()}", port=free_port())
    opened(settings, hook).dispose()
    program = Program(settings, "-m", "newswatch", "run", "alert")
    assert wait_for(lambda: "matches:" in readiness(settings), timeout=60)
    time.sleep(3.0)
    assert program.process.poll() is None, program.text()
    assert "matches:" in readiness(settings)
    assert program.stop() == 0, program.text()


def readiness(settings: Settings) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.port}/readyz", timeout=5) as page:
            return str(page.read().decode())
    except urllib.error.HTTPError as answer:
        return answer.read().decode()
    except OSError:
        return ""


def test_poison_is_dead_lettered_and_a_newer_message_stops_the_program(desk: Desk) -> None:
    program = desk.start()
    publish_values(desk.settings, MATCHES, [b"no match at all"], key=b"s0")
    desk.publish([0])
    assert desk.has_sent(1), program.text()
    letters = Topics(desk.settings, dead(MATCHES))
    assert wait_for(lambda: len(letters.read()) == 1, timeout=20)
    letter = letter_of(letters.records[0])
    letters.close()
    assert (letter.value, letter.key, letter.reason) == (b"no match at all", b"s0", "undecodable")
    publish_values(desk.settings, MATCHES, [b'{"v":99}'], key=b"s0")
    assert program.process.wait(60) == 2
    assert "upgrade this program first" in program.text()


def test_watchlists_reach_the_topic_and_edits_follow(desk: Desk) -> None:
    desk.start()
    topic = Topics(desk.settings, WATCHLISTS)
    assert wait_for(lambda: manifest(topic).get("ferries") == 1, timeout=30)
    with writing(desk.engine) as connection:
        (row,) = read(connection).watchlists
        edits.write(connection, Changes(put=(replace(row, name="Other"),)), author=FILE, now=datetime.now(UTC))
    begun = time.monotonic()
    assert wait_for(lambda: manifest(topic).get("ferries") == 2, timeout=30)
    assert time.monotonic() - begun < 5.0
    topic.close()


def manifest(topic: Topics) -> dict[str, int]:
    found = [record.value for record in topic.read() if record.key == MANIFEST_KEY]
    return {str(id_): version for id_, version in decode(Manifest, found[-1] or b"").versions.items()} if found else {}
