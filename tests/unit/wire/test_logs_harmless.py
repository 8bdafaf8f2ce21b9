"""Which of a driver's words are not worth a person's time?"""

import logging

import pytest

from wire.logs import Harmless


def record(name: str, message: str) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "file", 1, message, (), None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("faust.app.base", "Timer commit is overlapping (interval=2.8 runtime=3.1)"),
        ("aiokafka.consumer.group_coordinator", "Heartbeat failed for group g because it is rebalancing"),
        ("asyncio", "Task <Task pending> ran for 0.2 seconds"),
    ],
)
def test_a_driver_in_healthy_running_is_heard_only_when_debugging(name: str, message: str) -> None:
    assert not Harmless(logging.INFO).filter(record(name, message))
    assert Harmless(logging.DEBUG).filter(record(name, message))


def test_what_is_wrong_and_what_is_ours_is_heard() -> None:
    for name, message in (("aiokafka.x", "Heartbeat failed: no route"), ("stream.x", "Timer commit is overlapping")):
        assert Harmless(logging.INFO).filter(record(name, message))
