"""Which tables hold what we watch, what we owe and what we delivered?

Only the shape: who writes which rows stands in `catalog`, `record` and `ledger`. `alerts/migrations` brings a database
to this shape; a test holds the two together on SQLite and on PostgreSQL.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal_column,
    text,
)

from alerts.states import SETTLED, STATES, WAITING

# SQLite numbers rows by itself only where the column is called exactly INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware moment in UTC, on databases with time zones and on SQLite, which has none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if dialect.name == "sqlite" else moment.astimezone(UTC)


def _in(column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


def _kept() -> list[Column[Any]]:
    """What every row of the catalog carries: its version, where it came from, who touched it last, whether it is gone.

    Nothing is erased while an alert may still point at it: `removed_at` takes it out of force.
    """
    return [
        Column("version", Integer, nullable=False),
        Column("source", Text, nullable=False),
        Column("changed_in", Text, nullable=False),
        Column("changed_by", Text, nullable=False),
        Column("changed_at", Instant, nullable=False),
        Column("removed_at", Instant),
    ]


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

watchlist = Table(
    "watchlist",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("entities", JSON, nullable=False),
    *_kept(),
)

watchlist_version = Table(
    "watchlist_version",
    metadata,
    Column("watchlist", Text, ForeignKey("watchlist.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("entities", JSON, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("changed_in", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    PrimaryKeyConstraint("watchlist", "version"),
    CheckConstraint("removed IN (0, 1)", name="removed"),
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("email", Text),
    *_kept(),
)

channel = Table(
    "channel",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subscriber", Text, ForeignKey("subscriber.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("config", JSON, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_reason", Text, nullable=False, server_default=""),
    *_kept(),
    CheckConstraint("state IN ('ok', 'disabled')", name="state"),
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", Text, primary_key=True),
    Column("watchlist", Text, ForeignKey("watchlist.id"), nullable=False),
    Column("channel", Text, ForeignKey("channel.id"), nullable=False),
    Column("mode", Text, nullable=False),
    *_kept(),
    UniqueConstraint("watchlist", "channel"),
    CheckConstraint("mode = 'immediate'", name="mode"),
)

# Who changed what: one row a change, never altered. Its greatest id tells a running worker to read the catalog anew.
change = Table(
    "change",
    metadata,
    Column("id", Number, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("changed_in", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# Versions that the topic `watchlists` still has to hear of, in order.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True),
    Column("watchlist", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("published_at", Instant),
    ForeignKeyConstraint(["watchlist", "version"], ["watchlist_version.watchlist", "watchlist_version.version"]),
    Index(
        "ix_outbox_unpublished",
        "id",
        sqlite_where=text("published_at IS NULL"),
        postgresql_where=text("published_at IS NULL"),
    ),
)

# One row for ever: which life of the database the topic's versions belong to.
publication = Table(
    "publication",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
)

# "One at a time": whoever holds the row until `until` may act under its name.
lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Instant, nullable=False),
)

article = Table(
    "article",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("relation", Text, nullable=False),
    Column("published", Instant),
    Column("fetched_at", Instant, nullable=False),
    Column("backfill", Integer, nullable=False),
    CheckConstraint("backfill IN (0, 1)", name="backfill"),
)

# `story` is the id under which the alert was founded. The other ids it has answered to stand in `alert_story`.
alert = Table(
    "alert",
    metadata,
    Column("id", Number, primary_key=True),
    Column("watchlist", Text, ForeignKey("watchlist.id"), nullable=False),
    Column("watchlist_version", Integer, nullable=False),
    Column("story", Text, nullable=False),
    Column("article", Text, ForeignKey("article.id"), nullable=False),
    Column("score", Float, nullable=False),
    Column("why", Text, nullable=False),
    Column("fetched_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("watchlist", "story"),
    UniqueConstraint("id", "watchlist"),
    Index(None, "created_at"),
)

alert_story = Table(
    "alert_story",
    metadata,
    Column("story", Text, nullable=False),
    Column("watchlist", Text, nullable=False),
    Column("alert", Number, nullable=False),
    PrimaryKeyConstraint("story", "watchlist"),
    ForeignKeyConstraint(["alert", "watchlist"], ["alert.id", "alert.watchlist"]),
    Index(None, "alert"),
)

# The second guard: an article belongs to one alert of a watchlist, whatever story it is said to be of.
alert_copy = Table(
    "alert_copy",
    metadata,
    Column("article", Text, ForeignKey("article.id"), nullable=False),
    Column("watchlist", Text, nullable=False),
    Column("alert", Number, nullable=False),
    Column("mentions", LargeBinary),
    PrimaryKeyConstraint("article", "watchlist"),
    ForeignKeyConstraint(["alert", "watchlist"], ["alert.id", "alert.watchlist"]),
    Index(None, "alert"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Number, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("alert", Number, ForeignKey("alert.id"), nullable=False),
    Column("channel", Text, ForeignKey("channel.id"), nullable=False),
    Column("occasion", Text, nullable=False),
    Column("article", Text, ForeignKey("article.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("joined_to", Number, ForeignKey("delivery.id")),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("claimed_by", Text),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    UniqueConstraint("alert", "channel", "occasion"),
    CheckConstraint(_in("state", STATES), name="state"),
    CheckConstraint("attempt >= 0", name="attempt"),
    CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="lease"),
    CheckConstraint("(state = 'sending') = (claimed_by IS NOT NULL)", name="claim"),
    CheckConstraint("(state = 'joined') = (joined_to IS NOT NULL)", name="joined"),
    CheckConstraint(f"({_in('state', SETTLED)}) = (settled_at IS NOT NULL)", name="settled"),
    CheckConstraint("reason <> '' OR state NOT IN ('failed', 'dead', 'cancelled')", name="reason"),
    CheckConstraint(
        "attempt > 0 OR state NOT IN ('sending', 'retry', 'uncertain', 'sent', 'failed')", name="attempted"
    ),
    Index(
        "ix_delivery_waiting",
        "due_at",
        sqlite_where=text(_in("state", WAITING)),
        postgresql_where=text(_in("state", WAITING)),
    ),
    Index(
        "ix_delivery_sending",
        "lease_until",
        sqlite_where=text("state = 'sending'"),
        postgresql_where=text("state = 'sending'"),
    ),
    Index(None, "channel", "state"),
    Index(None, "joined_to"),
)

# SQLite uses an index of some rows only where a statement names those rows with the index's very words: a parameter in
# their place, and each claim reads the whole table.
IS_WAITING = delivery.c.state.in_([literal_column(f"'{state}'") for state in WAITING])
IS_SENDING = delivery.c.state == literal_column("'sending'")

# Written before the network call, so that a crash leaves a trace; ended when its outcome is known.
attempt = Table(
    "attempt",
    metadata,
    Column("delivery", Number, ForeignKey("delivery.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("worker", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", Text),
    Column("reason", Text),
    Column("code", Integer),
    Column("snippet", Text),
    PrimaryKeyConstraint("delivery", "n"),
    CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended"),
)

# A copy held back, and why. `channel` is empty where the reason holds for every channel of the watchlist.
suppression = Table(
    "suppression",
    metadata,
    Column("alert", Number, ForeignKey("alert.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("article", Text, ForeignKey("article.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("alert", "channel", "occasion", "article"),
)

# Where to read on. Written with the alerts it covers, in one transaction; valid on the cluster it names only.
read_offset = Table(
    "read_offset",
    metadata,
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
    PrimaryKeyConstraint("topic", "partition"),
)
