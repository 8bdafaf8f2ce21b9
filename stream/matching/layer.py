"""How are the names of many entities filed, so that a text finds the few that it may name?

A name of several words is filed under a pair of them, a person's under first and last name; a name of one word under
that word. Pairs are sorted arrays of numbers, so that a million names take a few dozen megabytes and all pairs of a
text are looked up at once. How a name is written is worked out only when a text may hold it.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stream.matching.forms import Form, Key, forms_of, is_native, keys_of
from stream.matching.vocabulary import Vocabulary
from wire.watchlist import Entity, EntityType, Strictness, WatchlistId

Row = tuple[WatchlistId, Entity]
Numbers = npt.NDArray[np.int64]
SHIFT = 32


class Options(NamedTuple):
    """What an entity asks beyond its names; see `wire.watchlist.Entity`."""

    weak: tuple[str, ...]
    requires: tuple[str, ...]
    excludes: tuple[str, ...]
    languages: tuple[str, ...]
    case_sensitive: bool
    strictness: Strictness


PLAIN = Options((), (), (), (), False, "normal")  # in their order


class EntryKey(NamedTuple):
    """What makes two entities the same entry."""

    type: EntityType
    name: str
    aliases: tuple[str, ...]
    tickers: tuple[str, ...]
    options: Options


@dataclass(frozen=True, slots=True)
class Alias:
    """One form of one entry."""

    entry: EntryKey
    form: Form


def key_of(entity: Entity) -> EntryKey:
    aliases, tickers = entity.aliases, entity.tickers
    return EntryKey(
        entity.type,
        entity.name,
        tuple(sorted(set(aliases))) if len(aliases) > 1 else aliases,
        tuple(sorted(set(tickers))) if len(tickers) > 1 else tickers,
        _options_of(entity),
    )


def _options_of(entity: Entity) -> Options:
    options = Options(
        entity.weak, entity.requires, entity.excludes, entity.languages, entity.case_sensitive, entity.strictness
    )
    return PLAIN if options == PLAIN else options  # one object for nearly all


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The names of some rows (watchlist, entity), immutable but for what it remembers of earlier questions.

    `owner` leads from a name's number to the row; `pairs` are sorted, `pair_names` the names filed under each.
    `reversed_pairs` are the same the other way round. `singles` holds names of one word.
    """

    all_rows: list[Row]
    hidden: frozenset[Row]
    gone: frozenset[EntryKey]  # entries of which no row is in force
    entries: Numbers
    entry_places: npt.NDArray[np.int32]
    owner: npt.NDArray[np.int32]
    part: npt.NDArray[np.int16]
    vocabulary: Vocabulary
    pairs: Numbers
    pair_names: npt.NDArray[np.int32]
    lasts: Numbers
    last_names: npt.NDArray[np.int32]
    may_be_first: bytes  # by word number: is it the first word of a pair?
    may_be_last: bytes
    singles: Mapping[str, tuple[int, ...]]
    native: Mapping[str, tuple[tuple[str, int], ...]]
    tickers: Mapping[str, tuple[EntryKey, ...]]
    remembered: dict[int, tuple[Alias, ...]]
    scanned: dict[tuple[int, bool], tuple[tuple[str, ...], tuple[int, ...]]]

    @classmethod
    def build(cls, rows: Iterable[Row]) -> "Layer":
        """Every name of these rows, filed in one pass."""
        return _filed(list(rows))

    def __len__(self) -> int:
        return len(self.all_rows)

    def rows(self) -> Iterator[Row]:
        """The rows in force."""
        return (row for row in self.all_rows if row not in self.hidden) if self.hidden else iter(self.all_rows)

    def holds(self, row: Row) -> bool:
        return any(one == row for one in self._rows_of(key_of(row[1])))

    def hiding(self, hidden: frozenset[Row]) -> "Layer":
        """The layer without these rows."""
        shown = replace(self, hidden=hidden)
        keys = {key_of(entity) for _, entity in hidden}
        return replace(shown, gone=frozenset(key for key in keys if not any(True for _ in shown.rows_of(key))))

    def rows_of(self, key: EntryKey) -> Iterator[Row]:
        """The rows in force of this entry."""
        return (row for row in self._rows_of(key) if row not in self.hidden)

    def _rows_of(self, key: EntryKey) -> Iterator[Row]:
        wanted = hash(key)
        place = int(np.searchsorted(self.entries, wanted))
        while place < len(self.entries) and self.entries[place] == wanted:
            row = self.all_rows[int(self.entry_places[place])]
            if key_of(row[1]) == key:
                yield row
            place += 1

    def others_of(self, number: int, *, last: bool, limit: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """The first names beside this last name (or the other way round) and their filed names; none if too many."""
        known = self.scanned.get((number, last))
        if known is None:
            keys, names = (self.lasts, self.last_names) if last else (self.pairs, self.pair_names)
            start, end = (int(np.searchsorted(keys, edge << SHIFT)) for edge in (number, number + 1))
            words, mask = self.vocabulary.words, (1 << SHIFT) - 1
            count = end - start
            places = range(start, end) if count <= limit else ()
            known = tuple(words[int(keys[at]) & mask] for at in places), tuple(int(names[at]) for at in places)
            self.scanned[number, last] = known
        return known

    def aliases(self, name: int) -> tuple[Alias, ...]:
        """The forms of a filed name."""
        known = self.remembered.get(name)
        if known is None:
            entity = self.all_rows[int(self.owner[name])][1]
            alias = (entity.name, *entity.aliases, *entity.weak)[int(self.part[name])]
            entry = key_of(entity)
            known = tuple(Alias(entry, form) for form in forms_of(entity.type, (alias,)))
            self.remembered[name] = known
        return known


class _Columns:
    """What is gathered while the rows are read."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.persons: set[str] = set()
        self.owner, self.part = array("i"), array("h")
        self.pairs, self.pair_names = array("q"), array("i")
        self.singles: dict[str, tuple[int, ...]] = {}
        self.native: dict[str, tuple[tuple[str, int], ...]] = {}
        self.tickers: dict[str, tuple[EntryKey, ...]] = {}

    def take(self, place: int, entity: Entity) -> None:
        for part, alias in enumerate((entity.name, *entity.aliases, *entity.weak)):
            keys = keys_of(entity.type, alias)
            if keys:
                name = len(self.owner)
                self.owner.append(place)
                self.part.append(part)
                for key in keys:
                    self._file(key, name, is_person=entity.type == "PER")

    def _file(self, key: Key, name: int, *, is_person: bool) -> None:
        if isinstance(key, str):
            if is_native(key):
                self.native[key[:2]] = (*self.native.get(key[:2], ()), (key, name))
            else:
                self.singles[key] = (*self.singles.get(key, ()), name)
            return
        numbers = self.numbers
        left, right = (numbers.setdefault(word, len(numbers)) for word in key)
        if is_person:
            self.persons.update(key)
        self.pairs.append(left << SHIFT | right)
        self.pair_names.append(name)


def _filed(rows: list[Row]) -> Layer:
    columns = _Columns()
    entries = np.fromiter((hash(key_of(entity)) for _, entity in rows), np.int64, len(rows))
    order = np.argsort(entries, kind="stable")
    seen: set[EntryKey] = set()
    repeated = _repeated(entries, order)
    for place, (_, entity) in enumerate(rows):
        if place in repeated:
            key = key_of(entity)
            if key in seen:
                continue
            seen.add(key)
        columns.take(place, entity)
        for ticker in entity.tickers:
            symbol = ticker.upper()
            columns.tickers[symbol] = (*columns.tickers.get(symbol, ()), key_of(entity))
    for word in columns.singles:
        columns.numbers.setdefault(word, len(columns.numbers))
    pairs, names = np.array(columns.pairs, np.int64), np.array(columns.pair_names, np.int32)
    by_pair = np.argsort(pairs, kind="stable")
    turned = (pairs & ((1 << SHIFT) - 1)) << SHIFT | pairs >> SHIFT
    by_last = np.argsort(turned, kind="stable")
    return Layer(
        all_rows=rows,
        hidden=frozenset(),
        gone=frozenset(),
        entries=entries[order],
        entry_places=order.astype(np.int32),
        owner=np.array(columns.owner, np.int32),
        part=np.array(columns.part, np.int16),
        vocabulary=Vocabulary(list(columns.numbers), columns.persons),
        pairs=pairs[by_pair],
        pair_names=names[by_pair],
        lasts=turned[by_last],
        last_names=names[by_last],
        may_be_first=_marks(pairs >> SHIFT, len(columns.numbers)),
        may_be_last=_marks(turned >> SHIFT, len(columns.numbers)),
        singles=columns.singles,
        native=columns.native,
        tickers=columns.tickers,
        remembered={},
        scanned={},
    )


def _repeated(entries: Numbers, order: npt.NDArray[np.int64]) -> frozenset[int]:
    """The places whose entry another place has too, or seems to have."""
    same = np.flatnonzero(entries[order][1:] == entries[order][:-1])
    return frozenset(int(place) for at in same for place in (order[at], order[at + 1]))


def _marks(numbers: Numbers, size: int) -> bytes:
    marks = np.zeros(size, np.uint8)
    marks[numbers] = 1
    return marks.tobytes()
