"""What does a rebalance cost, on a real Kafka?

Fact 4 about Faust: every rebalance repeats up to a commit interval of finished messages. Our consumer finishes
the batch in hand and commits before it lets go.
"""

import threading
import time
from collections import Counter
from pathlib import Path
from typing import Protocol

from tests.stream_rig import TINY, Program, Topics, settings_for, wait_for
from wire.kafka import Publisher, Record, remove_member
from wire.settings import Settings
from wire.topics import ANNOTATIONS, ARTICLES

EVENTS = 3000
PER_SECOND = 300


class Kafka(Protocol):
    bootstrap: str


def produce(settings: Settings) -> None:
    """A steady stream over all partitions."""
    publisher = Publisher(settings, "test")
    started = time.monotonic()
    for first in range(0, EVENTS, 30):
        records = [
            Record(topic=ARTICLES, key=b"%d" % number, value=b"event %d" % number)
            for number in range(first, first + 30)
        ]
        assert publisher.publish(records) == [None] * len(records)
        time.sleep(max(0.0, started + (first + 30) / PER_SECOND - time.monotonic()))
    publisher.close()


def test_members_that_come_and_go_lose_nothing_and_repeat_little(
    broker: Kafka, kafka_prefix: str, tmp_path: Path
) -> None:
    settings = settings_for(broker.bootstrap, kafka_prefix, tmp_path / "home")
    members = [settings.model_copy(update={"instance": str(number)}) for number in (1, 2, 3)]
    producer = threading.Thread(target=produce, args=(settings,))
    stays = Program(members[0], TINY)
    topic = Topics(settings, ANNOTATIONS)
    producer.start()
    wait_for(lambda: len(topic.read()) > 300, timeout=20)
    killed = Program(members[1], TINY)
    wait_for(lambda: "echoed" in killed.text(), timeout=15)
    stopped = Program(members[2], TINY)
    wait_for(lambda: "echoed" in stopped.text(), timeout=15)
    killed.kill()
    remove_member(members[1], "annotate")  # as `up` does for a child that died
    assert wait_for(lambda: stays.text().count("partitions revoked") >= 3, timeout=15), stays.text()
    assert stopped.stop() == 0
    producer.join()
    try:
        assert wait_for(lambda: len(set(values(topic))) == EVENTS, timeout=30), len(set(values(topic)))
        repeated = Counter(values(topic)).total() - EVENTS
        print(f"events {EVENTS}, lost 0, repeated {repeated}")
        assert "committed=True" in stays.text()
        assert "committed=False" not in stays.text() + stopped.text()
        assert repeated <= 2 * 100  # what the killed one had in hand, and what it had finished since its last commit
    finally:
        topic.close()
        stays.kill()


def values(topic: Topics) -> list[bytes]:
    return [record.value or b"" for record in topic.read()]
