"""How matches are taken in: batches, poison, bugs and a world that is away. On SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import ProgrammingError

import alerts.intake
from alerts import edits, schema
from alerts.database import Contended, reading, writing
from alerts.intake import Intake
from alerts.policy import Rules
from alerts.record import record
from tests.matches import FILE, match, newsroom
from wire import metrics
from wire.codec import encode
from wire.errors import NewerVersion, Transient
from wire.kafka import Incoming
from wire.messages import DeadReason, Match

NEWER = b'{"v":99,"story":"from the future"}'


@dataclass
class Tape:
    """A topic of three partitions that is played from the offsets asked for."""

    values: list[bytes]
    commits: list[Mapping[int, int]] = field(default_factory=list)
    failures: int = 0
    at: dict[int, int] = field(default_factory=dict)

    def start(self, ask: Callable[[int], int | None]) -> None:
        self.at = {partition: ask(partition) or 0 for partition in range(3)}

    def poll(self, timeout: float) -> list[Incoming]:
        del timeout
        if self.failures:
            self.failures -= 1
            raise Transient("the tape is stuck")
        found = [each for each in self.messages() if each.offset >= self.at[each.partition]]
        self.at |= {each.partition: each.offset + 1 for each in found}
        return found

    def commit(self, offsets: Mapping[int, int]) -> None:
        self.commits.append(offsets)

    def lag(self) -> int:
        return 0

    def messages(self) -> list[Incoming]:
        return [
            Incoming(
                topic="matches",
                partition=number % 3,
                offset=number // 3,
                key=b"story",
                value=value,
                headers=(),
                timestamp_ms=0,
            )
            for number, value in enumerate(self.values)
        ]


@dataclass
class Graveyard:
    buried: list[tuple[int, int, str]] = field(default_factory=list)

    def bury(self, incoming: Incoming, reason: DeadReason, detail: str) -> None:
        assert detail
        self.buried.append((incoming.partition, incoming.offset, reason))


def fresh(article: str, story: str) -> Match:
    return match(article, "ferries", story=story, fetched_at=datetime.now(UTC))


def stories(count: int) -> list[bytes]:
    return [encode(fresh(f"a{n}", f"s{n}")) for n in range(count)]


@pytest.fixture
def ledger(engine: Engine) -> Engine:
    with writing(engine) as connection:
        edits.write(connection, newsroom("ferries>desk"), author=FILE, now=datetime.now(UTC))
    return engine


def intake(engine: Engine, graveyard: Graveyard | None = None, **more: object) -> Intake:
    bury = (graveyard or Graveyard()).bury
    return Intake(engine, cluster="c1", rules=Rules(), bury=bury, **more)  # type: ignore[arg-type]  # as a test says


def play(engine: Engine, tape: Tape, graveyard: Graveyard | None = None) -> Intake:
    """A worker's life: it starts where the database says, and takes in all there is."""
    worker = intake(engine, graveyard)
    tape.start(worker.start)
    worker.step(tape, 0.0)
    return worker


def counts(engine: Engine) -> tuple[int, int]:
    """Alerts and deliveries."""
    with reading(engine) as connection:
        tables = (schema.alert, schema.delivery)
        alerts, deliveries = (
            connection.execute(select(func.count()).select_from(each)).scalar_one() for each in tables
        )
    return alerts, deliveries


def test_a_batch_is_recorded_with_where_to_read_on(ledger: Engine) -> None:
    tape = Tape(stories(10))
    worker = play(ledger, tape)
    assert counts(ledger) == (10, 10)
    assert [worker.start(partition) for partition in range(3)] == [4, 3, 3]
    assert tape.commits == [{0: 4, 1: 3, 2: 3}]


def test_killed_before_kafka_hears_of_it_nothing_is_read_again(ledger: Engine) -> None:
    play(ledger, Tape(stories(10)))
    second_life = Tape(stories(12))
    play(ledger, second_life)
    assert counts(ledger) == (12, 12)
    assert second_life.commits == [{1: 4, 2: 4}]


def test_read_again_from_the_beginning_nothing_is_added(ledger: Engine) -> None:
    play(ledger, Tape(stories(10)))
    with writing(ledger) as connection:
        connection.execute(schema.read_offset.delete())
    play(ledger, Tape(stories(10)))
    assert counts(ledger) == (10, 10)


