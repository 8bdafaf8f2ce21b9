"""What do the admin step, `doctor` and a stopping process ask of Kafka?"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Self, TypeVar

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, MemberToRemove
from kafka.errors import (
    GroupIdNotFoundError,
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
)

from wire.errors import Misconfigured, NewswatchError, Transient
from wire.kafka.records import (
    CONNECT_SECONDS,
    away,
    group_name,
    member_name,
    missing_topic,
    opening,
    topic_name,
)
from wire.settings import Settings
from wire.topics import ALL, REQUEST_OVERHEAD, Topic

RETRY_SECONDS = 0.1
Answer = TypeVar("Answer")
LEAVE_SECONDS = 5.0  # what a stopping process spends on telling its group
EARLIEST, LATEST = -2, -1  # Kafka's names for "where the log begins" and "where it ends"


class Admin:
    """What the admin step, `doctor` and a stopping process ask of Kafka. A context manager.

    Each question is repeated for `timeout` seconds when Kafka is only not ready for it: a broker that was just
    formatted, for one, knows of no group coordinator until the first question has made it elect one.

    Raises:
        Transient: Kafka does not answer within `timeout` seconds. So does every method.
    """

    def __init__(self, settings: Settings, *, timeout: float = CONNECT_SECONDS) -> None:
        self._settings = settings
        self._timeout = timeout
        with opening(settings, timeout=timeout) as options:
            options["request_timeout_ms"] = int(timeout * 1000)
            self._client = KafkaAdminClient(**options, client_id="newswatch-admin")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def create_topics(self, topics: Sequence[Topic] = ALL) -> list[str]:
        """Make the topics that do not exist, and leave the others as they are. Returns the names of those made."""
        names = self.topics()
        missing = [topic for topic in topics if topic_name(self._settings, topic) not in names]
        made = [topic_name(self._settings, topic) for topic in missing if self._create(topic)]
        if missing:
            self._call(self._client.wait_for_topics, [topic_name(self._settings, topic) for topic in missing])
        return made

    def topics(self) -> set[str]:
        """The names of all topics."""
        return set(self._call(self._client.list_topics))

    def cluster_id(self) -> str:
        """The id that this Kafka was formatted with."""
        return str(self._call(self._client.describe_cluster)["cluster_id"])

    def end_offsets(self, topic: Topic) -> dict[int, int]:
        """The next offset of each partition. Reading the log up to here reads all of it."""
        return self._offsets(topic, LATEST)

    def first_offsets(self, topic: Topic) -> dict[int, int]:
        """The oldest offset that each partition still holds."""
        return self._offsets(topic, EARLIEST)

    def committed(self, program: str, topic: Topic) -> dict[int, int]:
        """What a program's group has committed; a partition without a commit is absent, so is an unknown group."""
        group, name = group_name(self._settings, program), topic_name(self._settings, topic)
        try:
            offsets = self._call(self._client.list_group_offsets, group)[group]
        except GroupIdNotFoundError:
            return {}
        return {part.partition: found.offset for part, found in sorted(offsets.items()) if part.topic == name}

    def remove_member(self, program: str, instance: str = "") -> None:
        """Tell the group that a static member is gone, so that peers take over at once. Silent when it is not there."""
        member = MemberToRemove(group_instance_id=member_name(self._settings, program, instance))
        try:
            answer = self._call(self._client.remove_group_members, group_name(self._settings, program), [member])
        except GroupIdNotFoundError:
            return
        for error in answer.values():
            if error not in (NoError, UnknownMemberIdError):
                raise away(self._settings, error())

    def topic_config(self, topic: Topic) -> dict[str, str]:
        """The topic's settings as they are in force; empty when there is no such topic."""
        name = topic_name(self._settings, topic)
        asked = [ConfigResource(ConfigResourceType.TOPIC, name)]
        found = self._call(self._client.describe_configs, asked, config_filter="all")
        return {key: str(setting["value"]) for key, setting in found["topic"][name].items()}

    def partitions(self, topic: Topic) -> int:
        """How many partitions the topic has; 0 when there is no such topic."""
        [found] = self._call(self._client.describe_topics, [topic_name(self._settings, topic)])
        return len(found["partitions"])

    def check_limits(self, topics: Sequence[Topic] = ALL) -> None:
        """Compare what we may send with what each topic takes: a refusal is found out here, not in the night.

        Raises:
            Misconfigured: with every topic that is missing, takes too little, or has another number of partitions.
        """
        mistakes = [mistake for topic in topics for mistake in _mistakes(self._settings, self, topic)]
        if mistakes:
            raise Misconfigured("\n".join(mistakes))

    def _offsets(self, topic: Topic, spec: int) -> dict[int, int]:
        name = topic_name(self._settings, topic)
        parts = [TopicPartition(name, number) for number in range(topic.partitions)]
        try:
            found = self._call(self._client.list_partition_offsets, dict.fromkeys(parts, spec))
        except UnknownTopicOrPartitionError as error:
            raise missing_topic(self._settings, name) from error
        return {part.partition: answer.offset for part, answer in sorted(found.items())}

    def _create(self, topic: Topic) -> bool:
        """Whether it was made here, and not by somebody else a moment before."""
        wanted = {
            topic_name(self._settings, topic): {
                "num_partitions": topic.partitions,
                "replication_factor": self._settings.kafka_replication,
                "configs": topic_configs(self._settings, topic),
            }
        }
        try:
            self._call(self._client.create_topics, wanted)
        except TopicAlreadyExistsError:
            return False
        return True

    def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Ask, and ask again while Kafka says that it will know in a moment."""
        until = time.monotonic() + self._timeout
        while True:
            try:
                return function(*args, **kwargs)
            except (GroupIdNotFoundError, TopicAlreadyExistsError, UnknownTopicOrPartitionError):
                raise
            except KafkaError as error:
                if not error.retriable or time.monotonic() + RETRY_SECONDS > until:
                    raise away(self._settings, error) from error
            time.sleep(RETRY_SECONDS)


class OpenAdmin:
    """An `Admin` for who asks again and again: it stays open, and is opened anew after a failure. One thread only."""

    def __init__(self, settings: Settings, *, timeout: float) -> None:
        self._settings = settings
        self._timeout = timeout
        self._admin: Admin | None = None

    def ask(self, question: Callable[[Admin], Answer]) -> Answer:
        """The answer to one question.

        Raises:
            Transient: Kafka does not answer in time.
        """
        try:
            if self._admin is None:
                self._admin = Admin(self._settings, timeout=self._timeout)
            return question(self._admin)
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection. Asking again opens another."""
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()


