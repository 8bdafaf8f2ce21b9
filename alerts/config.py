"""What does a configuration file ask for, and what is wrong with it?

One YAML file: `watchlists`, `subscribers`, `channels`, `subscriptions`. All of it is checked before any of it counts;
every mistake is told at once, with its file, its line, and how to mend it. Only `load_config` touches the disk.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar
from zoneinfo import available_timezones

from alerts.catalog import Catalog, ChannelId, ChannelRow, SubscriberId, SubscriberRow, SubscriptionRow, WatchlistRow
from alerts.channels import KINDS, check_config
from alerts.phrases import LANGUAGES
from wire.errors import Misconfigured
from wire.marked import Mistake, Mistakes, Sequence, Table, Value, nearest, parse, plain, sequence, table, text
from wire.watchlist import MANIFEST_KEY, Entity, WatchlistId
from wire.watchlist_file import entities_in, parse_watchlist, read

SECTIONS = ("watchlists", "subscribers", "channels", "subscriptions")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

ReadFile = Callable[[str, Mistakes], str | None]
Item = TypeVar("Item")


def load_config(path: Path) -> Catalog:
    """What the file at `path` asks for. Files that it names stand beside it.

    Raises:
        Misconfigured: with every mistake, one a line.
    """
    unread = Mistakes(str(path))
    written = read(path, unread)
    if written is None:
        raise Misconfigured(str(unread.found[0]))
    catalog, mistakes = parse_config(written, str(path), lambda name, there: read(path.parent / name, there))
    if mistakes:
        raise Misconfigured("\n".join(map(str, mistakes)))
    return catalog


def parse_config(written: str, file: str, read_file: ReadFile) -> tuple[Catalog, list[Mistake]]:
    """What `written` asks for, and every mistake in it, in the order of lines.

    With any mistake the catalog is incomplete: show the mistakes and apply nothing. `read_file` returns the text of a
    file that the configuration names, or None with a mistake when it cannot be read.
    """
    mistakes = Mistakes(file)
    value = parse(written, mistakes)
    if value is None:
        if not mistakes:
            mistakes.add(1, f"is empty; begin with 'watchlists:', then {', '.join(SECTIONS[1:])}")
        return Catalog(), mistakes.found
    root = table(value, SECTIONS, "the configuration", mistakes)
    config = _Parser(root, mistakes, read_file).config() if root else Catalog()
    return config, sorted(mistakes.found)


class _Parser:
    """Reads the sections in turn; each may refer to the ids of those before it."""

    def __init__(self, root: Table, mistakes: Mistakes, read_file: ReadFile) -> None:
        self._mistakes = mistakes
        self._read_file = read_file
        self._entries = {key: sequence(root.items.get(key), repr(key), mistakes) for key in SECTIONS}
        self._ids = {key: _ids(entries) for key, entries in self._entries.items()}

    def config(self) -> Catalog:
        for section in ("watchlists", "subscribers", "channels"):
            self._check_ids(section)
        return Catalog(
            watchlists=_present(map(self._watchlist, self._entries["watchlists"])),
            subscribers=_present(map(self._subscriber, self._entries["subscribers"])),
            channels=_present(map(self._channel, self._entries["channels"])),
            subscriptions=self._subscriptions(),
        )

    def _watchlist(self, value: Value) -> WatchlistRow | None:
        entry = table(value, ("id", "name", "entities", "file"), "a watchlist", self._mistakes)
        if entry is None:
            return None
        id_ = text(entry, "id", "a watchlist", self._mistakes)
        if id_ == MANIFEST_KEY.decode():
            self._mistakes.add(entry.line_of("id"), f"{id_!r} is no id for a watchlist: newswatch uses it itself")
        return WatchlistRow(
            id=WatchlistId(id_),
            name=text(entry, "name", "a watchlist", self._mistakes) or id_,
            entities=self._entities(entry, id_),
        )

    def _entities(self, entry: Table, id_: str) -> tuple[Entity, ...]:
        what = f"watchlist {id_!r}"
        if ("file" in entry.items) == ("entities" in entry.items):
            self._mistakes.add(entry.line, f"{what} needs either 'entities:' or 'file:' (a CSV or YAML file of them)")
            return ()
        before = len(self._mistakes.found)
        if "entities" in entry.items:
            items = sequence(entry.items["entities"], f"'entities' of {what}", self._mistakes)
            entities = entities_in(items, self._mistakes)
        else:
            entities = self._entities_in_file(entry, what)
        if not entities and len(self._mistakes.found) == before:
            self._mistakes.add(entry.line, f"{what} names nobody; add at least one entity, or remove it")
        return entities

    def _entities_in_file(self, entry: Table, what: str) -> tuple[Entity, ...]:
        name = text(entry, "file", what, self._mistakes, required=True)
        if not name:
            return ()
        there = Mistakes(name)
        written = self._read_file(name, there)
        if written is None:
            self._mistakes.add(entry.line_of("file"), f"{name} {there.found[0].what if there else 'cannot be read'}")
            return ()
        entities = parse_watchlist(written, name, there)
        self._mistakes.found.extend(there.found)
        return entities

    def _subscriber(self, value: Value) -> SubscriberRow | None:
        entry = table(value, ("id", "name", "language", "timezone"), "a subscriber", self._mistakes)
        if entry is None:
            return None
        id_ = text(entry, "id", "a subscriber", self._mistakes)
        return SubscriberRow(
            id=SubscriberId(id_),
            name=text(entry, "name", "a subscriber", self._mistakes) or id_,
            language=self._known(entry, "language", LANGUAGES, default="en"),
            timezone=self._known(entry, "timezone", available_timezones(), default="UTC"),
        )

    def _channel(self, value: Value) -> ChannelRow | None:
        if not isinstance(value, Table):
            self._mistakes.add(value.line, "a channel must be a mapping of id, subscriber, kind and its own keys")
            return None
        kind = text(value, "kind", "a channel", self._mistakes, required=True)
        config = {key: plain(item) for key, item in value.items.items() if key not in {"id", "subscriber", "kind"}}
        if kind and self._is_known(value, "kind", kind, KINDS):
            self._check_channel(value, kind, config)
        return ChannelRow(
            id=ChannelId(text(value, "id", "a channel", self._mistakes)),
            subscriber=SubscriberId(self._reference(value, "subscriber", "a channel")),
            kind=kind,
            config=config,
        )

    def _check_channel(self, entry: Table, kind: str, config: Mapping[str, object]) -> None:
        for mistake in check_config(kind, config):
            self._mistakes.add(entry.line_of(mistake.partition(":")[0]), mistake)

    def _subscriptions(self) -> tuple[SubscriptionRow, ...]:
        found: dict[str, int] = {}
        rows = []
        for value in self._entries["subscriptions"]:
            entry = table(value, ("watchlist", "channel"), "a subscription", self._mistakes)
            if entry is None:
                continue
            row = self._subscription(entry)
            if row.id in found:
                self._mistakes.add(value.line, f"the same subscription stands in line {found[row.id]}; remove one")
            found.setdefault(row.id, value.line)
            rows.append(row)
        return tuple(rows)

    def _subscription(self, entry: Table) -> SubscriptionRow:
        watchlist = self._reference(entry, "watchlist", "a subscription")
        channel = self._reference(entry, "channel", "a subscription")
        return SubscriptionRow(
            id=f"{watchlist}/{channel}", watchlist=WatchlistId(watchlist), channel=ChannelId(channel)
        )

    def _reference(self, entry: Table, key: str, what: str) -> str:
        """The id under `key`, which must stand in the section of that name."""
        id_ = text(entry, key, what, self._mistakes, required=True)
        if id_:
            self._is_known(entry, key, id_, self._ids[f"{key}s"])
        return id_

    def _known(self, entry: Table, key: str, known: Iterable[str], *, default: str) -> str:
        word = text(entry, key, "a subscriber", self._mistakes) or default
        self._is_known(entry, key, word, known)
        return word

    def _is_known(self, entry: Table, key: str, word: str, known: Iterable[str]) -> bool:
        names = set(known)
        if word not in names:
            self._mistakes.add(entry.line_of(key), f"unknown {key} {word[:60]!r}; {nearest(word, names)}")
        return word in names

    def _check_ids(self, section: str) -> None:
        found: dict[str, int] = {}
        for value in self._entries[section]:
            if not isinstance(value, Table):
                continue
            id_ = text(value, "id", f"an entry of {section!r}", self._mistakes, required=True)
            line = value.line_of("id")
            if id_ and not ID.fullmatch(id_):
                self._mistakes.add(
                    line, f"{id_[:70]!r} is no id; use up to 64 of A-Z a-z 0-9 . _ -, e.g. {_slug(id_)!r}"
                )
            elif id_ in found:
                self._mistakes.add(
                    line, f"id {id_!r} stands here a second time in {section!r} (first in line {found[id_]})"
                )
            found.setdefault(id_, line)


def _ids(entries: tuple[Value, ...]) -> frozenset[str]:
    tables = (entry for entry in entries if isinstance(entry, Table))
    values = (entry.items.get("id") for entry in tables)
    return frozenset(str(plain(value)).strip() for value in values if value and not isinstance(value, Sequence | Table))


def _slug(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", word.casefold()).strip("-")[:64] or "my-id"


def _present(found: Iterable[Item | None]) -> tuple[Item, ...]:
    return tuple(item for item in found if item is not None)
