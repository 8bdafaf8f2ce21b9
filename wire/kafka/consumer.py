"""How is a topic read, with a group and without one?"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from wire.kafka.admin import remove_member
from wire.kafka.records import Incoming, away, group_name, member_name, missing_topic, opening, topic_name
from wire.settings import Settings
from wire.topics import Topic

SLICE_SECONDS = 0.2  # how soon a poll that waits for messages notices partitions that were just assigned
HEARTBEAT_MS = 1000  # members hear with their next heartbeat that partitions are to be shared anew
COMMIT_SECONDS = 2.0  # a commit only shows lag; more is not to be waited for it
CLOSE_SECONDS = 3.0
ANSWER_SECONDS = 5.0
STEP_SECONDS = 0.2


class GroupConsumer:
    """A member of a program's consumer group that starts each partition where its owner says. One thread only.

    Kafka's committed offsets only show lag here: the owner keeps the offsets that count beside its own data.
    `lag` alone may be asked from any thread.

    Args:
        start: the offset at which to read a partition that was just assigned; None: from its beginning. It is called
            from `poll`, in the owner's thread, so it may ask the owner's database. An offset that the topic does not
            hold any longer, or not yet (another Kafka), starts the partition from its beginning, too.
        session: seconds after which Kafka gives the partitions of a silent process to its peers.

    Raises:
        Transient: Kafka is away.
        Misconfigured: there is no such topic.
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
        self._unplaced: set[TopicPartition] = set()
        self._done: dict[int, int] = {}
        self._unread: set[int] = set()
        self._lag = 0
        with opening(settings) as options:
            self._consumer = KafkaConsumer(
                **options,
                group_id=group_name(settings, program),
                group_instance_id=member_name(settings, program),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                session_timeout_ms=int(session * 1000),
                heartbeat_interval_ms=HEARTBEAT_MS,
                max_poll_records=500,
                max_poll_interval_ms=300_000,
            )
        if not _partitions(self._consumer, settings, self._topic):
            self._consumer.close(autocommit=False)
            raise missing_topic(settings, self._topic)
        self._consumer.subscribe([self._topic], listener=_Rebalance(self._consumer, self._unplaced))

    def poll(self, timeout: float) -> list[Incoming]:
        """What arrived, oldest first within each partition; waits `timeout` seconds at most.

        While Kafka is away nothing arrives; it goes on by itself when Kafka is back.

        Raises:
            Misconfigured: another process uses this one's instance, or Kafka refuses us.
            Transient: Kafka failed in another way.
        """
        until = time.monotonic() + timeout
        while True:
            self._place()
            _keep_joining(self._consumer)
            left = until - time.monotonic()
            records = _poll(self._consumer, self._settings, min(SLICE_SECONDS, max(0.0, left)))
            if records or left <= SLICE_SECONDS:
                self._count(records)
                return records

    def commit(self, offsets: Mapping[int, int]) -> None:
        """This far each partition is done (`partition → next offset`): shown on Kafka, and what `lag` counts from.

        Failing to show it is no failure.
        """
        self._done.update(offsets)
        self._count([])
        shown = {TopicPartition(self._topic, part): OffsetAndMetadata(at, "", -1) for part, at in offsets.items()}
        with suppress(KafkaError):
            self._consumer.commit(shown, timeout_ms=int(COMMIT_SECONDS * 1000))

    def seek(self, partition: int, offset: int) -> None:
        """Read this partition from `offset` on, if it is still ours."""
        self._go(TopicPartition(self._topic, partition), offset)

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions that are ours at the moment."""
        return frozenset(part.partition for part in self._consumer.assignment())

    def lag(self) -> int:
        """Messages of our partitions that are not committed yet, as far as the last poll told."""
        return self._lag

    def reach(self) -> None:
        """Ask Kafka something, to hear whether it is there.

        Raises:
            Transient: it does not answer.
        """
        try:
            self._consumer.end_offsets(list(self._consumer.assignment()), timeout_ms=int(COMMIT_SECONDS * 1000))
        except KafkaError as error:
            raise away(self._settings, error) from error

    def close(self, *, leave: bool = True) -> None:
        """Stop. With `leave` the group hears of it and peers take over at once."""
        self._consumer.close(autocommit=False, timeout_ms=int(CLOSE_SECONDS * 1000))
        if leave:
            remove_member(self._settings, self._program)

    def _place(self) -> None:
        """Start the partitions that were just assigned; until then they are paused and deliver nothing."""
        for part in self._unplaced & self._consumer.assignment():
            offset = self._start(part.partition)
            self._unplaced.discard(part)
            self._go(part, offset)

    def _go(self, part: TopicPartition, offset: int | None) -> None:
        self._done.pop(part.partition, None)
        self._unread.add(part.partition)
        # A partition that was taken away in this very moment has nothing to seek in.
        with suppress(KeyError, ValueError):
            if offset is None:
                self._consumer.seek_to_beginning(part)
            else:
                self._consumer.seek(part, offset)
            self._consumer.resume(part)

    def _count(self, records: Iterable[Incoming]) -> None:
        for record in records:
            # Where it really starts: not at an offset that the topic does not hold.
            if record.partition in self._unread:
                self._unread.remove(record.partition)
                self._done[record.partition] = record.offset
        waiting = 0
        for part in self._consumer.assignment():
            end = self._consumer.highwater(part)
            if end is not None:
                waiting += max(0, end - self._done.get(part.partition, end))
        self._lag = waiting


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python is untyped
    """What kafka-python calls, in a thread of its own, when partitions come and go.

    It only notes what came and holds it back: where to start is asked in the owner's thread.
    """

    def __init__(self, consumer: Any, unplaced: set[TopicPartition]) -> None:
        self._consumer = consumer
        self._unplaced = unplaced

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._unplaced.update(assigned)
        self._consumer.pause(*assigned)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._unplaced.difference_update(revoked)


class LogReader:
    """Reads a whole topic from `start` on, without a group: nobody else is moved by it. One thread only.

    Raises:
        Transient: Kafka is away.
        Misconfigured: there is no such topic.
    """

    def __init__(self, settings: Settings, topic: Topic, *, start: Mapping[int, int] | None = None) -> None:
        self._settings = settings
        self._topic = topic_name(settings, topic)
        with opening(settings) as options:
            self._consumer = KafkaConsumer(
                **options,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                max_partition_fetch_bytes=16 * 1024 * 1024,
                max_poll_records=5000,
            )
        parts = _partitions(self._consumer, settings, self._topic)
        if not parts:
            self.close()
            raise missing_topic(settings, self._topic)
        self._consumer.assign(parts)
        for part in parts:
            if start and part.partition in start:
                self._consumer.seek(part, start[part.partition])
            else:
                self._consumer.seek_to_beginning(part)

    def poll(self, timeout: float) -> list[Incoming]:
        """What arrived; waits `timeout` seconds at most. While Kafka is away nothing arrives."""
        return _poll(self._consumer, self._settings, timeout)

    def to_end(self, alive: Callable[[], None] = lambda: None) -> Iterator[Incoming]:
        """What is left to read, up to where the topic ends when that is reached.

        Args:
            alive: called now and then, for whoever must show progress.

        Raises:
            Transient: Kafka is away.
        """
        while (records := self.poll(STEP_SECONDS)) or not self.caught_up():
            yield from records
            alive()

    def seek(self, partition: int, offset: int) -> None:
        """Go on from `offset` in this partition."""
        self._consumer.seek(TopicPartition(self._topic, partition), offset)

    def caught_up(self) -> bool:
        """Whether everything that stands on the topic at this moment was polled.

        Raises:
            Transient: Kafka is away.
        """
        parts = list(self._consumer.assignment())
        limit = int(ANSWER_SECONDS * 1000)
        try:
            ends = self._consumer.end_offsets(parts, timeout_ms=limit)
            places = {part: self._consumer.position(part, timeout_ms=limit) for part in parts}
        except KafkaError as error:
            raise away(self._settings, error) from error
        return all(place is not None and place >= ends[part] for part, place in places.items())

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close(autocommit=False)


def _partitions(consumer: Any, settings: Settings, name: str) -> list[TopicPartition]:
    try:
        return [TopicPartition(name, number) for number in sorted(consumer.partitions_for_topic(name))]
    except KafkaError as error:
        raise away(settings, error) from error


def _keep_joining(consumer: Any) -> None:
    """Let a join that outlasted its poll be finished by the next.

    kafka-python 3.0.12 first asks whether to join again, and only then looks at a join under way. When it joins for new
    metadata, and is the leader, the answer turns to no halfway through: the join's end is never taken in, and the
    partitions stay revoked for ever, while every poll returns at once with nothing.
    """
    coordinator = consumer._coordinator  # noqa: SLF001  # the driver has no other door to it
    if coordinator.rejoining:
        coordinator.rejoin_needed = True


def _poll(consumer: Any, settings: Settings, timeout: float) -> list[Incoming]:
    try:
        batches = consumer.poll(timeout_ms=int(timeout * 1000))
    except KafkaError as error:
        raise away(settings, error) from error
    return [_incoming(record) for records in batches.values() for record in records]


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
