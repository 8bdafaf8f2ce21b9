"""Whom do we watch, under which names, for whom?"""

from typing import Literal, NewType

import msgspec

WatchlistId = NewType("WatchlistId", str)
EntityId = NewType("EntityId", str)
Strictness = Literal["strict", "normal", "wide"]
EntityType = Literal["PER", "ORG", "LOC", "PRO", "EVT", "MISC"]

MANIFEST_KEY = b"manifest"  # a watchlist's id is never this word

# What the tombstone of a removed watchlist says, as decimal numbers: it removes up to this version of this epoch.
EPOCH_HEADER = "epoch"
VERSION_HEADER = "version"


class Entity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person, company, place, product or event, with every surface form to look for.

    `id` is unique within its watchlist. `name` is looked for too; it need not be repeated in `aliases`. `weak` aliases
    count only where the entity is also named in another way. Of `requires` one word must stand in the article, of
    `excludes` none; `languages` (ISO 639-1), when given, are the only ones. `strictness` is a point on the score.
    """

    id: EntityId
    type: EntityType = "MISC"
    name: str
    aliases: tuple[str, ...] = ()
    tickers: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    case_sensitive: bool = False
    strictness: Strictness = "normal"


class Watchlist(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of one watchlist. A higher `version` replaces a lower one, within one database `epoch`."""

    v: int = 1
    id: WatchlistId
    epoch: int
    version: int
    name: str
    entities: tuple[Entity, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which watchlists exist, in which version. A matcher that lacks one of them is not ready.

    `epoch` rises when the database was restored from a backup: versions of an older epoch are then void.
    """

    v: int = 1
    epoch: int
    versions: dict[WatchlistId, int]
