"""How far have we read?

Written in the transaction of the alerts that it covers: a database restored from a backup reads on from its own past.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from alerts import schema
from alerts.database import upsert


def next_offset(connection: Connection, topic: str, partition: int, *, cluster: str) -> int | None:
    """Where to read on. None, which means from the start, when nothing was read of this partition of this cluster."""
    table = schema.read_offset
    here = (table.c.topic == topic) & (table.c.partition == partition) & (table.c.cluster == cluster)
    return connection.execute(select(table.c.next_offset).where(here)).scalar()


def save_offsets(connection: Connection, topic: str, offsets: Mapping[int, int], *, cluster: str) -> None:
    """Read on from `offsets` (partition → next offset) after this transaction."""
    if not offsets:
        return
    statement = upsert(connection, schema.read_offset)
    values = {"cluster": statement.excluded.cluster, "next_offset": statement.excluded.next_offset}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["topic", "partition"], set_=values),
        [
            {"topic": topic, "partition": partition, "cluster": cluster, "next_offset": offset}
            for partition, offset in offsets.items()
        ],
    )
