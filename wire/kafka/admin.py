"""What do the admin step, `doctor` and a stopping process ask of Kafka?"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, MemberToRemove
from kafka.errors import GroupIdNotFoundError, KafkaError, TopicAlreadyExistsError, UnknownMemberIdError

from wire.errors import Misconfigured, Transient
from wire.kafka.records import away, client_options, group_name, member_name, topic_name
from wire.settings import Settings
from wire.topics import ALL, REQUEST_OVERHEAD, Topic


class Admin:
    """What the admin step, `doctor` and a stopping process ask of Kafka. A context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        try:
            self._client = KafkaAdminClient(**client_options(settings), client_id="newswatch-admin")
        except KafkaError as error:
            raise away(settings, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def create_topics(self, topics: Sequence[Topic] = ALL) -> list[str]:
        """Make the topics that do not exist. Returns the names of those made."""
        names = set(self._call(self._client.list_topics))
        made = [topic for topic in topics if topic_name(self._settings, topic) not in names]
        for topic in made:
            self._create(topic)
        if made:
            self._call(self._client.wait_for_topics, [topic_name(self._settings, topic) for topic in made])
        return [topic_name(self._settings, topic) for topic in made]

    def topics(self) -> set[str]:
        """The names of all topics."""
        return set(self._call(self._client.list_topics))

    def cluster_id(self) -> str:
        """The id that this Kafka was formatted with."""
        return str(self._call(self._client.describe_cluster)["cluster_id"])

    def end_offsets(self, topic: Topic) -> dict[int, int]:
        """The next offset of each partition. Reading the log up to here reads all of it."""
        return self._offsets(topic, -1)

    def first_offsets(self, topic: Topic) -> dict[int, int]:
        """The oldest offset that each partition still holds."""
        return self._offsets(topic, -2)

    def committed(self, program: str, topic: Topic) -> dict[int, int]:
        """What a program's group has committed; a partition without a commit is absent."""
        group = group_name(self._settings, program)
        try:
            offsets = self._call(self._client.list_group_offsets, group)[group]
        except GroupIdNotFoundError:
            return {}
        name = topic_name(self._settings, topic)
        return {part.partition: found.offset for part, found in offsets.items() if part.topic == name}

    def remove_member(self, program: str, instance: str = "") -> None:
        """Tell the group that a static member is gone, so that peers take over at once. Silent when it is not there."""
        member = MemberToRemove(group_instance_id=member_name(self._settings, program, instance))
        try:
            self._client.remove_group_members(group_name(self._settings, program), [member])
        except (UnknownMemberIdError, GroupIdNotFoundError):
            return
        except KafkaError as error:
            raise away(self._settings, error) from error

    def topic_config(self, topic: Topic) -> dict[str, str]:
        """The topic's settings as they are in force."""
        name = topic_name(self._settings, topic)
        found = self._call(
            self._client.describe_configs, [ConfigResource(ConfigResourceType.TOPIC, name)], config_filter="all"
        )
        settings = next(iter(found.values()))[name]
        return {key: str(value["value"] if isinstance(value, dict) else value) for key, value in settings.items()}

    def _offsets(self, topic: Topic, spec: int) -> dict[int, int]:
        name = topic_name(self._settings, topic)
        parts = [TopicPartition(name, number) for number in range(topic.partitions)]
        found = self._call(self._client.list_partition_offsets, dict.fromkeys(parts, spec))
        return {part.partition: answer.offset for part, answer in found.items()}

    def _create(self, topic: Topic) -> None:
        wanted = {
            topic_name(self._settings, topic): {
                "num_partitions": topic.partitions,
                "replication_factor": self._settings.kafka_replication,
                "configs": topic_configs(self._settings, topic),
            }
        }
        try:
            self._client.create_topics(wanted)
        except TopicAlreadyExistsError:
            return
        except KafkaError as error:
            raise away(self._settings, error) from error

    def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except GroupIdNotFoundError:
            raise
        except KafkaError as error:
            raise away(self._settings, error) from error


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


def remove_member(settings: Settings, program: str) -> None:
    """Take this process's static id out of its group. Best effort: without it peers wait for the session to end."""
    try:
        with Admin(settings) as admin:
            admin.remove_member(program)
    except Transient:
        return


def wait_for_kafka(settings: Settings, timeout: float) -> None:
    """Return once Kafka answers.

    Raises:
        Misconfigured: it does not within `timeout` seconds.
    """
    until = time.monotonic() + timeout
    while True:
        try:
            with Admin(settings) as admin:
                admin.cluster_id()
                return
        except Transient as error:
            if time.monotonic() > until:
                raise Misconfigured(f"NEWSWATCH_KAFKA: {error}. Is it running, and is the address right?") from error
            time.sleep(0.3)
