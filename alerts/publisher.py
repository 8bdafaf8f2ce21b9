"""How do watchlists get from the database to the stream?

One publisher at a time, by a lease in the database. When it takes over it compares the whole topic with the database;
from then on it publishes what the outbox names, in order, each time followed by a manifest.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, select, update

from alerts import schema
from alerts.database import in_chunks, reading, upsert, writing
from alerts.leases import give_up_lease, take_lease
from alerts.publication import Held, HeldList, lacking, manifest_of, manifest_record, next_epoch, record, seen_in
from wire import logs
from wire.errors import Transient
from wire.kafka import Incoming, Record
from wire.topics import WATCHLISTS
from wire.watchlist import Entity, WatchlistId

LEASE = timedelta(seconds=60)  # longer than one publish may take; a killed publisher's own restart need not wait
RENEW_SECONDS = 15.0
CHUNK = 500  # records in one publish
FIRST_EPOCH = 1
OUTBOX_READ = 5_000  # entries in one step


class Press(Protocol):
    """Puts records on Kafka; a `wire.kafka.Publisher` in life."""

    def publish(self, records: Sequence[Record]) -> list[str | None]: ...


class Log(Protocol):
    """The topic, read from its beginning; a `wire.kafka.LogReader` in life."""

    def poll(self, timeout: float) -> list[Incoming]: ...
    def caught_up(self) -> bool: ...
    def close(self) -> None: ...


class WatchlistPublisher:
    """Keeps the topic `watchlists` saying what the database says. One thread."""

    def __init__(self, engine: Engine, press: Press, read_topic: Callable[[], Log], *, holder: str) -> None:
        """`read_topic` opens the topic anew; `holder` names this process, the same after a restart."""
        self._engine = engine
        self._press = press
        self._read_topic = read_topic
        self._holder = holder
        self._renewed = float("-inf")
        self._in_step = False
        self._log = logs.get()

    def step(self) -> int:
        """Publish what is to be published now. Returns how many records that were.

        Raises:
            Transient: Kafka or the database is away; call again.
        """
        if not self._holds_lease():
            self._in_step = False
            return 0
        return self._publish_outbox() if self._in_step else self._catch_up()

    def close(self) -> None:
        """Let another process take over at once."""
        try:
            with writing(self._engine) as connection:
                give_up_lease(connection, WATCHLISTS.name, holder=self._holder)
        except Transient:
            return  # it runs out by itself

    def _holds_lease(self) -> bool:
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return True
        begun = time.monotonic()
        with writing(self._engine) as connection:
            now = datetime.now(UTC)
            taken = take_lease(connection, WATCHLISTS.name, holder=self._holder, now=now, length=LEASE)
        self._renewed = begun if taken else float("-inf")
        return taken

    def _catch_up(self) -> int:
        """Compare the whole topic with the database, and say what is missing."""
        seen = seen_in(self._whole_topic())
        with writing(self._engine) as connection:
            entries = _unpublished(connection)  # before the lists: an edit that comes in between stays in the outbox
            held = Held(epoch=_epoch(connection), lists=_lists(connection))
            epoch = next_epoch(seen, held)
            _set_epoch(connection, epoch)
        if epoch > held.epoch:
            self._log.warning("the topic is ahead of the database: a new epoch begins", epoch=epoch)
        records = lacking(seen, Held(epoch=epoch, lists=held.lists))
        self._publish(records)
        self._mark_published([number for number, _ in entries])
        self._in_step = True
        return len(records)

    def _publish_outbox(self) -> int:
        with reading(self._engine) as connection:
            entries = _unpublished(connection)
            if not entries:
                return 0
            # A list that was edited twice is said once, as it stands: nobody needs what is in force no more.
            changed = _lists(connection, list(dict.fromkeys(id_ for _, id_ in entries)))
            epoch = _epoch(connection)
            manifest = manifest_of(Held(epoch=epoch, lists=_versions(connection)))
        records = [record(id_, changed[id_], epoch) for id_ in dict.fromkeys(id_ for _, id_ in entries)]
        self._publish([*records, manifest_record(manifest)])
        self._mark_published([number for number, _ in entries])
        return len(records) + 1

    def _publish(self, records: Sequence[Record]) -> None:
        for chunk in in_chunks(records, CHUNK):
            for refused, why in zip(chunk, self._press.publish(chunk), strict=True):
                if why is not None:
                    key = (refused.key or b"").decode("utf-8", "replace")
                    self._log.error("the broker refuses a watchlist; matchers wait for it", key=key, reason=why)

    def _whole_topic(self) -> list[Incoming]:
        """The latest record of each key: the topic may still hold every version there ever was."""
        log = self._read_topic()
        latest: dict[bytes | None, Incoming] = {}
        try:
            while True:
                latest |= {incoming.key: incoming for incoming in log.poll(1.0)}
                if log.caught_up():
                    return list(latest.values())
        finally:
            log.close()

    def _mark_published(self, numbers: Sequence[int]) -> None:
        if numbers:
            with writing(self._engine) as connection:
                for some in in_chunks(numbers):
                    done = update(schema.outbox).where(schema.outbox.c.id.in_(some))
                    connection.execute(done.values(published_at=datetime.now(UTC)))


def _unpublished(connection: Connection) -> list[tuple[int, WatchlistId]]:
    table = schema.outbox
    waiting = select(table.c.id, table.c.watchlist).where(table.c.published_at.is_(None)).order_by(table.c.id)
    return [(number, id_) for number, id_ in connection.execute(waiting.limit(OUTBOX_READ))]


def _lists(connection: Connection, only: Sequence[WatchlistId] | None = None) -> dict[WatchlistId, HeldList]:
    table = schema.watchlist
    if only is None:
        return {row["id"]: _held_list(row) for row in connection.execute(select(table)).mappings()}
    found: dict[WatchlistId, HeldList] = {}
    for some in in_chunks(only):
        rows = connection.execute(select(table).where(table.c.id.in_(some))).mappings()
        found |= {row["id"]: _held_list(row) for row in rows}
    return found


def _held_list(row: RowMapping) -> HeldList:
    return HeldList(
        version=row["version"],
        name=row["name"],
        entities=msgspec.convert(row["entities"], tuple[Entity, ...]),
        removed=row["removed_at"] is not None,
    )


def _versions(connection: Connection) -> dict[WatchlistId, HeldList]:
    """Every watchlist without its words: enough for a manifest."""
    table = schema.watchlist
    rows = connection.execute(select(table.c.id, table.c.version, table.c.removed_at))
    return {id_: HeldList(version=version, removed=removed_at is not None) for id_, version, removed_at in rows}


def _epoch(connection: Connection) -> int:
    table = schema.publication
    return connection.execute(select(table.c.epoch).where(table.c.topic == WATCHLISTS.name)).scalar() or FIRST_EPOCH


def _set_epoch(connection: Connection, epoch: int) -> None:
    statement = upsert(connection, schema.publication).values(topic=WATCHLISTS.name, epoch=epoch)
    connection.execute(statement.on_conflict_do_update(index_elements=["topic"], set_={"epoch": epoch}))
