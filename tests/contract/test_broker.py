"""The embedded Kafka, for real: it runs, it keeps what it was given, and it says what is wrong."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from newswatch import broker as embedded
from newswatch.broker import Broker, free_port
from newswatch.home import claimed
from newswatch.jars import default_cache, kafka_jars
from newswatch.up import System
from wire.errors import Misconfigured
from wire.settings import Settings

AWKWARD = "maison d'été, ça: 100 %"
LONG_AGO = 1_000_000_000_000  # 2001, in milliseconds


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / AWKWARD


@dataclass(frozen=True)
class Shared:
    """One broker for the tests that only look, under the worst circumstances it must cope with."""

    home: Path
    kafka_home: Path
    cache: Path
    broker: Broker


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """An unpacked Kafka and a home whose paths have blanks, commas and accents, in a locale that has none."""
    folder = tmp_path_factory.mktemp("shared")
    home, cache = folder / AWKWARD, folder / "cache"
    kafka_home = unpacked_kafka(folder / "Kafka, déballé d'un mur")
    torn = home / "kafka" / "data" / "bootstrap.checkpoint"  # of a format that was killed
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"torn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C")
        with Broker.start(home, port=free_port(), kafka_home=kafka_home, cache=cache) as broker:
            yield Shared(home, kafka_home, cache, broker)


def unpacked_kafka(folder: Path) -> Path:
    libs = folder / "libs"
    libs.mkdir(parents=True)
    for jar in kafka_jars():
        (libs / jar.name).symlink_to(jar)
    return folder


def produce(bootstrap: str, topic: str, *values: bytes) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    if topic not in admin.list_topics():
        admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, compression_type="gzip")
    for sent in [producer.send(topic, value, timestamp_ms=LONG_AGO) for value in values]:
        sent.get(20)
    producer.close()


def consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    return [record.value for record in records(bootstrap, topic, count)]


def records(bootstrap: str, topic: str, count: int) -> list[Any]:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, consumer_timeout_ms=20_000)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    found = list(itertools.islice(consumer, count))
    consumer.close()
    return found


def test_an_unpacked_kafka_is_launched_as_it_is(shared: Shared) -> None:
    assert str(shared.kafka_home / "libs") in psutil.Process(shared.broker.pid).environ()["CLASSPATH"]
    assert not shared.cache.exists()


def test_it_keeps_to_its_folders(shared: Shared) -> None:
    assert {path.name for path in shared.home.iterdir()} == {"kafka", "logs"}
    assert "started" in (shared.home / "logs" / "kafka.log").read_text()


def test_it_listens_on_loopback_only(shared: Shared) -> None:
    connections = psutil.Process(shared.broker.pid).net_connections()
    listening = {each.laddr[0].removeprefix("::ffff:") for each in connections if each.status == "LISTEN"}
    assert listening == {"127.0.0.1"}


def test_a_record_bears_kafkas_own_time(shared: Shared) -> None:
    """With an article's it would be deleted at the next retention check."""
    produce(shared.broker.bootstrap, "timed", b"one")
    [record] = records(shared.broker.bootstrap, "timed", 1)
    assert record.timestamp > LONG_AGO


def test_records_are_on_the_disk_within_seconds(shared: Shared) -> None:
    """The recovery point, before which nothing is looked at after a crash, moves only when the disk has it all."""
    produce(shared.broker.bootstrap, "flushed", b"one", b"two")
    recovery_points = shared.home / "kafka" / "data" / "recovery-point-offset-checkpoint"
    until = time.monotonic() + 20
    while "flushed 0 2\n" not in recovery_points.read_text():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_running_broker_keeps_a_second_off_its_data(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "PREDECESSOR_SECONDS", 0.2)
    with pytest.raises(Misconfigured, match=f"in use by process {shared.broker.pid} .*java"):
        Broker.start(shared.home, port=free_port())
    assert shared.broker.alive()


def test_data_survives_a_restart_and_a_crash(home: Path) -> None:
    port = free_port()
    with Broker.start(home, port=port) as first:
        produce(first.bootstrap, "kept", b"one", b"two")
    with Broker.start(home, port=port) as second:
        produce(second.bootstrap, "kept", b"three")
        second.kill()
    with Broker.start(home, port=port) as third:
        assert consume(third.bootstrap, "kept", 3) == [b"one", b"two", b"three"]


