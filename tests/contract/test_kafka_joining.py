"""Does a consumer whose polls are shorter than its group's joins ever read, on a real Kafka?"""

from pathlib import Path
from typing import Protocol

from tests.stream_rig import publish_values, settings_for, wait_for
from wire.kafka import GroupConsumer, Incoming
from wire.topics import MATCHES


class Kafka(Protocol):
    bootstrap: str


def test_a_join_that_outlasts_its_poll_is_finished_by_the_next(
    broker: Kafka, kafka_prefix: str, tmp_path: Path
) -> None:
    """kafka-python 3.0.12 alone forgets such a join: partitions stay revoked, polls return nothing, for ever."""
    settings = settings_for(broker.bootstrap, kafka_prefix, tmp_path)
    consumer = GroupConsumer(settings, MATCHES, "impatient", lambda _: None)
    read: list[Incoming] = []
    assert wait_for(
        lambda: len(consumer.assigned) == MATCHES.partitions,
        timeout=20,
        meanwhile=lambda: read.extend(consumer.poll(0.5)),
    )
    # As when the topic's partitions become known only after the first join, which a loaded machine shows now and then:
    # the driver then joins again, without being told to by the group.
    consumer._consumer._coordinator._assignment_snapshot = {}
    publish_values(settings, MATCHES, [b"read me"])
    arrived = wait_for(lambda: bool(read), timeout=15, meanwhile=lambda: read.extend(consumer.poll(0.001)), every=0.001)
    consumer.close()
    assert arrived
