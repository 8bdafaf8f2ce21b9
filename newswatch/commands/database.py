"""How do commands read what the alert program wrote, without making or changing anything?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from alerts.database import open_database, reading
from alerts.migrations import is_current
from alerts.schema import metadata
from wire.errors import Misconfigured
from wire.settings import Settings


@contextmanager
def reading_alerts(settings: Settings) -> Iterator[Connection | None]:
    """One reading transaction on the alerts' database; None when nothing has been written yet.

    Raises:
        Misconfigured: the database is of another version of newswatch.
    """
    engine = open_database(settings.alerts_url)
    if not _exists(engine):
        yield None
        return
    with reading(engine) as connection:
        if is_current(connection):
            yield connection
        elif engine.dialect.has_table(connection, metadata.tables["alert"].name):
            raise Misconfigured(
                "the alerts' database is of another version of newswatch; `newswatch apply` or a start of the alert "
                "program brings an older one up to date"
            )
        else:
            yield None


def _exists(engine: Engine) -> bool:
    """Connecting to a SQLite file that is missing would make it."""
    return engine.dialect.name != "sqlite" or Path(str(engine.url.database)).exists()
