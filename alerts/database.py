"""How do we reach the database, and what is one transaction?

The door of SQLAlchemy's drivers: SQLite (the default) and PostgreSQL. What the world does to a connection leaves here
as `Transient`; what another writer did to our rows as `Contended`.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, Table, create_engine, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from wire.errors import Misconfigured, Transient

BUSY_SECONDS = 5  # a writer waits so long for another one; shorter than the watchdog, far longer than any of ours
READ_ONLY = "newswatch_read_only"
DAMAGED = ("file is not a database", "malformed")  # SQLite's words
IN_LIST = 10_000  # values in one IN (…): SQLite allows 32,766 variables a statement

Item = TypeVar("Item")


class Contended(Transient):
    """Another process wrote the same rows first. Read again, plan again, write again."""


def open_database(url: str) -> Engine:
    """An engine on the alerts' database; connects only when used.

    Raises:
        Misconfigured: the address is no SQLite or PostgreSQL one, or its folder cannot be made.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address)
    return _engine(
        address,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": BUSY_SECONDS,
            "tcp_user_timeout": BUSY_SECONDS * 1000,  # for a server that is gone without a word
            "options": f"{_options(address)} -c lock_timeout={BUSY_SECONDS * 1000}".strip(),
            "application_name": "newswatch",
        },
    )


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write: committed at the end, rolled back on any error."""
    with _translated(engine.url), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads, all of it as of one moment. It waits for no writer and keeps none waiting."""
    options: dict[str, Any] = {READ_ONLY: True}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _translated(engine.url), engine.connect() as plain:
        connection = plain.execution_options(**options)
        with connection.begin():
            yield connection


def one_at_a_time(connection: Connection, name: str) -> None:
    """Until this transaction ends, nobody else is past this line with the same name.

    SQLite has one writer at a time as it is.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


def upsert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what to do when the row is there already. Both databases spell it alike."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def in_chunks(values: Iterable[Item], size: int = IN_LIST) -> Iterator[list[Item]]:
    """The values in lists that fit into one statement."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number is the latter
        raise Misconfigured(
            "NEWSWATCH_ALERTS_DATABASE: not a database address; write sqlite:////folder/alerts.sqlite "
            "or postgresql://user:password@host/database"
        ) from error
    backend = address.get_backend_name()
    if backend == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and address.database not in {None, "", ":memory:"}:
        return address.set(drivername="sqlite+pysqlite")
    raise Misconfigured(
        f"NEWSWATCH_ALERTS_DATABASE: {address.render_as_string(hide_password=True)} cannot be used; "
        "newswatch keeps its alerts in a SQLite file or in PostgreSQL"
    )


def _options(address: URL) -> str:
    """What the address itself asks of the server."""
    written = address.query.get("options", "")
    return written if isinstance(written, str) else " ".join(written)


def _engine(address: URL, **options: Any) -> Engine:
    return create_engine(address, json_serializer=_to_json, json_deserializer=msgspec.json.decode, **options)


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _open_sqlite(address: URL) -> Engine:
    path = Path(str(address.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            f"cannot make the folder {path.parent} of the alerts' database: {error.strerror}"
        ) from error
    engine = _engine(address, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # We say BEGIN ourselves: Python's driver would open a read transaction first and fail when it turns into a write.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32768"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN DEFERRED" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def _translated(address: URL) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Contended(f"another writer was faster: {error.orig}") from error
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Transient(f"the database does not answer: {_cause(error)}") from error
    except DatabaseError as error:
        if not is_damaged(error):
            raise
        raise Misconfigured(
            f"{address.database}: damaged, or no SQLite database ({_cause(error)}). "
            "Restore it from a backup; without one, move it away and `newswatch apply` your file again"
        ) from error


def is_damaged(error: DatabaseError) -> bool:
    """Whether SQLite says that the file itself is broken, which no repeating mends."""
    return any(words in str(error.orig) for words in DAMAGED)


def _cause(error: Exception) -> object:
    return error.orig if isinstance(error, DBAPIError) else error
