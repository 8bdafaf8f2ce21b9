"""Who may act where only one may at a time?"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_

from alerts import schema
from alerts.database import upsert


def take_lease(connection: Connection, name: str, *, holder: str, now: datetime, length: timedelta) -> bool:
    """Whether `holder` may act under `name` until `now + length`: nobody else holds it, or did so too long ago.

    A worker that was killed and comes back under its own name has it again at once.
    """
    table = schema.lease
    statement = upsert(connection, table)
    free = or_(table.c.holder == statement.excluded.holder, table.c.until < now)
    taken = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": statement.excluded.holder, "until": statement.excluded.until},
        where=free,
    )
    # SQLAlchemy tells the rows of an INSERT only where it is asked to keep the number.
    asked = taken.values(name=name, holder=holder, until=now + length).execution_options(preserve_rowcount=True)
    return connection.execute(asked).rowcount == 1


def give_up_lease(connection: Connection, name: str, *, holder: str) -> None:
    """Let the next one in without waiting."""
    table = schema.lease
    connection.execute(delete(table).where(table.c.name == name, table.c.holder == holder))
