"""Which watchlists do the records on the compacted topic amount to?"""

import pytest

from stream.shell.holding import Holding
from wire.codec import encode
from wire.errors import NewerVersion, Rejected
from wire.kafka import Headers, Incoming
from wire.watchlist import EPOCH_HEADER, MANIFEST_KEY, VERSION_HEADER, Manifest, Watchlist, WatchlistId

A, B = WatchlistId("a"), WatchlistId("b")


def record(key: bytes, value: bytes | None, headers: Headers = ()) -> Incoming:
    return Incoming(topic="watchlists", partition=0, offset=0, key=key, value=value, headers=headers, timestamp_ms=0)


def version(of: WatchlistId, number: int, epoch: int = 1) -> Incoming:
    watchlist = Watchlist(id=of, epoch=epoch, version=number, name=f"{of} {number}")
    return record(of.encode(), encode(watchlist))


def manifest(epoch: int = 1, **versions: int) -> Incoming:
    names = {WatchlistId(name): number for name, number in versions.items()}
    return record(MANIFEST_KEY, encode(Manifest(epoch=epoch, versions=names)))


def removed(of: WatchlistId, number: int, epoch: int = 1) -> Incoming:
    headers = ((EPOCH_HEADER, b"%d" % epoch), (VERSION_HEADER, b"%d" % number))
    return record(of.encode(), None, headers)


def held(*records: Incoming) -> tuple[dict[WatchlistId, int], bool]:
    """The versions in force, and whether they are complete."""
    holding = Holding()
    holding.take(records)
    in_force = {id_: watchlist.version for id_, watchlist in holding.in_force().items()}
    return in_force, not holding.missing()


def test_without_a_manifest_nothing_is_complete() -> None:
    assert held(version(A, 1)) == ({A: 1}, False)


def test_what_the_manifest_names_must_be_there() -> None:
    assert held(version(A, 1), manifest(a=1, b=1)) == ({A: 1}, False)
    assert held(manifest(a=1, b=1), version(A, 1), version(B, 1)) == ({A: 1, B: 1}, True)


def test_an_older_version_does_not_satisfy_the_manifest() -> None:
    assert held(version(A, 1), manifest(a=2)) == ({A: 1}, False)


def test_an_empty_manifest_is_complete() -> None:
    assert held(manifest()) == ({}, True)


def test_a_lower_version_never_replaces_a_higher_one() -> None:
    assert held(version(A, 5), version(A, 4), manifest(a=5)) == ({A: 5}, True)


def test_an_edit_counts_before_the_manifest_that_names_it() -> None:
    assert held(version(A, 1), manifest(a=1), version(A, 2), version(B, 1)) == ({A: 2, B: 1}, True)


def test_a_tombstone_removes() -> None:
    assert held(version(A, 1), version(B, 1), manifest(a=1, b=1), removed(A, 1), manifest(b=1)) == ({B: 1}, True)


def test_a_version_below_the_tombstone_does_not_bring_it_back() -> None:
    assert held(removed(A, 3), version(A, 3), version(A, 2), manifest()) == ({}, True)
    assert held(removed(A, 3), version(A, 4), manifest(a=4)) == ({A: 4}, True)


def test_a_late_tombstone_does_not_remove_a_higher_version() -> None:
    assert held(version(A, 4), removed(A, 3), manifest(a=4)) == ({A: 4}, True)


def test_after_a_restored_database_the_older_epoch_is_void() -> None:
    assert held(version(A, 9), version(B, 9), manifest(a=9, b=9), version(A, 2, epoch=2), manifest(2, a=2)) == (
        {A: 2},
        True,
    )


def test_a_new_epoch_is_incomplete_until_it_is_there() -> None:
    assert held(version(A, 9), manifest(a=9), manifest(2, a=3)) == ({}, False)


def test_a_manifest_of_an_older_epoch_is_ignored() -> None:
    assert held(version(A, 1, epoch=2), manifest(2, a=1), manifest(1, a=9, b=9)) == ({A: 1}, True)


def test_what_cannot_be_read_is_said_not_skipped() -> None:
    with pytest.raises(Rejected):
        held(record(b"a", b"no json"))
    with pytest.raises(NewerVersion):
        held(record(b"a", b'{"v":99}'))
