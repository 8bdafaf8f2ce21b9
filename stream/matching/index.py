"""Which names are looked for, and who asks for them?

Two layers: a base that is built in one pass, and a small one for what was edited since. Both are immutable; an edit
makes a new small layer, and when that has grown, a new base. Entities that are equal (all but their id) are one entry,
with the list of the watchlists that hold it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from stream.matching.layer import EntryKey, Layer, Row, key_of
from wire.messages import Watch
from wire.watchlist import Entity, Watchlist, WatchlistId

SMALL = 512  # edited entities that a layer takes before the base is built anew
FEW = 8  # entities that are looked up in a tuple sooner than in a set made for it
SHARE = 0.02  # of the base, likewise

__all__ = ["AliasIndex", "EntryKey", "key_of"]


@dataclass(frozen=True, kw_only=True)
class AliasIndex:
    """All watched names, immutable. `build` makes one; `with_changes` makes the next from it."""

    watchlists: Mapping[WatchlistId, Watchlist]
    layers: tuple[Layer, ...]

    @classmethod
    def build(cls, watchlists: Iterable[Watchlist]) -> "AliasIndex":
        """The index over these watchlists. Of two with one id the later in the row counts."""
        lists = {watchlist.id: watchlist for watchlist in watchlists}
        return cls(watchlists=lists, layers=(Layer.build(_rows(lists.values())),))

    def __len__(self) -> int:
        """How many entities are watched, equal ones counted once a watchlist."""
        return sum(len(watchlist.entities) for watchlist in self.watchlists.values())

    def with_changes(self, added: Iterable[Watchlist], removed: Iterable[WatchlistId]) -> "AliasIndex":
        """The index with whole watchlists put in (or replaced) and taken out; this one stays as it is.

        Only entities that differ are read anew: the cost grows with the edit, and with the edits since the base was
        built, until there are so many that a new base is made of all.
        """
        lists = dict(self.watchlists)
        gone: set[Row] = set()
        come: list[Row] = []
        for watchlist_id in removed:
            gone.update(_rows([lists.pop(watchlist_id)]) if watchlist_id in lists else ())
        for watchlist in {one.id: one for one in added}.values():
            before = lists.get(watchlist.id)
            old, new = _differing(before.entities if before else (), watchlist.entities)
            gone.update((watchlist.id, entity) for entity in old)
            come += [(watchlist.id, entity) for entity in new]
            lists[watchlist.id] = watchlist
        return self._changed(lists, gone, come)

    def _changed(self, lists: dict[WatchlistId, Watchlist], gone: set[Row], come: list[Row]) -> "AliasIndex":
        base, *small = self.layers
        hidden = base.hidden | {row for row in gone if base.holds(row)}
        kept = [row for row in chain.from_iterable(layer.rows() for layer in small) if row not in gone]
        edited = kept + come
        if len(edited) + len(hidden) > max(SMALL, SHARE * len(base)):
            return AliasIndex.build(lists.values())
        layers = (base.hiding(frozenset(hidden)), *([Layer.build(edited)] if edited else []))
        return AliasIndex(watchlists=lists, layers=layers)

    def watches_of(self, key: EntryKey) -> tuple[Watch, ...]:
        """Who asks for this entry, each watchlist in the version in force."""
        rows = {row for layer in self.layers for row in layer.rows_of(key)}
        return tuple(
            sorted(
                Watch(watchlist=list_id, version=self.watchlists[list_id].version, entity=entity.id)
                for list_id, entity in rows
                if list_id in self.watchlists
            )
        )


def _rows(watchlists: Iterable[Watchlist]) -> Iterable[Row]:
    return [(watchlist.id, entity) for watchlist in watchlists for entity in watchlist.entities]


def _differing(old: tuple[Entity, ...], new: tuple[Entity, ...]) -> tuple[tuple[Entity, ...], tuple[Entity, ...]]:
    """What is left of both when their common beginning and end are taken off, and of that what is not in the other."""
    start, shorter = 0, min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    rest_old, rest_new = old[start : len(old) - end], new[start : len(new) - end]
    both = set(rest_old) & set(rest_new)
    gone = [entity for entity in rest_old if entity not in both]
    still = set(new) if len(gone) > FEW else new  # a list that names one entity twice may have lost but one of them
    return tuple(one for one in gone if one not in still), tuple(one for one in rest_new if one not in both)