def topic_configs(settings: Settings, topic: Topic) -> dict[str, str]:
    """Kafka's settings for one of our topics. The size limit guards a single machine's disk; your Kafka has its own."""
    configs = {
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(topic.max_message_bytes + REQUEST_OVERHEAD),
        "cleanup.policy": "compact" if topic.compacted else "delete",
    }
    if topic.compacted:
        configs |= {"min.cleanable.dirty.ratio": "0.1", "segment.ms": "3600000", "delete.retention.ms": "86400000"}
    else:
        configs["retention.ms"] = str(topic.retention_ms)
    if not settings.kafka and not topic.compacted:
        configs["retention.bytes"] = str(settings.kafka_topic_bytes)
    if settings.kafka_replication > 1:
        configs["min.insync.replicas"] = "2"
    return configs


def _mistakes(settings: Settings, admin: Admin, topic: Topic) -> Iterator[str]:
    name, wanted = topic_name(settings, topic), topic_configs(settings, topic)
    config = admin.topic_config(topic)
    if not config:
        yield str(missing_topic(settings, name))
        return
    if (found := admin.partitions(topic)) != topic.partitions:
        yield (
            f"{name} has {found} partitions and needs {topic.partitions}: keys would not meet where they did. Delete "
            "the topic when it is empty, or choose another NEWSWATCH_KAFKA_PREFIX, then run `newswatch topics`"
        )
    if int(config["max.message.bytes"]) < int(wanted["max.message.bytes"]):
        yield _set(name, "max.message.bytes", config, wanted, "larger messages would be refused")
    if config["message.timestamp.type"] != wanted["message.timestamp.type"]:
        yield _set(
            name, "message.timestamp.type", config, wanted, "articles would be kept or deleted by their news date"
        )


def _set(topic: str, key: str, config: dict[str, str], wanted: dict[str, str], why: str) -> str:
    return f"{topic} has {key}={config[key]} and needs {wanted[key]} ({why}): set it with Kafka's kafka-configs command"


def log_name(settings: Settings, topic: Topic) -> str:
    """In which log a topic's offsets count: which Kafka, and which topic there. For what outlives a process."""
    with Admin(settings) as admin:
        return f"{admin.cluster_id()}/{topic_name(settings, topic)}"


def remove_member(settings: Settings, program: str) -> None:
    """Take this process's static id out of its group. Best effort: without it peers wait for the session to end."""
    with suppress(NewswatchError), Admin(settings, timeout=LEAVE_SECONDS) as admin:
        admin.remove_member(program)


def wait_for_kafka(settings: Settings, timeout: float) -> None:
    """Return once Kafka answers.

    Raises:
        Misconfigured: it does not within `timeout` seconds.
    """
    try:
        with Admin(settings, timeout=timeout) as admin:
            admin.cluster_id()
    except Transient as error:
        raise Misconfigured(f"NEWSWATCH_KAFKA: {error}. Is it running, and is the address right?") from error
