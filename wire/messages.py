"""What is said between programs?

`Article` (ingest → stream) stands in `wire.article`, `Watchlist` and `Manifest` (alerts → stream) in
`wire.watchlist`. Here are the two that the stream says, and what a dead letter tells beside its bytes.
Every message carries its schema version in `v`.
"""

from typing import Literal, NewType, get_args

import msgspec

from wire.article import ArticleId, Moment, Revision
from wire.watchlist import EntityId, EntityType, WatchlistId

StoryId = NewType("StoryId", str)
Zone = Literal["title", "lead", "body", "boilerplate"]
Field = Literal["title", "text"]
Relation = Literal["new", "copy", "update", "translation"]
DeadReason = Literal["undecodable", "too_large", "refused", "crashed", "hung", "bug"]

DEAD_REASONS: tuple[DeadReason, ...] = get_args(DeadReason)
RELATIONS: tuple[Relation, ...] = get_args(Relation)
ZONES: tuple[Zone, ...] = get_args(Zone)
EARLIER_COPIES = 50  # how many earlier copies the first match of a story lists


class Watch(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One watchlist that asks for the mentioned entity, in the version that was in force."""

    watchlist: WatchlistId
    version: int
    entity: EntityId


class Mention(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alias at an offset, with its evidence.

    `start` and `end` are character offsets into the article's `field` as given. `score` is within 0..1. `quote` is
    the clean text around the mention (at most 240 characters), in which `quote_start:quote_end` are the words found.
    """

    entity: str
    type: EntityType = "MISC"
    watches: tuple[Watch, ...]
    alias: str
    field: Field
    start: int
    end: int
    surface: str
    zone: Zone
    score: float
    why: str
    quote: str = ""
    quote_start: int = 0
    quote_end: int = 0


class Copy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an alert needs to know of an article that is another copy of its story."""

    article: ArticleId
    revision: Revision
    feed: str
    outlet: str
    link: str
    title: str
    language: str
    relation: Relation
    published: Moment | None = None
    fetched_at: Moment
    backfill: bool = False


class Annotation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What we read in one article. At most 4 kB as sent.

    `partition` and `offset` are its place in `articles`. `title` is repaired and clean; `numbers` and `names` stand in
    clear because people check decisions by them; `fingerprint` is opaque to all but `stream.stories`.
    """

    v: int = 1
    id: ArticleId
    revision: Revision
    event: Literal["new", "updated"]
    partition: int
    offset: int
    feed: str
    outlet: str
    link: str
    canonical_url: str
    title: str
    language: str
    words: int
    published: Moment | None = None
    first_seen: Moment
    fetched_at: Moment
    backfill: bool = False
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    fingerprint: bytes = b""
    mentions: tuple[Mention, ...] = ()


class Match(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One article of a story in which watched entities are mentioned, by it or by an earlier article of the story.

    `of` is the article that this one was found to be a copy of. `mentions` are those of this article alone.
    `evidence` are numbers a person can check (shared passages, terms, numbers). `earlier` is filled in the first match
    of a story only.
    """

    v: int = 1
    story: StoryId
    relation: Relation
    of: ArticleId | None = None
    related: StoryId | None = None
    score: float
    why: str
    evidence: dict[str, float] = {}
    copy: Copy
    mentions: tuple[Mention, ...] = ()
    fingerprint: bytes = b""
    earlier: tuple[Copy, ...] = ()
    annotation_offset: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be processed: its original bytes, and why.

    On the topic the bytes are the value and the rest travels in headers, so that any tool can send them back.
    """

    value: bytes
    key: bytes | None
    reason: DeadReason
    detail: str
    topic: str
    partition: int
    offset: int
    program: str
    version: str
    cut_sha256: str = ""
