"""How do commands read what the alert program wrote, without making or changing anything?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

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
    if is_missing(settings.alerts_url):
        yield None
        return
    engine = open_database(settings.alerts_url)
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


def is_missing(url: str) -> bool:
    """Whether it is a SQLite file that is not there: opening would make it, and its folder."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        return False  # `open_database` says what is wrong with it
    return address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists()
