"""How is a topic read, with a group and without one?"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from wire.errors import Misconfigured
from wire.kafka.admin import remove_member
from wire.kafka.records import Incoming, away, client_options, group_name, member_name, topic_name
from wire.settings import Settings
from wire.topics import Topic


class GroupConsumer:
    """A member of a program's consumer group that starts each partition where its owner says. One thread only.

    Kafka's committed offsets only show lag here: the owner keeps the offsets that count beside its own data.
    """

    def __init__(
        self,
        settings: Settings,
        topic: Topic,
        program: str,
        start: Callable[[int], int | None],
        *,
        session: float = 10.0,
    ) -> None:
        self._settings = settings
        self._program = program
        self._topic = topic_name(settings, topic)
        self._start = start
        try:
            self._consumer = KafkaConsumer(
                **client_options(settings),
                group_id=group_name(settings, program),
                group_instance_id=member_name(settings, program),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                session_timeout_ms=int(session * 1000),
                heartbeat_interval_ms=int(session * 300),
                max_poll_records=500,
                max_poll_interval_ms=300_000,
            )
        except KafkaError as error:
            raise away(settings, error) from error
        self._consumer.subscribe([self._topic], listener=_Seek(self))

    def poll(self, timeout: float) -> list[Incoming]:
        """What arrived, oldest first within each partition; waits `timeout` seconds at most.

        Raises:
            Transient: Kafka is away.
        """
        try:
            batches = self._consumer.poll(timeout_ms=int(timeout * 1000))
        except KafkaError as error:
            raise away(self._settings, error) from error
        return [_incoming(record) for records in batches.values() for record in records]

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Show how far each partition is done (`partition → next offset`). It only shows lag: failing is none."""
        try:
            self._consumer.commit(
                {TopicPartition(self._topic, p): OffsetAndMetadata(offset, "", -1) for p, offset in offsets.items()}
            )
        except KafkaError:
            return

    def seek(self, partition: int, offset: int) -> None:
        """Read this partition from `offset` on."""
        self._consumer.seek(TopicPartition(self._topic, partition), offset)

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions that are ours at the moment."""
        return frozenset(part.partition for part in self._consumer.assignment())

    def lag(self) -> int:
        """Messages that wait in our partitions, as far as the last answers told."""
        waiting = 0
        for part in self._consumer.assignment():
            end = self._consumer.highwater(part)
            if end is not None:
                waiting += max(0, end - self._consumer.position(part))
        return waiting

    def close(self, *, leave: bool = True) -> None:
        """Stop. With `leave` the group hears of it and peers take over at once."""
        self._consumer.close(autocommit=False)
        if leave:
            remove_member(self._settings, self._program)

    def _assigned(self, parts: Iterable[TopicPartition]) -> None:
        for part in parts:
            offset = self._start(part.partition)
            if offset is None:
                self._consumer.seek_to_beginning(part)
            else:
                self._consumer.seek(part, offset)


class _Seek(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python is untyped
    """What kafka-python calls when partitions come and go."""

    def __init__(self, consumer: GroupConsumer) -> None:
        self._consumer = consumer

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._consumer._assigned(assigned)  # noqa: SLF001  # two halves of one thing

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing to do: offsets stand beside the data."""


class LogReader:
    """Reads a whole topic from `start` on, without a group: nobody else is moved by it. One thread only."""

    def __init__(self, settings: Settings, topic: Topic, *, start: Mapping[int, int] | None = None) -> None:
        self._settings = settings
        self._topic = topic_name(settings, topic)
        try:
            self._consumer = KafkaConsumer(
                **client_options(settings),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                max_partition_fetch_bytes=16 * 1024 * 1024,
                max_poll_records=5000,
            )
            partitions = self._consumer.partitions_for_topic(self._topic)
            if not partitions:
                raise _missing_topic(settings, self._topic)
            parts = [TopicPartition(self._topic, number) for number in sorted(partitions)]
            self._consumer.assign(parts)
            self._consumer.seek_to_beginning(*parts)
            for part in parts:
                if start and part.partition in start:
                    self._consumer.seek(part, start[part.partition])
        except KafkaError as error:
            raise away(settings, error) from error

    def poll(self, timeout: float) -> list[Incoming]:
        """What arrived; waits `timeout` seconds at most. Raises Transient when Kafka is away."""
        try:
            batches = self._consumer.poll(timeout_ms=int(timeout * 1000))
        except KafkaError as error:
            raise away(self._settings, error) from error
        return [_incoming(record) for records in batches.values() for record in records]

    def caught_up(self) -> bool:
        """Whether everything that stands on the topic at this moment was polled."""
        try:
            parts = list(self._consumer.assignment())
            ends = self._consumer.end_offsets(parts)
            return all(self._consumer.position(part) >= ends[part] for part in parts)
        except KafkaError as error:
            raise away(self._settings, error) from error

    def close(self) -> None:
        self._consumer.close(autocommit=False)


def _incoming(record: Any) -> Incoming:
    return Incoming(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple((name, bytes(value or b"")) for name, value in record.headers),
        timestamp_ms=record.timestamp,
    )


def _missing_topic(settings: Settings, name: str) -> Misconfigured:
    return Misconfigured(f"Kafka at {settings.bootstrap} has no topic {name}: `newswatch topics` creates all topics")
