"""Which watchlists, subscribers, channels and subscriptions are in force?

`read` returns them; `alerts.edits.write` applies one change set. Two rows are equal when they say the same, whatever
their versions and origins, so a difference is `new != old`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NewType

import msgspec
from sqlalchemy import Connection, RowMapping, Table, func, select

from alerts import schema
from wire.watchlist import Entity, WatchlistId

SubscriberId = NewType("SubscriberId", str)
ChannelId = NewType("ChannelId", str)
ChannelState = Literal["ok", "disabled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the database adds to a row.

    `version` is the one that was read (0: it was never read); a write on top of another one is refused. `source` put
    the row there; `changed_in` touched it last. Where the two differ, it was changed elsewhere since.
    """

    version: int = 0
    source: str = ""
    changed_in: str = ""


UNKEPT = Kept()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchlistRow:
    id: WatchlistId
    name: str
    entities: tuple[Entity, ...]
    kept: Kept = field(default=UNKEPT, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberRow:
    """A person. `timezone` is an IANA name, `language` a code such as `en` or `fr`."""

    id: SubscriberId
    name: str
    language: str = "en"
    timezone: str = "UTC"
    email: str | None = None
    kept: Kept = field(default=UNKEPT, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A way to reach a subscriber.

    `config` is as written; it may hold secrets or refer to them (`env:NAME`, `file:PATH`), hence no repr. What a
    reference stands for is looked up when the channel is opened. `state` is `disabled` once a receiver said "gone".
    """

    id: ChannelId
    subscriber: SubscriberId
    kind: str
    config: Mapping[str, object] = field(default_factory=dict, repr=False)
    state: ChannelState = field(default="ok", compare=False)
    state_reason: str = field(default="", compare=False)
    kept: Kept = field(default=UNKEPT, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRow:
    """A wish: what this watchlist finds goes to that channel. One per pair."""

    id: str
    watchlist: WatchlistId
    channel: ChannelId
    mode: Literal["immediate"] = "immediate"
    kept: Kept = field(default=UNKEPT, compare=False)


Row = WatchlistRow | SubscriberRow | ChannelRow | SubscriptionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All that is in force, each kind in the order of its ids."""

    watchlists: tuple[WatchlistRow, ...] = ()
    subscribers: tuple[SubscriberRow, ...] = ()
    channels: tuple[ChannelRow, ...] = ()
    subscriptions: tuple[SubscriptionRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to put and what to take out of force. A row that was read keeps its `kept`, also when its words change."""

    put: tuple[Row, ...] = ()
    removed: tuple[Row, ...] = ()


def read(connection: Connection) -> Catalog:
    """All that is in force."""
    return Catalog(
        watchlists=tuple(_watchlist(row) for row in _in_force(connection, schema.watchlist)),
        subscribers=tuple(_subscriber(row) for row in _in_force(connection, schema.subscriber)),
        channels=tuple(_channel(row) for row in _in_force(connection, schema.channel)),
        subscriptions=tuple(_subscription(row) for row in _in_force(connection, schema.subscription)),
    )


def read_channels(connection: Connection, ids: Sequence[str]) -> dict[str, ChannelRow]:
    """These channels, also when they are out of force: somebody may still be being told."""
    rows = connection.execute(select(schema.channel).where(schema.channel.c.id.in_(ids))).mappings()
    return {row["id"]: _channel(row) for row in rows}


def revision(connection: Connection) -> int:
    """Rises with every change: who holds a catalog of this revision need not read it again."""
    return int(connection.execute(select(func.max(schema.change.c.id))).scalar() or 0)


def _in_force(connection: Connection, table: Table) -> Sequence[RowMapping]:
    return connection.execute(select(table).where(table.c.removed_at.is_(None)).order_by(table.c.id)).mappings().all()


def _kept(row: RowMapping) -> Kept:
    return Kept(version=row["version"], source=row["source"], changed_in=row["changed_in"])


def _watchlist(row: RowMapping) -> WatchlistRow:
    return WatchlistRow(
        id=row["id"],
        name=row["name"],
        entities=msgspec.convert(row["entities"], tuple[Entity, ...]),
        kept=_kept(row),
    )


def _subscriber(row: RowMapping) -> SubscriberRow:
    return SubscriberRow(
        id=row["id"],
        name=row["name"],
        language=row["language"],
        timezone=row["timezone"],
        email=row["email"],
        kept=_kept(row),
    )


def _channel(row: RowMapping) -> ChannelRow:
    return ChannelRow(
        id=row["id"],
        subscriber=row["subscriber"],
        kind=row["kind"],
        config=row["config"],
        state=row["state"],
        state_reason=row["state_reason"],
        kept=_kept(row),
    )


def _subscription(row: RowMapping) -> SubscriptionRow:
    return SubscriptionRow(
        id=row["id"], watchlist=row["watchlist"], channel=row["channel"], mode=row["mode"], kept=_kept(row)
    )
