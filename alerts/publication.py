"""What does the topic `watchlists` lack, compared with the database?

Pure: what stands on the topic and what the database holds go in; what to publish comes out. Where the topic knows
something that the database does not, the database was restored from a backup: its epoch rises, and everything is said
again under the new one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from wire.codec import decode, encode
from wire.errors import Rejected
from wire.kafka import Incoming, Record
from wire.topics import WATCHLISTS
from wire.watchlist import EPOCH_HEADER, MANIFEST_KEY, VERSION_HEADER, Entity, Manifest, Watchlist, WatchlistId

Said = TypeVar("Said", Watchlist, Manifest)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldList:
    """One watchlist as the database has it; a removed one keeps its version and says nothing."""

    version: int
    name: str = ""
    entities: tuple[Entity, ...] = ()
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    epoch: int
    lists: Mapping[WatchlistId, HeldList]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The topic's latest record of each watchlist (by key), and its manifest."""

    latest: Mapping[WatchlistId, Incoming] = field(default_factory=dict)
    manifest: Manifest | None = None


def next_epoch(seen: Seen, held: Held) -> int:
    """The database's epoch, or a higher one where the topic is ahead of it."""
    if seen.manifest is None:
        return held.epoch
    if seen.manifest.epoch > held.epoch or (seen.manifest.epoch == held.epoch and _is_ahead(seen.manifest, seen, held)):
        return seen.manifest.epoch + 1
    return held.epoch


def _is_ahead(manifest: Manifest, seen: Seen, held: Held) -> bool:
    """The topic names what the database does not know, or knows the same version of something in other words."""
    for id_, version in manifest.versions.items():
        own = held.lists.get(id_)
        if own is None or version > own.version:
            return True
        if version == own.version and own.removed:
            return True
    return any(_says_otherwise(incoming, id_, held) for id_, incoming in seen.latest.items())


def _says_otherwise(incoming: Incoming, id_: WatchlistId, held: Held) -> bool:
    own = held.lists.get(id_)
    if own is None:
        return incoming.value is not None
    if (header(incoming, EPOCH_HEADER), header(incoming, VERSION_HEADER)) != (held.epoch, own.version):
        return False
    if incoming.value is None or own.removed:
        return own.removed != (incoming.value is None)
    return decode(Watchlist, incoming.value) != _said(id_, own, held.epoch)


def lacking(seen: Seen, held: Held) -> list[Record]:
    """What to publish so that the topic says what `held` holds, the manifest last. Nothing where it does already."""
    records = [
        record(id_, own, held.epoch) for id_, own in held.lists.items() if _lacks(seen.latest.get(id_), own, held.epoch)
    ]
    records += [
        record(id_, HeldList(version=header(incoming, VERSION_HEADER), removed=True), held.epoch)
        for id_, incoming in seen.latest.items()
        if id_ not in held.lists and incoming.value is not None
    ]
    manifest = manifest_of(held)
    return [*records, manifest_record(manifest)] if records or manifest != seen.manifest else []


def _lacks(there: Incoming | None, own: HeldList, epoch: int) -> bool:
    if there is None:
        return not own.removed
    said = (header(there, EPOCH_HEADER), header(there, VERSION_HEADER), there.value is None)
    return said != (epoch, own.version, own.removed)


def manifest_of(held: Held) -> Manifest:
    """The watchlists in force, each with its version."""
    return Manifest(epoch=held.epoch, versions={id_: own.version for id_, own in held.lists.items() if not own.removed})


def record(id_: WatchlistId, own: HeldList, epoch: int) -> Record:
    """One watchlist as it is published; a removed one is a tombstone."""
    return Record(
        topic=WATCHLISTS,
        key=id_.encode(),
        value=None if own.removed else encode(_said(id_, own, epoch)),
        headers=((VERSION_HEADER, str(own.version).encode()), (EPOCH_HEADER, str(epoch).encode())),
    )


def _said(id_: WatchlistId, own: HeldList, epoch: int) -> Watchlist:
    return Watchlist(id=id_, epoch=epoch, version=own.version, name=own.name, entities=own.entities)


def manifest_record(manifest: Manifest) -> Record:
    return Record(topic=WATCHLISTS, key=MANIFEST_KEY, value=encode(manifest))


def seen_in(records: Iterable[Incoming]) -> Seen:
    """What the topic's records, from its beginning on, amount to.

    What nobody can read counts as never said, so that it is said again: it must not end us at each start.
    """
    by_key = {incoming.key: incoming for incoming in records if incoming.key is not None}
    manifest = by_key.pop(MANIFEST_KEY, None)
    return Seen(
        latest={WatchlistId(key.decode("utf-8", "replace")): _legible(incoming) for key, incoming in by_key.items()},
        manifest=_read(Manifest, manifest.value) if manifest else None,
    )


def _legible(incoming: Incoming) -> Incoming:
    """As it came, or without the headers that say which version it is."""
    is_legible = incoming.value is None or _read(Watchlist, incoming.value) is not None
    return incoming if is_legible else replace(incoming, headers=())


def _read(form: type[Said], value: bytes | None) -> Said | None:
    try:
        return decode(form, value) if value else None
    except Rejected:
        return None


def header(incoming: Incoming, name: str) -> int:
    """The number in a header of ours; 0 where it is missing."""
    return next((int(value) for key, value in incoming.headers if key == name and value.isdigit()), 0)
