"""Where is what we remember kept?

In one database, SQLite or PostgreSQL. It moves in one transaction, and only
once the articles are on Kafka: a poller that dies in between sees them as news again, under the same ids.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ingest.memory import Memory, Seen
from wire.article import ArticleId
from wire.errors import Misconfigured, Transient

VERSION = 1
FORGET_AFTER = 90 * 86400.0  # an article that left its feed this long ago may come back as news
SILENT_SECONDS = 5  # after which a server that says nothing counts as away
LOOKUP = 500  # articles asked for in one statement

_tables = sa.MetaData()
_schema = sa.Table("ingest_schema", _tables, sa.Column("version", sa.Integer, nullable=False))
_feeds = sa.Table(
    "ingest_feeds",
    _tables,
    sa.Column("feed", sa.String(200), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("etag", sa.Text, nullable=False),
    sa.Column("last_modified", sa.Text, nullable=False),
    sa.Column("body_hash", sa.String(64), nullable=False),
    sa.Column("next_poll", sa.Double, nullable=False),
    sa.Column("last_poll", sa.Double, nullable=False),
    sa.Column("last_success", sa.Double, nullable=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("error", sa.String(40), nullable=False),
    sa.Column("error_detail", sa.Text, nullable=False),
    sa.Column("articles", sa.Integer, nullable=False),
)
_seen = sa.Table(
    "ingest_seen",
    _tables,
    sa.Column("feed", sa.String(200), primary_key=True),
    sa.Column("article", sa.String(24), primary_key=True),
    sa.Column("place", sa.String(12), nullable=False),
    sa.Column("revision", sa.String(12), nullable=False),
    sa.Column("updates", sa.Integer, nullable=False),
    sa.Column("first_seen", sa.Double, nullable=False),
    sa.Column("last_seen", sa.Double, nullable=False),
)


class State:
    """The poller's database. Blocking; one thread at a time."""

    def __init__(self, url: str) -> None:
        """Raises `Misconfigured` when it cannot be opened or a newer newswatch wrote it."""
        self._engine = _engine(url)
        self._upsert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        try:
            self._open()
        except Misconfigured:
            self.close()
            raise

    def memories(self) -> dict[str, Memory]:
        """Every feed that was ever polled."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(_feeds)).mappings()
            return {row["feed"]: Memory(**row) for row in rows}

    def seen(self, feed: str, articles: Sequence[ArticleId]) -> dict[ArticleId, Seen]:
        """Those of `articles` that the feed has shown before."""
        found: dict[ArticleId, Seen] = {}
        columns = [column for column in _seen.c if column is not _seen.c.feed]
        with self._reading() as connection:
            for start in range(0, len(articles), LOOKUP):
                wanted = _seen.c.article.in_(articles[start : start + LOOKUP])
                rows = connection.execute(sa.select(*columns).where(_seen.c.feed == feed, wanted)).mappings()
                found |= {row["article"]: Seen(**row) for row in rows}
        return found

    def move(self, memory: Memory, seen: Iterable[Seen] = ()) -> None:
        """Remember how a poll ended and what it showed: all of it or nothing."""
        rows = [_row(article) | {"feed": memory.feed} for article in seen]
        with self._writing() as connection:
            self._put(connection, _feeds, [_row(memory)])
            for start in range(0, len(rows), LOOKUP):
                self._put(connection, _seen, rows[start : start + LOOKUP])

    def forget(self, now: float) -> int:
        """Drop articles that left their feeds long ago. How many they were."""
        with self._writing() as connection:
            return connection.execute(sa.delete(_seen).where(_seen.c.last_seen < now - FORGET_AFTER)).rowcount

    def close(self) -> None:
        self._engine.dispose()

    def _open(self) -> None:
        try:
            with self._engine.begin() as connection:
                _tables.create_all(connection)
                _check_version(connection)
        except sa.exc.SQLAlchemyError as error:
            if _is_damaged(error):
                raise Misconfigured(_damaged(self._engine.url, error)) from error
            shown = self._engine.url.render_as_string(hide_password=True)
            raise Misconfigured(f"NEWSWATCH_INGEST_DATABASE: cannot use {shown}: {_cause(error)}") from error

    def _put(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
        insert = self._upsert(table)
        keys = [column.name for column in table.primary_key]
        changes = {column.name: insert.excluded[column.name] for column in table.c if column.name not in keys}
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changes), rows)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with _ours(self._engine.url), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with _ours(self._engine.url), self._engine.begin() as connection:
            yield connection


@contextmanager
def _ours(url: sa.URL) -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        if _is_damaged(error):
            raise Misconfigured(_damaged(url, error)) from error
        raise Transient(f"the poller's database did not answer: {_cause(error)}") from error


def _is_damaged(error: sa.exc.SQLAlchemyError) -> bool:
    """Whether SQLite says that the file itself is broken, which no repeating mends."""
    return any(words in _cause(error) for words in ("file is not a database", "malformed"))


def _damaged(url: sa.URL, error: sa.exc.SQLAlchemyError) -> str:
    return (
        f"NEWSWATCH_INGEST_DATABASE: {url.database}: damaged, or no SQLite database ({_cause(error)}). "
        "Restore it from a backup, or move it away: the poller then takes what the feeds hold now for old news"
    )


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "postgresql":
            return sa.create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                pool_pre_ping=True,
                connect_args={"connect_timeout": SILENT_SECONDS, "tcp_user_timeout": SILENT_SECONDS * 1000},
            )
        if parsed.get_backend_name() != "sqlite":
            raise Misconfigured(
                "NEWSWATCH_INGEST_DATABASE: write sqlite:////folder/ingest.sqlite or postgresql://user@host/name"
            )
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(parsed, connect_args={"timeout": 30})
    except (sa.exc.ArgumentError, ValueError) as error:  # a port that is no number is the latter
        raise Misconfigured(
            "NEWSWATCH_INGEST_DATABASE: not a database address; write sqlite:////folder/ingest.sqlite or postgresql://user@host/name"
        ) from error
    except OSError as error:
        raise Misconfigured(f"NEWSWATCH_INGEST_DATABASE: cannot make its folder: {error}") from error
    sa.event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # With a write-ahead log readers (`newswatch feeds list`) never wait for the poller. NORMAL loses the last commits
    # in a power cut, never the file: those articles are then read again, under the same ids.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _check_version(connection: sa.Connection) -> None:
    found = connection.execute(sa.select(_schema.c.version)).scalar()
    if found is None:
        connection.execute(sa.insert(_schema).values(version=VERSION))
    elif found != VERSION:
        raise Misconfigured(
            f"NEWSWATCH_INGEST_DATABASE: it has version {found} and this newswatch knows {VERSION}; upgrade newswatch"
        )


def _row(value: Memory | Seen) -> dict[str, object]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _cause(error: sa.exc.SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error)