PARENT = """
import sys, time
from pathlib import Path
from newswatch.broker import Broker
print(Broker.start(Path(sys.argv[1]), port=int(sys.argv[2])).pid, flush=True)
time.sleep(600)
"""


def test_a_killed_parent_leaves_no_orphan_and_the_next_start_works(home: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", PARENT, str(home), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        produce(f"127.0.0.1:{port}", "kept", b"one")
        parent.send_signal(signal.SIGKILL)
    with Broker.start(home, port=port) as broker:  # at once: it waits for the first one's end by itself
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
        assert consume(broker.bootstrap, "kept", 1) == [b"one"]


def test_a_broker_that_cannot_start_says_its_last_words(home: Path) -> None:
    data = home / "kafka" / "data"
    data.mkdir(parents=True)
    (data / "meta.properties").write_text("version=1\ncluster.id=x\nnode.id=7\n")
    with pytest.raises(Misconfigured, match="Kafka ended by itself") as refusal:
        Broker.start(home, port=free_port())
    assert "Stored node id 7" in str(refusal.value)
    assert str(home / "logs" / "kafka.log") in str(refusal.value)


def test_a_class_path_that_java_would_tear_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"the path contains ':'.*NEWSWATCH_KAFKA_HOME"):
        Broker.start(home, port=free_port(), kafka_home=unpacked_kafka(tmp_path / "a:b"))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_taken_port_is_named_with_who_has_it(home: Path, taken_port: int) -> None:
    with pytest.raises(Misconfigured, match="NEWSWATCH_KAFKA_PORT") as refusal:
        Broker.start(home, port=taken_port)
    assert str(taken_port) in str(refusal.value)
    assert f"process {os.getpid()}" in str(refusal.value)
    assert not (home / "kafka" / "data").exists()


def test_a_taken_port_leaves_no_home_behind(home: Path, taken_port: int) -> None:
    with pytest.raises(Misconfigured, match="NEWSWATCH_KAFKA_PORT"):
        System.start(Settings(home=home / "new", kafka_port=taken_port))
    assert not (home / "new").exists()


def test_a_full_disk_is_refused_before_anything_is_written(home: Path) -> None:
    with pytest.raises(Misconfigured, match=r"MB left and Kafka needs at least"):
        Broker.start(home, port=free_port(), free_bytes=10**18)
    assert not (home / "kafka" / "data").exists()


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        (None, "no command"),
        ("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n", "is Java 11; Kafka needs 17"),
        ("#!/bin/sh\nexit 0\n", "is no Java"),
        ("#!/does/not/exist\n", "cannot run"),
    ],
)
def test_an_unfit_java_is_refused(script: str | None, complaint: str, home: Path, tmp_path: Path) -> None:
    java = tmp_path / "java"
    if script is not None:
        java.write_text(script)
        java.chmod(0o755)
    with pytest.raises(Misconfigured, match=complaint) as refusal:
        Broker.start(home, port=free_port(), java=java)
    assert "NEWSWATCH_JAVA" in str(refusal.value)


def test_a_home_that_cannot_be_written_is_refused(home: Path) -> None:
    home.write_text("a file where the folder should be")
    for use in (lambda: Broker.start(home, port=free_port()), lambda: claimed(home).__enter__()):
        with pytest.raises(Misconfigured, match="NEWSWATCH_HOME"):
            use()


def test_a_second_claim_on_a_home_names_the_first_process(home: Path) -> None:
    code = "import sys, pathlib; from newswatch.home import claimed\nwith claimed(pathlib.Path(sys.argv[1])): pass"
    with claimed(home):
        second = subprocess.run([sys.executable, "-c", code, home], capture_output=True, text=True, check=False)
    assert f"in use by process {os.getpid()}" in second.stderr
    with claimed(home):
        pass


def test_a_claim_ends_with_its_process(home: Path) -> None:
    code = (
        "import os, sys, pathlib, signal; from newswatch.home import claimed\n"
        "with claimed(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, home], check=False).returncode == -signal.SIGKILL
    with claimed(home):
        pass


def test_a_home_of_a_newer_version_is_left_alone(home: Path) -> None:
    home.mkdir()
    (home / "version").write_text("2\n")
    with pytest.raises(Misconfigured, match="written by a newer newswatch"), claimed(home):
        pass
    assert (home / "version").read_text() == "2\n"


def test_the_users_cache_folder_is_the_default() -> None:
    assert default_cache().name == "kafka-4.2.0"
