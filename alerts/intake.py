"""What happens to matches as they arrive?

One polled batch is one transaction: alerts, deliveries, suppressions, and where to read on. A match that cannot be read
or recorded goes to the dead letters with its reason, and the others go on.
"""

import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from sqlalchemy import Engine

from alerts import offsets
from alerts.database import Contended, reading, writing
from alerts.policy import Rules
from alerts.record import Recorded, record
from alerts.routes import RouteBook
from wire import logs, metrics
from wire.codec import decode
from wire.errors import NewswatchError, Rejected, Transient
from wire.kafka import Incoming
from wire.messages import DeadReason, Match
from wire.topics import MATCHES

CHUNK = 500  # matches in one transaction: some 50 ms, in which the sender waits
TRIES = (
    20  # at rows that another worker writes too; who loses so often does not race, but breaks a rule of the database
)
PAUSE = 0.5  # seconds between two tries while Kafka or the database is away

Answer = TypeVar("Answer")


class Source(Protocol):
    """Where matches come from; a `GroupConsumer` in life."""

    def poll(self, timeout: float) -> list[Incoming]: ...
    def commit(self, offsets: Mapping[int, int]) -> None: ...
    def lag(self) -> int: ...


class Bury(Protocol):
    """Puts a message aside for good, with its reason."""

    def __call__(self, incoming: Incoming, reason: DeadReason, detail: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Item:
    incoming: Incoming
    match: Match | None  # None: it is buried, and only its offset counts


class Intake:
    """Reads matches and records what they ask for. One thread."""

    def __init__(
        self,
        engine: Engine,
        *,
        cluster: str,
        rules: Rules,
        bury: Bury,
        tell: Callable[[], None] = lambda: None,
        beat: Callable[[], None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`tell` is called when deliveries were added, `beat` at every sign of life."""
        self._engine = engine
        self._cluster = cluster
        self._rules = rules
        self._bury = bury
        self._tell = tell
        self._beat = beat
        self._stopping = stopping
        self._book = RouteBook()
        self._log = logs.get()
        self.away = ""  # what does not answer at the moment

    def start(self, partition: int) -> int | None:
        """Where to begin: the consumer asks, while it polls, whenever it is given a partition."""
        with reading(self._engine) as connection:
            return offsets.next_offset(connection, MATCHES.name, partition, cluster=self._cluster)

    def step(self, source: Source, timeout: float) -> int:
        """Record what arrives within `timeout` seconds. Returns how many messages that was."""
        batch = self._insist(lambda: source.poll(timeout))
        for start in range(0, len(batch), CHUNK):
            chunk = batch[start : start + CHUNK]
            self._take(chunk)
            source.commit(_ends(chunk))
        metrics.LAG.labels(MATCHES.name).set(source.lag())
        self._beat()
        return len(batch)

    def _take(self, chunk: Sequence[Incoming]) -> None:
        begun = time.monotonic()
        recorded = self._record([self._item(incoming) for incoming in chunk])
        _count(recorded, len(chunk), time.monotonic() - begun)
        if recorded.deliveries:
            self._tell()

    def _item(self, incoming: Incoming) -> _Item:
        try:
            return _Item(incoming, decode(Match, incoming.value or b""))
        except Rejected as error:
            self._set_aside(incoming, "undecodable", str(error))
            return _Item(incoming, None)

    def _record(self, items: Sequence[_Item]) -> Recorded:
        """All of them in one transaction; after a bug, one by one, so that only its cause is set aside."""
        try:
            return self._insist(lambda: self._transact(items))
        except Exception as error:  # the one place where a bug costs one match instead of the loop
            if isinstance(error, NewswatchError) and not isinstance(error, Contended):
                raise
            if len(items) == 1:
                if items[0].match is None:
                    raise  # nothing of the message is in it any more: the fault is ours, and meets the next one too
                self._set_aside(items[0].incoming, "bug", traceback.format_exc())
                return self._record([_Item(items[0].incoming, None)])
            return _sum(self._record([item]) for item in items)

    def _transact(self, items: Sequence[_Item]) -> Recorded:
        matches = [item.match for item in items if item.match is not None]
        with writing(self._engine) as connection:
            routes = self._book.routes(connection)
            recorded = record(connection, matches, routes=routes, now=datetime.now(UTC), rules=self._rules)
            ends = _ends([item.incoming for item in items])
            offsets.save_offsets(connection, MATCHES.name, ends, cluster=self._cluster)
        metrics.STAGE_ITEMS.labels("alert", "ok").inc(len(matches))
        return recorded

    def _set_aside(self, incoming: Incoming, reason: DeadReason, detail: str) -> None:
        self._log.warning("match set aside", reason=reason, partition=incoming.partition, offset=incoming.offset)
        self._insist(lambda: self._bury(incoming, reason, detail))
        metrics.DEAD_LETTERS.labels(reason).inc()
        metrics.STAGE_ITEMS.labels("alert", "dead").inc()

    def _insist(self, call: Callable[[], Answer]) -> Answer:
        """Call until it answers. What was read is neither skipped nor dropped because the world is away."""
        contended = 0
        while True:
            try:
                answer = call()
            except Contended:
                contended += 1
                if contended == TRIES:
                    raise
            except Transient as error:
                if self._stopping():
                    raise
                self._note_away(str(error))
                time.sleep(PAUSE)
            else:
                self._note_away("")
                return answer

    def _note_away(self, why: str) -> None:
        """Say it once, not at every try."""
        if why and not self.away:
            self._log.warning("waiting", reason=why)
        self.away = why
        self._beat()


def _ends(chunk: Iterable[Incoming]) -> dict[int, int]:
    """The next offset of each partition; within one, messages are in order."""
    return {incoming.partition: incoming.offset + 1 for incoming in chunk}


def _sum(parts: Iterable[Recorded]) -> Recorded:
    whole = Recorded()
    for part in parts:
        whole.alerts += part.alerts
        whole.deliveries += part.deliveries
        whole.suppressed += part.suppressed
    return whole


def _count(recorded: Recorded, messages: int, seconds: float) -> None:
    metrics.ALERTS_CREATED.inc(recorded.alerts)
    for reason, count in recorded.suppressed.items():
        metrics.ALERTS_SUPPRESSED.labels(reason).inc(count)
    metrics.STAGE_SECONDS.labels("alert").observe(seconds / messages)
    metrics.STAGE_LAST_ITEM.labels("alert").set_to_current_time()
