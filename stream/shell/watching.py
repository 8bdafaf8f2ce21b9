"""Which watchlists are in force?

A thread of its own reads the compacted topic, builds the next index beside the one in use, and swaps it whole: a
message is matched against one set of watchlists, never against half an edit.
"""

import threading
import time

from stream.matching import AliasIndex
from stream.shell.holding import Holding
from wire import metrics
from wire.errors import Rejected, Transient
from wire.kafka import Incoming, LogReader
from wire.logs import get
from wire.settings import Settings
from wire.topics import WATCHLISTS
from wire.watchlist import WatchlistId

POLL = 0.25  # seconds; a stop waits this long for the thread
RETRY = 2.0
NAMED = 5  # of what is missing, so many are named


class Watching:
    """The watchlists of the topic, as an index that is always whole. Any thread may read `index`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._holding = Holding()
        self._stopping = threading.Event()
        self._complete = threading.Event()
        self._missing = "reading the watchlists"
        self._failed: Exception | None = None
        self._index = AliasIndex.build(())
        self._thread = threading.Thread(target=self._run, name="watchlists", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    @property
    def index(self) -> AliasIndex:
        """The watchlists in force."""
        return self._index

    def check(self) -> None:
        """Return while edits are still taken in. Ask where an exception stops the program, not within an engine.

        Raises:
            NewerVersion: the topic holds one of a newer program.
            Exception: whatever ended the reading: the index would be an old one for ever.
        """
        if self._failed is not None:
            raise self._failed

    def versions(self) -> dict[WatchlistId, int]:
        """The version in force of each watchlist."""
        return {id_: watchlist.version for id_, watchlist in self._index.watchlists.items()}

    def missing(self) -> str:
        """What keeps a matcher from starting; empty when nothing does."""
        return self._missing if self._failed is None else f"{type(self._failed).__name__}: {self._failed}"

    def wait(self, timeout: float) -> bool:
        """Whether the watchlists are complete, at the latest after `timeout` seconds.

        Raises:
            NewerVersion: they will never be, for this program.
        """
        complete = self._complete.wait(timeout)
        self.check()
        return complete

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow(LogReader(self._settings, WATCHLISTS))
            except Transient as error:
                if not self._complete.is_set():
                    self._missing = str(error)
                self._stopping.wait(RETRY)
            except Exception as error:  # noqa: BLE001  # the matcher must stop, not match an old index for ever
                self._failed = error
                self._complete.set()
                return

    def _follow(self, reader: LogReader) -> None:
        try:
            while not self._stopping.is_set():
                records = reader.poll(POLL)
                self._take(records)
                if not self._complete.is_set():
                    self._put_in_force(whole=reader.caught_up())
                elif records:
                    self._put_in_force(whole=True)
        finally:
            reader.close()

    def _take(self, records: list[Incoming]) -> None:
        for record in records:
            try:
                self._holding.take((record,))
            except Rejected as error:
                get().error("watchlist unreadable", offset=record.offset, error=str(error))

    def _put_in_force(self, *, whole: bool) -> None:
        """Swap the index. While something is missing the last whole one stays: a matcher never goes back."""
        missing = self._holding.missing()
        self._missing = ", ".join(missing[:NAMED]) if missing else ("" if whole else "reading the watchlists")
        if self._missing:
            return
        started = time.perf_counter()
        wanted, present = self._holding.in_force(), self._index.watchlists
        added = [watchlist for id_, watchlist in wanted.items() if present.get(id_) is not watchlist]
        removed = [id_ for id_ in present if id_ not in wanted]
        if added or removed:
            self._index = self._index.with_changes(added, removed)
            metrics.WATCHLIST_SWAPS.inc()
            metrics.WATCHLIST_ENTITIES.set(len(self._index))
            took = round(time.perf_counter() - started, 3)
            get().info("watchlists swapped", changed=len(added), removed=len(removed), seconds=took)
        self._complete.set()
