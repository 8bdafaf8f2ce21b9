"""What would a configuration file change, and what may it not touch?

A file owns the rows that it put in force. It never takes over those of another file, and never overwrites what was
changed elsewhere (in the console, say) since: those are refused by name, and then nothing at all is applied.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from alerts.catalog import Catalog, Changes, ChannelRow, Row, SubscriberRow, SubscriptionRow, WatchlistRow
from alerts.channels import secret_keys

Key = tuple[str, ...]
NAMES_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`lines` are for people: `+` new, `~` changed, `-` removed. `left`: put by this file, which names them no more."""

    changes: Changes
    lines: tuple[str, ...]
    refused: tuple[str, ...]
    left: tuple[str, ...]


def compare(wanted: Catalog, in_force: Catalog, *, source: str, prune: bool) -> Difference:
    """What `source` would change by asking for `wanted`; removals only where `prune` asks for them."""
    old, new = _by_key(in_force), _by_key(wanted)
    put: list[Row] = []
    lines: list[str] = []
    refused: list[str] = []
    for key, asked in new.items():
        before = old.get(key)
        if before is None:
            put.append(asked)
            lines.append(f"+ {_name(asked)}{_size(asked)}")
            continue
        row = _again(asked, before)
        if row == before:
            put += [row] if _is_touched(before, source) else []
            lines += [f"~ {_name(row)}: says what is in force again"] if _is_touched(before, source) else []
        elif refusal := _refusal(before, source):
            refused.append(refusal)
        else:
            put.append(row)
            lines.append(f"~ {_name(row)}: {_changes(before, row)}")
    missing = {key: row for key, row in old.items() if key not in new and row.kept.source == source}
    if prune:
        refused += _prune_refusals(missing, old, source)
        lines += [f"- {_name(row)}" for row in missing.values()]
    return Difference(
        changes=Changes(put=tuple(put), removed=tuple(missing.values()) if prune else ()),
        lines=tuple(lines),
        refused=tuple(refused),
        left=() if prune else tuple(_name(row) for row in missing.values()),
    )


def counted(number: int, one: str, many: str = "") -> str:
    """The number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _by_key(catalog: Catalog) -> dict[Key, Row]:
    rows: list[Row] = [*catalog.watchlists, *catalog.subscribers, *catalog.channels, *catalog.subscriptions]
    return {_key(row): row for row in rows}


def _key(row: Row) -> Key:
    if isinstance(row, SubscriptionRow):
        return ("subscription", row.watchlist, row.channel)
    return (_kind(row), row.id)


def _kind(row: Row) -> str:
    return type(row).__name__.removesuffix("Row").lower()


def _name(row: Row) -> str:
    return f"{_kind(row)} {row.id!r}"


def _again(row: Row, before: Row) -> Row:
    """The same row in its next version; a pair that another source named otherwise keeps its id."""
    return replace(row, id=before.id, kept=before.kept)  # type: ignore[arg-type]  # each kind has its own id type


def _is_touched(before: Row, source: str) -> bool:
    return before.kept.source == source and before.kept.changed_in != source


def _refusal(before: Row, source: str) -> str:
    kept = before.kept
    if kept.source != source:
        return (
            f"{_name(before)} was put in force by {kept.source}; change it there, or use another id here; "
            f"if this file is that one under a new name: --source {kept.source}"
        )
    if kept.changed_in != source:
        return (
            f"{_name(before)} was changed in {kept.changed_in} since this file put it there; "
            "write into the file what is in force, apply, and then change it"
        )
    return ""


def _prune_refusals(missing: Mapping[Key, Row], old: Mapping[Key, Row], source: str) -> list[str]:
    refused = [refusal for row in missing.values() if (refusal := _refusal(row, source))]
    for key, row in old.items():
        if key in missing:
            continue
        refused += [
            f"{_name(missing[need])} cannot be removed: {_name(row)} of {row.kept.source} still uses it"
            for need in _needs(row)
            if need in missing
        ]
    return refused


def _needs(row: Row) -> tuple[Key, ...]:
    if isinstance(row, SubscriptionRow):
        return (("watchlist", row.watchlist), ("channel", row.channel))
    return (("subscriber", row.subscriber),) if isinstance(row, ChannelRow) else ()


def _size(row: Row) -> str:
    if isinstance(row, WatchlistRow):
        aliases = sum(len(entity.aliases) for entity in row.entities)
        return f": {counted(len(row.entities), 'entity', 'entities')}, {counted(aliases, 'alias', 'aliases')}"
    return f": {row.kind}" if isinstance(row, ChannelRow) else ""


def _changes(before: Row, after: Row) -> str:
    if isinstance(before, WatchlistRow) and isinstance(after, WatchlistRow):
        return _watchlist_changes(before, after)
    if isinstance(before, ChannelRow) and isinstance(after, ChannelRow):
        return _channel_changes(before, after)
    if isinstance(before, SubscriberRow) and isinstance(after, SubscriberRow):
        return _listed(
            f"{key} {getattr(before, key)} → {getattr(after, key)}"
            for key in ("name", "language", "timezone", "email")
            if getattr(before, key) != getattr(after, key)
        )
    return "changed"


def _watchlist_changes(before: WatchlistRow, after: WatchlistRow) -> str:
    old = {entity.id: entity for entity in before.entities}
    new = {entity.id: entity for entity in after.entities}
    parts = [f"name {before.name} → {after.name}"] if before.name != after.name else []
    for word, found in (
        ("new", [entity.name for id_, entity in new.items() if id_ not in old]),
        ("changed", [entity.name for id_, entity in new.items() if id_ in old and entity != old[id_]]),
        ("gone", [entity.name for id_, entity in old.items() if id_ not in new]),
    ):
        if found:
            more = f" and {len(found) - NAMES_SHOWN} more" if len(found) > NAMES_SHOWN else ""
            parts.append(f"{len(found)} {word} ({_listed(found[:NAMES_SHOWN])}{more})")
    return _listed(parts) or "another order of its entities"


def _channel_changes(before: ChannelRow, after: ChannelRow) -> str:
    hidden = secret_keys(before.kind) | secret_keys(after.kind)
    parts = [
        f"{key} {getattr(before, key)} → {getattr(after, key)}"
        for key in ("subscriber", "kind")
        if getattr(before, key) != getattr(after, key)
    ]
    for key in sorted({*before.config, *after.config}):
        old, new = before.config.get(key, "nothing"), after.config.get(key, "nothing")
        if old != new:
            parts.append(f"{key} (not shown)" if key in hidden else f"{key} {old} → {new}")
    return _listed(parts)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
