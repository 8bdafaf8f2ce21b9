"""Which topics exist, keyed how, written and read by whom?

Topics are made by one admin step (`newswatch topics`), never implicitly, all with LogAppendTime: a news date is
years old or wrong too often for Kafka to keep or delete by it.
"""

from dataclasses import dataclass

DAY_MS = 24 * 3600 * 1000
MB = 1024 * 1024
REQUEST_OVERHEAD = 64 * 1024  # keys, headers and batch framing beside the largest value


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic. Partition counts are fixed for life: keys must keep meeting in the same place."""

    name: str
    key: str
    partitions: int
    retention_ms: int
    max_message_bytes: int
    written_by: str
    read_by: str
    compacted: bool = False
    max_bytes_per_partition: int = -1


ARTICLES = Topic(
    name="articles",
    key="hash of the canonical URL",
    partitions=12,
    retention_ms=30 * DAY_MS,
    max_message_bytes=MB,
    written_by="poll",
    read_by="annotate",
)
ANNOTATIONS = Topic(
    name="annotations",
    key="none: one ordered log",
    partitions=1,
    retention_ms=7 * DAY_MS,
    max_message_bytes=256 * 1024,
    written_by="annotate",
    read_by="cluster",
)
MATCHES = Topic(
    name="matches",
    key="story id",
    partitions=12,
    retention_ms=30 * DAY_MS,
    max_message_bytes=MB,
    written_by="cluster",
    read_by="alert",
)
WATCHLISTS = Topic(
    name="watchlists",
    key="watchlist id",
    partitions=1,
    retention_ms=-1,
    max_message_bytes=16 * MB,
    written_by="alert",
    read_by="annotate",
    compacted=True,
)


def dead(topic: Topic) -> Topic:
    """Where messages of `topic` go that cannot be processed."""
    return Topic(
        name=f"{topic.name}.dead",
        key="as received",
        partitions=3,
        retention_ms=30 * DAY_MS,
        max_message_bytes=2 * MB + 64 * 1024,
        written_by="whoever refused it",
        read_by="newswatch dead",
    )


DEAD_VALUE_LIMIT = 2 * MB  # a larger value is kept as its first megabyte and a hash
DEAD_VALUE_KEPT = MB

LIVE = (ARTICLES, ANNOTATIONS, MATCHES, WATCHLISTS)
DEAD = (dead(ARTICLES), dead(ANNOTATIONS), dead(MATCHES))
ALL = (*LIVE, *DEAD)
LARGEST_REQUEST = max(topic.max_message_bytes for topic in ALL) + REQUEST_OVERHEAD
