"""How often is a driver heard that repeats itself?"""

import logging

from wire.logs import SELDOM_SECONDS, Seldom


def record(name: str, message: str, at: float) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, "file", 1, message, (), None)
    made.created = at
    return made


def heard(*records: logging.LogRecord) -> list[bool]:
    seldom = Seldom()
    return [bool(seldom.filter(one)) for one in records]


def test_the_same_words_of_a_driver_are_heard_once_in_a_while() -> None:
    name = "aiokafka.consumer.fetcher"
    later = SELDOM_SECONDS + 1
    assert heard(record(name, "away", 0), record(name, "away", 1), record(name, "away", later)) == [True, False, True]


def test_other_words_and_other_drivers_are_heard() -> None:
    assert heard(record("kafka.a", "x", 0), record("kafka.a", "y", 0), record("kafka.b", "x", 0)) == [True] * 3


def test_our_own_words_are_always_heard() -> None:
    assert (
        heard(record("stream.shell.app", "x", 0), record("stream.shell.app", "x", 0), record("root", "x", 0))
        == [True] * 3
    )
