"""How does a database of any age come to the shape that this program needs?

On start, under a lock, in one transaction: a second process waits and finds the work done.
"""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, text

from alerts.database import writing
from wire.errors import Misconfigured

LOCK = 7_034_011_290  # any number, as long as nobody else on the same PostgreSQL locks by it


def migrate(engine: Engine, target: str = "head") -> None:
    """Bring the database to `target`, normally the newest shape.

    Raises:
        Misconfigured: a newer newswatch has been here.
        Transient: the database does not answer.
    """
    with writing(engine) as connection:
        _lock(connection)
        _refuse_newer(connection)
        command.upgrade(_config(connection), target)


def downgrade(engine: Engine, target: str) -> None:
    """Back to an older shape, as before going back to an older newswatch."""
    with writing(engine) as connection:
        _lock(connection)
        command.downgrade(_config(connection), target)


def is_current(connection: Connection) -> bool:
    """Whether the database has the shape that this program needs."""
    return MigrationContext.configure(connection).get_current_revision() == _scripts().get_current_head()


def _lock(connection: Connection) -> None:
    """SQLite's BEGIN IMMEDIATE is the lock already; PostgreSQL's ends with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _refuse_newer(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    try:
        _scripts().get_revision(current or "base")
    except CommandError as error:
        raise Misconfigured(
            f"the alerts' database has the shape {current!r}, which this newswatch does not know: "
            "a newer one has been here. Upgrade newswatch, or restore the backup from before"
        ) from error


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "alerts:migrations")
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
