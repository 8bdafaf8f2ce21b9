"""How does the catalog change?

One change set in the caller's transaction, all of it or nothing: the rows, a watchlist's history, who changed what,
what the topic still has to hear of, and the open deliveries of a channel that is taken out of force.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, bindparam, insert, select, update

from alerts import schema
from alerts.catalog import Changes, ChannelRow, Row, SubscriberRow, SubscriptionRow, WatchlistRow
from alerts.database import in_chunks, one_at_a_time
from wire.codec import encode
from wire.errors import Misconfigured
from wire.topics import WATCHLISTS
from wire.watchlist import Watchlist

# In this order rows only ever point at rows that are there already; they go in the opposite order.
KINDS: dict[type[Row], Table] = {
    SubscriberRow: schema.subscriber,
    ChannelRow: schema.channel,
    WatchlistRow: schema.watchlist,
    SubscriptionRow: schema.subscription,
}

# A change gets its number before it is committed. Whoever has seen number 8 must never meet a 7 that came later, or
# `catalog.revision` would hide it.
CATALOG = "catalog"
ROOM = 64 * 1024  # bytes of a record that its key, headers and the numbers in it may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who changes the catalog, from where. `place` is what `source` and `changed_in` will say: a file, `console`, …"""

    place: str
    person: str


@dataclass(frozen=True, slots=True)
class _State:
    version: int
    removed: bool


def write(connection: Connection, changes: Changes, *, author: Author, now: datetime) -> None:
    """Put and remove the rows of `changes`.

    Raises:
        Misconfigured: a row changed between being read and being written, or is too large for its topic. Nothing of
            the change set may be committed then.
    """
    one_at_a_time(connection, CATALOG)
    for row in changes.put:
        _refuse_too_large(row)
    for kind, table in KINDS.items():
        _put(connection, table, [row for row in changes.put if isinstance(row, kind)], author, now)
    for kind, table in reversed(KINDS.items()):
        _remove(connection, table, [row for row in changes.removed if isinstance(row, kind)], author, now)


def _refuse_too_large(row: Row) -> None:
    """A watchlist that its topic cannot take would leave every matcher waiting for it."""
    if isinstance(row, WatchlistRow):
        size = len(encode(Watchlist(id=row.id, epoch=0, version=0, name=row.name, entities=row.entities)))
        if size > WATCHLISTS.max_message_bytes - ROOM:
            raise Misconfigured(f"watchlist {row.id!r} is too large ({size / 1e6:.0f} MB); split it into several")


def _put(connection: Connection, table: Table, rows: Sequence[Row], author: Author, now: datetime) -> None:
    known = _states(connection, table, [row.id for row in rows])
    fresh = [_columns(row, 1, author, now) for row in rows if row.id not in known]
    again = [_columns(row, _next_version(row, known), author, now) for row in rows if row.id in known]
    # What a person writes anew is in force and in use again.
    usable = {"state": "ok", "state_reason": ""} if table is schema.channel else {}
    _insert(connection, table, [row | usable for row in fresh])
    _update(connection, table, [row | usable | {"removed_at": None} for row in again])
    _note(connection, table, "put", fresh + again)


def _remove(connection: Connection, table: Table, rows: Sequence[Row], author: Author, now: datetime) -> None:
    known = _states(connection, table, [row.id for row in rows])
    gone = [_columns(row, _next_version(row, known), author, now) for row in rows]
    _update(connection, table, [row | {"removed_at": now} for row in gone])
    _note(connection, table, "removed", gone)
    if table is schema.channel:
        for row in gone:
            cancel_waiting(connection, row["id"], reason="channel_removed", now=now)


def disable_channel(connection: Connection, channel: str, *, reason: str, author: Author, now: datetime) -> None:
    """Stop using a channel that asked for nothing more. What is still owed there is cancelled, and says why."""
    one_at_a_time(connection, CATALOG)
    table = schema.channel
    connection.execute(update(table).where(table.c.id == channel).values(state="disabled", state_reason=reason))
    version = connection.execute(select(table.c.version).where(table.c.id == channel)).scalar_one()
    values = {"id": channel, "version": version, "detail": reason} | _signed(author, now)
    _note(connection, table, "disabled", [values])
    cancel_waiting(connection, channel, reason="channel_disabled", now=now)


def cancel_waiting(connection: Connection, channel: str, *, reason: str, now: datetime) -> None:
    """Cancel what waits for `channel`. What is being sent at this moment settles by itself."""
    table = schema.delivery
    waiting = (table.c.channel == channel) & schema.IS_WAITING
    connection.execute(update(table).where(waiting).values(state="cancelled", reason=reason, settled_at=now))


def _states(connection: Connection, table: Table, ids: Sequence[str]) -> dict[str, _State]:
    found: dict[str, _State] = {}
    for some in in_chunks(ids):
        rows = select(table.c.id, table.c.version, table.c.removed_at).where(table.c.id.in_(some))
        for id_, version, removed_at in connection.execute(rows):
            found[id_] = _State(version, removed_at is not None)
    return found


def _next_version(row: Row, known: Mapping[str, _State]) -> int:
    """One more than the version in force, which must be the one that the author has seen.

    An entry that was removed goes on counting when it comes back: readers ignore lower versions.
    """
    state = known.get(row.id)
    seen = row.kept.version
    if state is None or seen != (0 if state.removed else state.version):
        raise Misconfigured(
            f"{KINDS[type(row)].name} {row.id!r} was changed by somebody else a moment ago; run it again"
        )
    return state.version + 1


def _columns(row: Row, version: int, author: Author, now: datetime) -> dict[str, Any]:
    words = {name: _plain(getattr(row, name)) for name in _words(row)}
    return words | _signed(author, now) | {"version": version, "source": row.kept.source or author.place}


def _words(row: Row) -> tuple[str, ...]:
    """What the row says, without what the database adds."""
    return tuple(field.name for field in fields(row) if field.compare)


def _plain(value: object) -> object:
    return msgspec.to_builtins(value) if isinstance(value, tuple) else value


def _signed(author: Author, now: datetime) -> dict[str, Any]:
    return {"changed_in": author.place, "changed_by": author.person, "changed_at": now}


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _update(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    columns: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "id"}
    statement = update(table).where(table.c.id == bindparam("row_id")).values(columns)
    connection.execute(statement, [{"row_id" if name == "id" else name: row[name] for name in row} for row in rows])


def _note(connection: Connection, table: Table, action: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Who changed what; and for a watchlist its history and the news for the topic."""
    _insert(connection, schema.change, [_entry(table, action, row) for row in rows])
    if table is schema.watchlist:
        removed = int(action == "removed")
        kept = ("version", "name", "entities", "changed_in", "changed_by", "changed_at")
        versions = [{"watchlist": row["id"], "removed": removed} | {name: row[name] for name in kept} for row in rows]
        _insert(connection, schema.watchlist_version, versions)
        _insert(connection, schema.outbox, [{"watchlist": row["id"], "version": row["version"]} for row in rows])


def _entry(table: Table, action: str, row: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("version", "changed_in", "changed_by", "changed_at")
    entry = {"kind": table.name, "item": row["id"], "action": action, "detail": row.get("detail", "")}
    return entry | {name: row[name] for name in kept}
