"""What does cluster know, and up to where in the log?

The window is a function of the log before it. Wherever this process stands, `reach` reads on to where it should be: at
the start from a snapshot, as a standby behind the group, at a take-over the rest.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from stream.cluster import cluster
from stream.shell.app import Standing
from stream.shell.handling import Decided
from stream.shell.snapshots import Snapshots
from stream.stories import StoryWindow
from wire import metrics
from wire.codec import decode, encode
from wire.dead import letter_of
from wire.errors import NewerVersion, NewswatchError, Rejected, Transient
from wire.kafka import Admin, Incoming, LogReader, OpenAdmin, Record, log_name
from wire.logs import get
from wire.messages import Annotation, Match
from wire.settings import Settings
from wire.topics import ANNOTATIONS, MATCHES, dead

PARTITION = 0  # of `annotations`, which has no other
SNAPSHOT_EVERY = 300.0  # seconds; a start reads at most this much of the log again, at over a thousand a second
WARM_EVERY = 1.0  # seconds between two looks of a standby
WARM_STEP = 200  # annotations that a standby takes in at once: some 0.1 s
POLL = 0.5
GROUP_TIMEOUT = 1.0  # seconds; a standby asks in the event loop


class LiveWindow:
    """The story window at its place in the log. One thread only.

    Args:
        program: whose committed offset a standby stays behind.
        alive: called now and then while a long stretch of log is read.
    """

    def __init__(
        self,
        settings: Settings,
        program: str,
        window: Callable[[], StoryWindow],
        *,
        alive: Callable[[], None] = lambda: None,
        snapshot_every: float = SNAPSHOT_EVERY,
    ) -> None:
        self._settings = settings
        self._program = program
        self._new = window
        self._window = window()
        self._alive = alive
        self._snapshot_every = snapshot_every
        folder = settings.home / "state" / f"cluster-{settings.instance}"
        self._snapshots = Snapshots(folder, _log(settings), limits_of(settings))
        self._killers: set[int] = set()
        self._buried: LogReader | None = None
        self._reader: LogReader | None = None
        self._group = OpenAdmin(settings, timeout=GROUP_TIMEOUT)
        self._saved_at = time.monotonic()
        self._saved = -1
        self._looked = 0.0
        self.next_offset = 0

    def restore(self) -> None:
        """Start where the group stands: the newest good snapshot and the log after it, or the log alone."""
        started = time.monotonic()
        first, target = self._bounds()
        source = "snapshot" if self._load(target) else "log"
        if source == "log":
            self._remember_before(max(first, target - self._settings.story_articles))
        self.reach(target)
        took = round(time.monotonic() - started, 1)
        get().info("window restored", source=source, offset=self.next_offset, articles=len(self._window), seconds=took)

    def reach(self, target: int) -> None:
        """Read on, so that the window knows all before `target`. Decides again, tells nobody."""
        if self.next_offset >= target:
            return
        try:
            self._learn_of_killers()
            self._read_to(target)
        except NewswatchError:
            self._let_go()
            raise

    def _read_to(self, target: int) -> None:
        reader = self._reader_here()
        while self.next_offset < target:
            records = reader.poll(POLL)
            for record in records:
                if record.offset >= target:
                    break
                self._replay(record)
            if (records and records[-1].offset >= target) or (not records and reader.caught_up()):
                self.next_offset = target
            self._alive()

    def _reader_here(self) -> LogReader:
        """The log from our place on. A standby looks every second: the connection stays."""
        if self._reader is None:
            self._reader = LogReader(self._settings, ANNOTATIONS, start={PARTITION: self.next_offset})
        else:
            self._reader.seek(PARTITION, self.next_offset)
        return self._reader

    def _let_go(self) -> None:
        """Whoever decides has no use for these connections; after a failure fresh ones are better."""
        self._group.close()
        for reader in (self._reader, self._buried):
            if reader is not None:
                reader.close()
        self._reader = self._buried = None

    def prepare(self, incoming: Incoming) -> None:
        """Be ready to decide about this annotation."""
        self.reach(incoming.offset)

    def decide(self, incoming: Incoming) -> Decided:
        """The match of one annotation, if there is something to be said."""
        self.next_offset = max(self.next_offset, incoming.offset + 1)
        annotation = decode(Annotation, incoming.value or b"")
        match = self._cluster(annotation, incoming)
        if match is None:
            return Decided(fields={"article": annotation.id})
        metrics.STORY_DECISIONS.labels(match.relation).inc()
        record = Record(topic=MATCHES, key=match.story.encode(), value=encode(match))
        fields = {"article": annotation.id, "story": match.story, "relation": match.relation}
        return Decided(records=(record,), fields=fields)

    def tick(self, standing: Standing) -> None:
        """Keep a snapshot young where we decide, and the window warm where another does."""
        metrics.STORY_WINDOW.set(len(self._window))
        if PARTITION in standing.owned:
            self._let_go()
            self._keep_snapshot(standing.confirmed.get(PARTITION, -1))
        elif not standing.rebalancing and time.monotonic() - self._looked > WARM_EVERY:
            self._looked = time.monotonic()
            self._warm()

    def close(self, standing: Standing) -> None:
        """A last snapshot, when all that the window knows is committed."""
        self._let_go()
        self._snapshots.abandon()
        if standing.confirmed.get(PARTITION, -1) == self.next_offset != self._saved:
            self._snapshots.save(self.next_offset, self._window.dump())

    def _bounds(self) -> tuple[int, int]:
        """Where the log begins, and up to where the group has decided."""
        with Admin(self._settings) as admin:
            first = admin.first_offsets(ANNOTATIONS)[PARTITION]
            committed = admin.committed(self._program, ANNOTATIONS).get(PARTITION, first)
            return first, min(max(first, committed), admin.end_offsets(ANNOTATIONS)[PARTITION])

    def _load(self, target: int) -> bool:
        for offset, body in self._snapshots.newest_first():
            if offset > target:
                continue  # it knows what the group does not: another Kafka's, or the group's offsets were reset
            try:
                self._window = StoryWindow.load(body)
            except Exception as error:  # noqa: BLE001  # an engine's own format: whatever it says, the log knows better
                self._snapshots.set_aside(offset, f"the window does not load: {error!r}")
                continue
            self.next_offset = self._saved = offset
            return True
        return False

    def _remember_before(self, start: int) -> None:
        """Stories told before the log that is read again begins: so that their late copies stay silent."""
        self._window, self.next_offset = self._new(), start
        reader = LogReader(self._settings, MATCHES)
        try:
            for record in reader.to_end(self._alive):
                self._remember(record, start)
        finally:
            reader.close()

    def _remember(self, record: Incoming, start: int) -> None:
        try:
            match = decode(Match, record.value or b"")
        except Rejected:
            return
        if match.annotation_offset < start:
            self._window.remember(match)

    def _replay(self, record: Incoming) -> None:
        self.next_offset = record.offset + 1
        if record.offset in self._killers:
            return
        try:
            self._cluster(decode(Annotation, record.value or b""), record)
        except NewerVersion:
            raise
        except Exception:  # noqa: BLE001  # it was dead-lettered when it was first decided
            return

    def _cluster(self, annotation: Annotation, incoming: Incoming) -> Match | None:
        appended_at = datetime.fromtimestamp(incoming.timestamp_ms / 1000, UTC)
        return cluster(annotation, self._window, offset=incoming.offset, appended_at=appended_at)

    def _learn_of_killers(self) -> None:
        """Annotations that ended a process are skipped by whoever reads the log again."""
        if self._buried is None:
            self._buried = LogReader(self._settings, dead(ANNOTATIONS))
        for record in self._buried.to_end():
            with suppress(Rejected):  # a stranger's record
                letter = letter_of(record)
                if letter.reason in {"crashed", "hung"}:
                    self._killers.add(letter.offset)

    def _keep_snapshot(self, committed: int) -> None:
        kept = self._snapshots.settle(committed)
        if kept is not None:
            self._saved = kept
        if time.monotonic() - self._saved_at > self._snapshot_every and self.next_offset != self._saved:
            self._saved_at = time.monotonic()
            self._snapshots.begin(self.next_offset, self._window.dump)

    def _warm(self) -> None:
        try:
            committed = self._group.ask(lambda admin: admin.committed(self._program, ANNOTATIONS)).get(PARTITION, 0)
            self.reach(min(committed, self.next_offset + WARM_STEP))
        except Transient as error:
            get().warning("standby cannot follow", error=str(error))


def limits_of(settings: Settings) -> str:
    """How much the window may hold: what a snapshot must have been made under."""
    return f"{settings.story_articles} articles, {settings.story_hours:g} h, {settings.story_memory_days:g} days"


def _log(settings: Settings) -> str:
    try:
        return log_name(settings, ANNOTATIONS)
    except NewswatchError as error:
        raise Transient(f"the story window needs Kafka to start: {error}") from error
