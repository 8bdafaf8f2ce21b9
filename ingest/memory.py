"""What do we remember of a feed?

Its validators, how it fares, when it is due, and which articles it has shown.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from wire.article import ArticleId, Revision

TOUCH_AFTER = 86400.0  # how stale `last_seen` may grow: writing it on every poll would write everything always


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What we remember of one feed. `last_success` is None until its very first poll succeeded."""

    feed: str
    url: str
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    next_poll: float = 0.0
    last_poll: float = 0.0
    last_success: float | None = None
    failures: int = 0
    error: str = ""
    error_detail: str = ""
    articles: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An article that a feed has shown, and how often its words have changed since."""

    article: ArticleId
    place: str
    revision: Revision
    updates: int
    first_seen: float
    last_seen: float

    @property
    def first_seen_at(self) -> datetime:
        return datetime.fromtimestamp(self.first_seen, UTC)


def memory_for(feed: str, url: str, memory: Memory | None) -> Memory:
    """What to start a poll with. At another address nothing holds that only the old one could know."""
    if memory is None:
        return Memory(feed=feed, url=url)
    if memory.url == url:
        return memory
    return replace(memory, url=url, etag="", last_modified="", body_hash="", failures=0, error="", error_detail="")


def after_success(memory: Memory, *, now: float, next_poll: float, etag: str, last_modified: str) -> Memory:
    """The server has answered as it should, with a document or with "not modified"."""
    return replace(
        memory,
        etag=etag,
        last_modified=last_modified,
        next_poll=next_poll,
        last_poll=now,
        last_success=now,
        failures=0,
        error="",
        error_detail="",
    )


def after_failure(memory: Memory, *, now: float, next_poll: float, error: str, detail: str) -> Memory:
    """It has not. The validators stay: what they stand for is still the last that we have read."""
    return replace(
        memory,
        next_poll=next_poll,
        last_poll=now,
        failures=memory.failures + 1,
        error=error,
        error_detail=detail,
    )