def test_another_cluster_is_read_from_its_beginning(ledger: Engine) -> None:
    play(ledger, Tape(stories(10)))
    elsewhere = Intake(ledger, cluster="c2", rules=Rules(), bury=Graveyard().bury)
    assert [elsewhere.start(partition) for partition in range(3)] == [None, None, None]


def test_poison_is_set_aside_and_the_others_go_on(ledger: Engine) -> None:
    values = stories(6)
    values[2:4] = [b"no match at all", b""]
    graveyard = Graveyard()
    worker = play(ledger, Tape(values), graveyard)
    assert counts(ledger) == (4, 4)
    assert graveyard.buried == [(2, 0, "undecodable"), (0, 1, "undecodable")]
    assert worker.start(2) == 2


def test_a_newer_version_stops_the_program_and_nothing_is_skipped(ledger: Engine) -> None:
    worker = intake(ledger)
    tape = Tape([*stories(3), NEWER])
    tape.start(worker.start)
    with pytest.raises(NewerVersion, match="upgrade this program first"):
        worker.step(tape, 0.0)
    assert counts(ledger) == (0, 0)
    assert worker.start(0) is None


@pytest.mark.parametrize("error", [ValueError("s3"), Contended("a rule of the database is broken")])
def test_a_bug_costs_the_one_match_that_it_is_about(
    ledger: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def stumble(connection: object, matches: Iterable[Match], **more: object) -> object:
        found = list(matches)
        if any(each.story == "s3" for each in found):
            raise error
        return record(connection, found, **more)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(alerts.intake, "record", stumble)
    graveyard = Graveyard()
    worker = play(ledger, Tape(stories(6)), graveyard)
    assert counts(ledger) == (5, 5)
    assert graveyard.buried == [(0, 1, "bug")]
    assert [worker.start(partition) for partition in range(3)] == [2, 2, 2]


def test_a_fault_of_ours_ends_the_program_instead_of_its_matches(
    ledger: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(connection: object, matches: Iterable[Match], **more: object) -> object:
        raise ProgrammingError("INSERT", {}, Exception("permission denied"))

    monkeypatch.setattr(alerts.intake, "record", refuse)
    graveyard = Graveyard()
    with pytest.raises(ProgrammingError):
        play(ledger, Tape(stories(6)), graveyard)
    assert len(graveyard.buried) == 1


def test_what_was_set_aside_is_not_counted_as_done(ledger: Engine) -> None:
    done, dead = (metrics.STAGE_ITEMS.labels("alert", outcome) for outcome in ("ok", "dead"))
    before = done._value.get(), dead._value.get()  # the driver's only way to read a counter
    play(ledger, Tape([*stories(3), b"no match at all"]))
    assert (done._value.get() - before[0], dead._value.get() - before[1]) == (3, 1)


def test_a_race_for_the_same_rows_is_run_again(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[int] = []

    def lose_twice(connection: object, matches: Iterable[Match], **more: object) -> object:
        if len(lost) < 2:
            lost.append(1)
            raise Contended
        return record(connection, list(matches), **more)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(alerts.intake, "record", lose_twice)
    play(ledger, Tape(stories(6)))
    assert counts(ledger) == (6, 6)


def test_while_the_world_is_away_the_batch_waits(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts.intake, "PAUSE", 0.01)
    signs: list[str] = []
    tape = Tape(stories(3), failures=4)
    worker: Intake = intake(ledger, beat=lambda: signs.append(worker.away))
    tape.start(worker.start)
    worker.step(tape, 0.0)
    assert signs.count("the tape is stuck") == 4
    assert worker.away == ""
    assert counts(ledger) == (3, 3)


def test_asked_to_stop_while_the_world_is_away_it_stops(ledger: Engine) -> None:
    worker = intake(ledger, stopping=lambda: True)
    with pytest.raises(Transient):
        worker.step(Tape(stories(3), failures=1), 0.0)


def test_the_sender_hears_of_new_deliveries_only(ledger: Engine) -> None:
    calls: list[int] = []
    worker = intake(ledger, tell=lambda: calls.append(1))
    tape = Tape(stories(2))
    tape.start(worker.start)
    worker.step(tape, 0.0)
    assert len(calls) == 1
    tape.values += [encode(match("a0", "ferries", story="s0", relation="copy", fetched_at=datetime.now(UTC)))]
    worker.step(tape, 0.0)
    assert len(calls) == 1
