"""What is an article, and when are two the same one?

An article is one copy of a text, from one feed, exactly as received: cleaning belongs to the stream, so that
a better cleaner can be replayed over old articles. Two deliveries are the same article when their `id` is the
same, and the same text of it when their `revision` is the same too.
"""

import hashlib
from datetime import datetime
from typing import Annotated, Literal, NewType

import msgspec

ArticleId = NewType("ArticleId", str)
Revision = NewType("Revision", str)

Moment = Annotated[datetime, msgspec.Meta(tz=True)]  # a time without its zone is undecodable
TEXT_LIMIT = 256 * 1024  # UTF-8 bytes of `text`; a longer one is cut at this length and marked


class Article(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One copy of a text, from one feed, as received.

    `title` and `text` may hold markup and entities. `published` is what the feed claims (aware, UTC, or None);
    `fetched_at` is our own clock, and the only time anything is measured from.
    """

    v: int = 1
    id: ArticleId
    revision: Revision
    event: Literal["new", "updated"]
    feed: str
    outlet: str
    link: str
    canonical_url: str
    title: str
    text: str
    language: str | None = None
    published: Moment | None = None
    published_raw: str = ""
    first_seen: Moment
    fetched_at: Moment
    backfill: bool = False
    truncated: bool = False


def article_id(feed: str, identity: str) -> ArticleId:
    """The id of the item that `feed` knows by `identity` (guid, canonical link, or title and date)."""
    return ArticleId(_digest(feed, identity)[:24])


def revision_of(title: str, text: str) -> Revision:
    """Changes exactly when the words a reader could see change."""
    return Revision(_digest(title, text)[:12])


def topic_key(canonical_url: str) -> bytes:
    """Copies under one address meet in one partition of `articles`."""
    return _digest(canonical_url)[:16].encode()


def cut_text(text: str, limit: int = TEXT_LIMIT) -> tuple[str, bool]:
    """The text within `limit` UTF-8 bytes, never cut inside a character, and whether anything was cut.

    What comes back can be sent: a lone surrogate (half a character, from a broken feed) has become "?".
    """
    raw = text.encode("utf-8", "replace")
    return raw[:limit].decode("utf-8", "ignore"), len(raw) > limit


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
