"""What goes to Kafka and comes from it, and under which names?"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka.errors import (
    AuthorizationError,
    FencedInstanceIdError,
    InvalidReplicationFactorError,
    KafkaConfigurationError,
    KafkaError,
    SaslAuthenticationFailedError,
    UnsupportedVersionError,
)
from kafka.net.compat import KafkaNetClient

from wire.errors import Misconfigured, NewswatchError, Transient
from wire.settings import Settings
from wire.topics import Topic

CONNECT_SECONDS = 10.0  # how long a client looks for Kafka before it says that Kafka is away
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


def client_options(settings: Settings, *, timeout: float = CONNECT_SECONDS) -> dict[str, Any]:
    """What every client of this Kafka is told.

    Reconnecting backs off to a second at most, not to half a minute: whoever waits here waits for a broker's restart.
    """
    return {
        "bootstrap_servers": settings.bootstrap.split(","),
        "bootstrap_timeout_ms": int(timeout * 1000),
        "reconnect_backoff_max_ms": 1000,
        "request_timeout_ms": 20_000,
    }


@contextmanager
def opening(settings: Settings, *, timeout: float = CONNECT_SECONDS) -> Iterator[dict[str, Any]]:
    """Yields the options to make a client with, and closes what a constructor that fails has opened.

    kafka-python leaves its thread and sockets behind then: a process that waits for Kafka would collect them.
    """
    opened: list[Any] = []

    def connect(**options: Any) -> Any:
        opened.append(KafkaNetClient(**options))
        return opened[-1]

    try:
        yield {**client_options(settings, timeout=timeout), "kafka_client": connect}
    except KafkaError as error:
        for client in opened:
            client.close()
        if isinstance(error, KafkaConfigurationError):  # ours, not the world's
            raise
        raise away(settings, error) from error


def away(settings: Settings, error: KafkaError) -> NewswatchError:
    """The driver's failure, as ours: what waiting mends is Transient, what only a person can mend is Misconfigured."""
    where = f"Kafka at {settings.bootstrap}"
    if isinstance(error, FencedInstanceIdError):
        return Misconfigured(
            f"NEWSWATCH_INSTANCE: another process of this program runs as instance {settings.instance} on {where}. "
            "Give each process an instance of its own, or stop the other one."
        )
    if isinstance(error, InvalidReplicationFactorError):
        return Misconfigured(
            f"NEWSWATCH_KAFKA_REPLICATION: {where} has fewer than {settings.kafka_replication} brokers: {error}"
        )
    if isinstance(error, AuthorizationError | SaslAuthenticationFailedError | UnsupportedVersionError):
        return Misconfigured(f"NEWSWATCH_KAFKA: {where} refuses us: {error}")
    return Transient(f"{where} does not answer: {error}")


def missing_topic(settings: Settings, name: str) -> Misconfigured:
    """What to say when a topic is not there: none is ever made implicitly."""
    return Misconfigured(f"Kafka at {settings.bootstrap} has no topic {name}: `newswatch topics` creates all topics")
