"""Does the watchdog learn whether work waits, also from a Kafka that does not answer?"""

import socket
import time
from pathlib import Path
from typing import Protocol

from stream.shell.app import Standing
from stream.shell.lag import Lag
from tests.stream_rig import publish_values, settings_for
from wire.kafka import Admin
from wire.settings import Settings
from wire.topics import ARTICLES


class Kafka(Protocol):
    bootstrap: str


ALL = frozenset(range(ARTICLES.partitions))


def lag_of(settings: Settings, standing: Standing) -> Lag:
    return Lag(settings, "annotate", ARTICLES, lambda: standing)


def test_what_is_not_committed_is_work_for_its_owner_alone(broker: Kafka, kafka_prefix: str, tmp_path: Path) -> None:
    settings = settings_for(broker.bootstrap, kafka_prefix, tmp_path / "home")
    assert not lag_of(settings, Standing(owned=ALL)).has_work()
    publish_values(settings, ARTICLES, [b"1", b"2"], key=b"one partition")
    with Admin(settings) as admin:
        (filled,) = (number for number, end in admin.end_offsets(ARTICLES).items() if end)
    assert lag_of(settings, Standing(owned=frozenset({filled}))).has_work()
    assert not lag_of(settings, Standing(owned=ALL - {filled})).has_work()
    assert not lag_of(settings, Standing(owned=ALL, rebalancing=True)).has_work()


def test_a_kafka_that_never_answers_is_given_up_before_the_watchdogs_own_timer_runs_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        settings = Settings(kafka=f"127.0.0.1:{deaf.getsockname()[1]}", home=tmp_path)
        lag = lag_of(settings, Standing(owned=ALL))
        begun = time.monotonic()
        assert not lag.has_work()
        assert time.monotonic() - begun < settings.stall_seconds
        begun = time.monotonic()
        assert not lag.has_work()  # what was just asked in vain is not asked again at once
        assert time.monotonic() - begun < 1.0
