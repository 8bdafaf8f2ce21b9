"""What goes to Kafka and comes from it, and under which names?"""

from dataclasses import dataclass
from typing import Any

from kafka.errors import KafkaError

from wire.errors import Transient
from wire.settings import Settings
from wire.topics import Topic

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is to be published. A `value` of None is a tombstone."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What was consumed, as it stands on the topic. `timestamp_ms` is the broker's append time."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int


def topic_name(settings: Settings, topic: Topic) -> str:
    """The topic's name on this Kafka."""
    return settings.kafka_prefix + topic.name


def group_name(settings: Settings, program: str) -> str:
    """The consumer group of a program."""
    return f"{settings.kafka_prefix}newswatch-{program}"


def member_name(settings: Settings, program: str, instance: str = "") -> str:
    """A process's static id in its group: the same after a restart, so that it gets its partitions back at once."""
    return f"{group_name(settings, program)}-{instance or settings.instance}"


def client_options(settings: Settings) -> dict[str, Any]:
    """What every client of this Kafka is told."""
    return {"bootstrap_servers": settings.bootstrap.split(","), "request_timeout_ms": 20_000}


def away(settings: Settings, error: KafkaError) -> Transient:
    """The driver's failure, as ours."""
    return Transient(f"Kafka at {settings.bootstrap} does not answer: {error}")
