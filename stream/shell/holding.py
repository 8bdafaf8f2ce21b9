"""Which watchlists do the records on the compacted topic amount to?

Pure. A watchlist counts in its highest (epoch, version). What a manifest of a newer epoch does not know of was made
after the backup that the database was restored from, and is void.
"""

from collections.abc import Iterable, Mapping

from wire.codec import decode
from wire.kafka import Incoming
from wire.watchlist import EPOCH_HEADER, MANIFEST_KEY, VERSION_HEADER, Manifest, Watchlist, WatchlistId

Standing = tuple[int, int]  # epoch, version


class Holding:
    """What was read so far. One owner."""

    def __init__(self) -> None:
        self.manifest: Manifest | None = None
        self._lists: dict[WatchlistId, Watchlist] = {}
        self._standing: dict[WatchlistId, Standing] = {}

    def take(self, records: Iterable[Incoming]) -> None:
        """Take in records in the order of the topic.

        Raises:
            NewerVersion: one was written by a newer program.
            Rejected: one cannot be read.
        """
        for record in records:
            if record.key == MANIFEST_KEY:
                self._take_manifest(decode(Manifest, record.value or b""))
            elif record.value is None:
                self._remove(WatchlistId((record.key or b"").decode("utf-8", "replace")), dict(record.headers))
            else:
                self._take_watchlist(decode(Watchlist, record.value))

    def in_force(self) -> Mapping[WatchlistId, Watchlist]:
        """The watchlists to match. Edits count as soon as they are read, before the manifest that names them."""
        epoch = self.manifest.epoch if self.manifest else 0
        return {id_: watchlist for id_, watchlist in self._lists.items() if watchlist.epoch >= epoch}

    def missing(self) -> tuple[str, ...]:
        """What the manifest names and is not there; without a manifest nothing can be known to be complete."""
        if self.manifest is None:
            return ("the manifest of the watchlists: has `newswatch run alert` published it?",)
        return tuple(
            f"watchlist {id_} version {version}"
            for id_, version in sorted(self.manifest.versions.items())
            if self._standing.get(id_, (0, 0)) < (self.manifest.epoch, version)
        )

    def _take_manifest(self, manifest: Manifest) -> None:
        if self.manifest is None or manifest.epoch >= self.manifest.epoch:
            self.manifest = manifest

    def _take_watchlist(self, watchlist: Watchlist) -> None:
        standing = (watchlist.epoch, watchlist.version)
        if standing > self._standing.get(watchlist.id, (0, 0)):
            self._standing[watchlist.id] = standing
            self._lists[watchlist.id] = watchlist

    def _remove(self, id_: WatchlistId, headers: Mapping[str, bytes]) -> None:
        held = self._standing.get(id_, (0, 0))
        standing = (_number(headers, EPOCH_HEADER, held[0]), _number(headers, VERSION_HEADER, held[1]))
        if standing >= held:
            self._standing[id_] = standing
            self._lists.pop(id_, None)


def _number(headers: Mapping[str, bytes], name: str, default: int) -> int:
    digits = headers.get(name, b"")
    return int(digits) if digits.isdigit() else default
