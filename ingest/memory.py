"""What do we remember of a feed?

Its validators, how it fares, when it is due, and which articles it has shown.
"""

from dataclasses import dataclass
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
