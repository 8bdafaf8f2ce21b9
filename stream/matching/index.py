"""Which names are looked for, and who asks for them?

One pass over all watchlists makes one dictionary from folded names to aliases. Looking up walks the text word by word,
so its cost grows with the text and not with the watchlists. Entities that are equal (type, name, aliases, tickers) are
one entry, with the list of the watchlists that hold it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from stream.matching.forms import Form, forms_of
from wire.messages import Watch
from wire.watchlist import Entity, EntityType, Watchlist, WatchlistId


class EntryKey(NamedTuple):
    """What makes two entities the same entry."""

    type: EntityType
    name: str
    aliases: tuple[str, ...]
    tickers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alias:
    """One form of one entry, as filed in the index."""

    entry: EntryKey
    form: Form


Names = dict[str, tuple[Alias, ...]]


def key_of(entity: Entity) -> EntryKey:
    return EntryKey(entity.type, entity.name, tuple(sorted(set(entity.aliases))), tuple(sorted(set(entity.tickers))))


@dataclass(frozen=True, kw_only=True)
class AliasIndex:
    """All watched names, immutable. `build` makes one; `with_changes` makes the next from it.

    `names` leads from folded words joined by a blank to the aliases written so. A beginning of a longer name is a key
    too, with no alias, so that a reader of the text knows whether to read on.
    """

    watchlists: Mapping[WatchlistId, Watchlist]
    watches: Mapping[EntryKey, tuple[Watch, ...]]
    names: Mapping[str, tuple[Alias, ...]]
    tickers: Mapping[str, tuple[EntryKey, ...]]

    @classmethod
    def build(cls, watchlists: Iterable[Watchlist]) -> "AliasIndex":
        """The index over these watchlists. Of two with one id the later in the row counts."""
        empty = cls(watchlists={}, watches={}, names={}, tickers={})
        return empty.with_changes(watchlists, ())

    def with_changes(self, added: Iterable[Watchlist], removed: Iterable[WatchlistId]) -> "AliasIndex":
        """The index with whole watchlists put in (or replaced) and taken out; this one stays as it is.

        Copies the dictionaries and touches only the entries that differ: at 100,000 names about 20 ms, whatever
        the edit's size.
        """
        lists = dict(self.watchlists)
        asked: dict[EntryKey, set[Watch]] = {}
        for watchlist_id in removed:
            _withdraw(lists.pop(watchlist_id, None), self.watches, asked)
        for watchlist in added:
            _withdraw(lists.get(watchlist.id), self.watches, asked)
            _enter(watchlist, self.watches, asked)
            lists[watchlist.id] = watchlist
        return self._with_watches(lists, asked)

    def _with_watches(self, lists: dict[WatchlistId, Watchlist], asked: dict[EntryKey, set[Watch]]) -> "AliasIndex":
        watches, names, tickers = dict(self.watches), dict(self.names), dict(self.tickers)
        for key, wanted in asked.items():
            known = key in watches
            if wanted:
                watches[key] = tuple(sorted(wanted))
            else:
                watches.pop(key, None)
            if wanted and not known:
                _file(key, names, tickers)
            elif known and not wanted:
                _unfile(key, names, tickers)
        return AliasIndex(watchlists=lists, watches=watches, names=names, tickers=tickers)


def _watches_in(watchlist: Watchlist) -> Iterable[tuple[EntryKey, Watch]]:
    for entity in watchlist.entities:
        yield key_of(entity), Watch(watchlist=watchlist.id, version=watchlist.version, entity=entity.id)


def _withdraw(
    watchlist: Watchlist | None, watches: Mapping[EntryKey, tuple[Watch, ...]], asked: dict[EntryKey, set[Watch]]
) -> None:
    for key, watch in _watches_in(watchlist) if watchlist else ():
        asked.setdefault(key, set(watches.get(key, ()))).discard(watch)


def _enter(
    watchlist: Watchlist, watches: Mapping[EntryKey, tuple[Watch, ...]], asked: dict[EntryKey, set[Watch]]
) -> None:
    for key, watch in _watches_in(watchlist):
        asked.setdefault(key, set(watches.get(key, ()))).add(watch)


def _file(key: EntryKey, names: Names, tickers: dict[str, tuple[EntryKey, ...]]) -> None:
    for form in forms_of(key.type, (key.name, *key.aliases)):
        alias = Alias(key, form)
        joined = " ".join(form.words)
        names[joined] = (*names.get(joined, ()), alias)
        for size in range(1, len(form.words)):
            names.setdefault(" ".join(form.words[:size]), ())
    for ticker in key.tickers:
        tickers[ticker.upper()] = (*tickers.get(ticker.upper(), ()), key)


def _unfile(key: EntryKey, names: Names, tickers: dict[str, tuple[EntryKey, ...]]) -> None:
    """Beginnings of longer names stay behind: they find nothing and cost a few bytes."""
    for form in forms_of(key.type, (key.name, *key.aliases)):
        joined = " ".join(form.words)
        names[joined] = tuple(alias for alias in names.get(joined, ()) if alias.entry != key)
    for ticker in key.tickers:
        left = tuple(entry for entry in tickers.get(ticker.upper(), ()) if entry != key)
        tickers[ticker.upper()] = left
