"""What do our Kafka clients do while Kafka is away, and after?"""

import gc
import logging
import os
import signal
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import pytest

from newswatch.broker import Broker, free_port
from tests.conftest import TestBroker
from tests.proofs import LONG
from wire.errors import Misconfigured, Transient
from wire.kafka import Admin, GroupConsumer, LogReader, Publisher, Record, remove_member, wait_for_kafka
from wire.settings import Settings
from wire.topics import ANNOTATIONS

PATIENCE = 2.0

# kafka-python leaves the sockets of failed attempts to the garbage collector. (20 at most were ever open at once.)
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """So that no later test, which takes warnings for errors, happens to collect them.

    pytest keeps what is logged, thereby the errors, thereby the sockets: so nothing is logged here.
    """
    logger = logging.getLogger("kafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(level)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def record(value: bytes) -> Record:
    return Record(topic=ANNOTATIONS, key=None, value=value)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


@contextmanager
def refused() -> Iterator[str]:
    """An address where nobody listens."""
    yield f"127.0.0.1:{free_port()}"


@contextmanager
def silent() -> Iterator[str]:
    """An address where somebody listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def unknown() -> Iterator[str]:
    """An address that no name server knows."""
    yield "kafka.invalid:9092"


OPENINGS: dict[str, Callable[[Settings], object]] = {
    "admin": lambda settings: Admin(settings, timeout=PATIENCE),
    "publisher": lambda settings: Publisher(settings, "t", delivery_timeout=PATIENCE).publish([record(b"a")]),
}


@pytest.mark.parametrize("where", [refused, silent, unknown], ids=lambda where: where.__name__)
@pytest.mark.parametrize("opening", OPENINGS)
def test_a_kafka_that_is_not_there_is_transient_in_time_and_leaves_no_thread(
    where: Callable[[], AbstractContextManager[str]], opening: str
) -> None:
    before = set(threading.enumerate())
    with (
        where() as address,
        within(PATIENCE + 3),
        pytest.raises(Transient, match=f"Kafka at {address} does not answer"),
    ):
        OPENINGS[opening](Settings(kafka=address))
    assert set(threading.enumerate()) == before


def test_consumers_give_up_in_time_too_and_leave_no_thread() -> None:
    before = set(threading.enumerate())
    with refused() as address, within(13), ThreadPoolExecutor(2) as pool:
        settings = Settings(kafka=address)
        openings = (
            pool.submit(LogReader, settings, ANNOTATIONS),
            pool.submit(GroupConsumer, settings, ANNOTATIONS, "t", lambda _: None),
        )
        assert [type(opening.exception()) for opening in openings] == [Transient, Transient]
    assert set(threading.enumerate()) == before


def test_a_process_that_waits_for_kafka_ends_with_what_to_look_at() -> None:
    with refused() as address, within(4), pytest.raises(Misconfigured) as told:
        wait_for_kafka(Settings(kafka=address), timeout=1)
    assert str(told.value).startswith(f"NEWSWATCH_KAFKA: Kafka at {address} does not answer: ")
    assert str(told.value).endswith(" Is it running, and is the address right?")


def test_a_process_that_starts_before_kafka_goes_on_when_kafka_answers(broker: TestBroker) -> None:
    port = free_port()
    opens = threading.Timer(1.0, forward, [port, broker.bootstrap])
    begun = time.monotonic()
    opens.start()
    wait_for_kafka(Settings(kafka=f"127.0.0.1:{port}"), timeout=20)
    assert 1.0 < time.monotonic() - begun < 10
    opens.join()


def forward(port: int, kafka: str) -> None:
    """One connection to `port`, carried on to Kafka."""
    host, _, number = kafka.rpartition(":")
    with socket.create_server(("127.0.0.1", port)) as server, socket.create_connection((host, int(number))) as there:
        here, _ = server.accept()
        with here:
            back = threading.Thread(target=carry, args=(there, here))
            back.start()
            carry(here, there)
            back.join()


def carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def test_leaving_a_group_is_silent_when_kafka_is_gone() -> None:
    with refused() as address, within(9):
        remove_member(Settings(kafka=address), "alert")


@LONG
def test_every_client_outlives_a_crash_and_a_pause_of_kafka(tmp_path: Path) -> None:
    """One long story, because a Kafka of its own takes seconds to start."""
    port = free_port()
    settings = Settings(kafka=f"127.0.0.1:{port}")
    broker = Broker.start(tmp_path, port=port)
    try:
        wait_for_kafka(settings, timeout=30)
        admin = Admin(settings, timeout=PATIENCE)
        admin.create_topics([ANNOTATIONS])
        publisher = Publisher(settings, "t", delivery_timeout=PATIENCE)
        member = GroupConsumer(settings, ANNOTATIONS, "t", lambda _: 0, session=6)
        reader = LogReader(settings, ANNOTATIONS)
        assert publisher.publish([record(b"before")]) == [None]
        assert read_until(member, b"before") == [b"before"]
        assert read_until(reader, b"before") == [b"before"]

        broker.kill()
        broker.process.wait()
        with within(PATIENCE + 1), pytest.raises(Transient):
            publisher.publish([record(b"lost")])
        with within(PATIENCE + 1), pytest.raises(Transient):
            admin.topics()
        with within(1):
            assert member.poll(0.3) == []
            assert reader.poll(0.3) == []
        with within(4):
            member.commit({0: 1})
        with within(6), pytest.raises(Transient):
            reader.caught_up()

        broker = Broker.start(tmp_path, port=port)
        assert publisher.publish([record(b"after")]) == [None]
        assert ANNOTATIONS.name in admin.topics()
        assert read_until(member, b"after")[-1:] == [b"after"]
        assert read_until(reader, b"after")[-1:] == [b"after"]
        member.commit({0: 2})
        assert admin.committed("t", ANNOTATIONS) == {0: 2}

        os.killpg(broker.pid, signal.SIGSTOP)
        with within(PATIENCE + 4), pytest.raises(Transient):
            publisher.publish([record(b"unsure")])
        os.killpg(broker.pid, signal.SIGCONT)
        assert publisher.publish([record(b"at last")]) == [None]
        assert read_until(member, b"at last")[-1:] == [b"at last"]
        with closing(reader), closing(publisher), admin:
            member.close()
    finally:
        os.killpg(broker.pid, signal.SIGCONT)
        broker.stop()


def read_until(source: GroupConsumer | LogReader, last: bytes) -> list[bytes | None]:
    found: list[bytes | None] = []
    end = time.monotonic() + 30
    while last not in found and time.monotonic() < end:
        found += [each.value for each in source.poll(0.2)]
    return found
