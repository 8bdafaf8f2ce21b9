"""Does the shell keep its promises on a real Kafka, whatever the engine does?

Facts 1, 5 and 8 about Faust (an exception skips the event; an output that is not awaited twice is lost; a crash is
redelivered) are claims here about our settings. Fact 4, rebalances, has a file of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stream_rig import TINY, Program, Topics, publish_values, settings_for, wait_for
from wire.dead import letter_of
from wire.kafka import Admin
from wire.messages import DeadLetter
from wire.service import EXIT_STALLED
from wire.settings import Settings
from wire.topics import ANNOTATIONS, ARTICLES, dead


@pytest.fixture
def settings(broker: object, kafka_prefix: str, tmp_path: Path) -> Settings:
    bootstrap: str = broker.bootstrap  # type: ignore[attr-defined]  # conftest's own type is not importable
    return settings_for(bootstrap, kafka_prefix, tmp_path / "home", stall_seconds=2.0)


@pytest.fixture
def start(settings: Settings) -> Iterator[Callable[[], Program]]:
    running: list[Program] = []

    def start_one() -> Program:
        running.append(Program(settings, TINY))
        return running[-1]

    yield start_one
    for program in running:
        if program.process.poll() is None:
            program.kill()


def outputs(settings: Settings) -> Counter[bytes]:
    topic = Topics(settings, ANNOTATIONS)
    try:
        return Counter(record.value or b"" for record in topic.read())
    finally:
        topic.close()


def letters(settings: Settings) -> list[DeadLetter]:
    topic = Topics(settings, dead(ARTICLES))
    try:
        return [letter_of(record) for record in topic.read()]
    finally:
        topic.close()


def all_settled(settings: Settings, program: Program, count: int, *, timeout: float = 100.0) -> bool:
    """Whether the group commits past this many messages, with the program restarted as often as it dies."""

    def committed() -> bool:
        with Admin(settings) as admin:
            return sum(admin.committed("annotate", ARTICLES).values()) >= count

    return wait_for(committed, timeout=timeout, meanwhile=program.restart_if_dead)


LONG_SESSION = {"NEWSWATCH_TEST_SESSION": "28"}  # seconds after which Kafka would notice by itself
GOOD = [b"good %d" % number for number in range(30)]


def with_poison(poison: bytes) -> list[bytes]:
    return [*GOOD[:10], poison, *GOOD[10:]]


@pytest.mark.parametrize(
    ("poison", "reason", "stops"),
    [
        (b"reject me", "undecodable", 0),
        (b"raise hell", "bug", 0),
        (b"big 400000", "too_large", 0),
        (b"exit now", "crashed", 2),
        (b"loop for ever", "hung", 2),
        (b"regex for ever", "hung", 2),
    ],
)
def test_poison_is_dead_lettered_with_its_reason_and_the_stream_goes_on(
    settings: Settings, start: Callable[[], Program], poison: bytes, reason: str, stops: int
) -> None:
    publish_values(settings, ARTICLES, with_poison(poison), key=b"one partition")
    program = start()
    assert all_settled(settings, program, len(GOOD) + 1), program.text()
    assert program.stop() == 0
    assert [(letter.reason, letter.value) for letter in letters(settings)] == [(reason, poison)]
    assert set(outputs(settings)) == set(GOOD)
    assert len(program.exits) == stops
    assert all(program.exits)


def test_an_exception_outside_the_engine_loses_nothing(settings: Settings, start: Callable[[], Program]) -> None:
    publish_values(settings, ARTICLES, [b"stumble", *GOOD], key=b"one partition")
    program = start()
    assert all_settled(settings, program, len(GOOD) + 1), program.text()
    assert program.exits == [1]
    assert set(outputs(settings)) == {b"stumble", *GOOD}
    assert letters(settings) == []


def test_a_loop_outside_the_engine_is_ended_by_the_watchdog(settings: Settings, start: Callable[[], Program]) -> None:
    publish_values(settings, ARTICLES, [b"stick", *GOOD], key=b"one partition")
    program = start()
    assert all_settled(settings, program, len(GOOD) + 1), program.text()
    assert program.exits == [EXIT_STALLED]
    assert "in __call__" in program.text()  # the stacks say where
    assert set(outputs(settings)) == {b"stick", *GOOD}
    assert letters(settings) == []


def test_a_refused_output_loses_none_of_its_batch(settings: Settings, start: Callable[[], Program]) -> None:
    few = GOOD[:8]
    mixed = [message for number, good in enumerate(few) for message in (good, b"big 400000 %d" % number)]
    publish_values(settings, ARTICLES, mixed, key=b"one partition")
    program = start()
    assert all_settled(settings, program, len(mixed)), program.text()
    assert set(outputs(settings)) == set(few)
    assert len(letters(settings)) == len(few)


@pytest.mark.parametrize(
    ("last", "advice"), [(b"newer", "upgrade this program first"), (b"misfit", "mend the settings first")]
)
def test_what_only_a_person_can_mend_stops_the_program_and_is_not_passed(
    settings: Settings, start: Callable[[], Program], last: bytes, advice: str
) -> None:
    publish_values(settings, ARTICLES, [*GOOD, last], key=b"one partition")
    program = start()
    assert program.process.wait(40) == 2
    assert advice in program.text()
    with Admin(settings) as admin:
        assert sum(admin.committed("annotate", ARTICLES).values()) == len(GOOD)
    assert set(outputs(settings)) == set(GOOD)
    assert letters(settings) == []


def test_a_batch_slower_than_a_stall_is_progress_all_the_same(settings: Settings) -> None:
    slow = [b"slow %d" % number for number in range(30)]
    publish_values(settings, ARTICLES, slow, key=b"one partition")
    program = Program(settings.model_copy(update={"stall_seconds": 4.0}), TINY, env={"NEWSWATCH_TEST_SLOW": "0.4"})
    try:
        assert all_settled(settings, program, len(slow)), program.text()
        assert program.exits == []
        assert outputs(settings) == Counter(slow)
    finally:
        program.kill()


def test_a_stop_leaves_the_group_at_once(settings: Settings) -> None:
    publish_values(settings, ARTICLES, GOOD)
    program = Program(settings, TINY, env=LONG_SESSION)
    assert all_settled(settings, program, len(GOOD)), program.text()
    assert program.stop() == 0
    publish_values(settings, ARTICLES, [b"later"])
    successor = Program(settings.model_copy(update={"instance": "2"}), TINY, env=LONG_SESSION)
    try:
        assert wait_for(lambda: b"later" in outputs(settings), timeout=25), successor.text()
        assert outputs(settings).total() == len(GOOD) + 1
    finally:
        successor.kill()
