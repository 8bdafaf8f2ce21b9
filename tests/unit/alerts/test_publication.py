from collections.abc import Iterable
from dataclasses import replace

import pytest

from alerts.publication import Held, HeldList, lacking, manifest_of, manifest_record, next_epoch, record, seen_in
from tests.matches import entity
from wire.codec import decode
from wire.kafka import Incoming, Record
from wire.topics import WATCHLISTS
from wire.watchlist import EPOCH_HEADER, MANIFEST_KEY, Manifest, Watchlist, WatchlistId

FERRIES, PORTS = WatchlistId("ferries"), WatchlistId("ports")


def held(epoch: int = 1, **lists: int) -> Held:
    """Each watchlist by its version; a negative one is removed."""
    return Held(epoch=epoch, lists={WatchlistId(id_): listed(version) for id_, version in lists.items()})


def listed(version: int, name: str = "Northmere") -> HeldList:
    if version < 0:
        return HeldList(version=-version, removed=True)
    return HeldList(version=version, name="A list", entities=(entity(name),))


def on_topic(records: Iterable[Record]) -> list[Incoming]:
    return [
        Incoming(
            topic="watchlists",
            partition=0,
            offset=offset,
            key=each.key,
            value=each.value,
            headers=each.headers,
            timestamp_ms=0,
        )
        for offset, each in enumerate(records)
    ]


def after(database: Held) -> list[Incoming]:
    """The topic once the publisher has brought it up to this database."""
    return on_topic(lacking(seen_in([]), database))


def keys(records: Iterable[Record]) -> list[bytes | None]:
    return [each.key for each in records]


def test_an_empty_topic_hears_of_everything_the_manifest_last() -> None:
    records = lacking(seen_in([]), held(ferries=3, ports=1, rivers=-4))
    assert keys(records) == [b"ferries", b"ports", MANIFEST_KEY]
    assert decode(Manifest, records[-1].value or b"").versions == {FERRIES: 3, PORTS: 1}


def test_an_empty_database_still_says_that_it_is_empty() -> None:
    assert keys(lacking(seen_in([]), held())) == [MANIFEST_KEY]


def test_a_topic_that_is_up_to_date_lacks_nothing() -> None:
    database = held(ferries=3, rivers=-4)
    assert lacking(seen_in(after(database)), database) == []
    assert next_epoch(seen_in(after(database)), database) == 1


def test_only_what_is_new_is_published() -> None:
    assert keys(lacking(seen_in(after(held(ferries=3, ports=1))), held(ferries=4, ports=1))) == [
        b"ferries",
        MANIFEST_KEY,
    ]


def test_a_removed_watchlist_becomes_a_tombstone_with_its_version() -> None:
    tombstone, manifest = lacking(seen_in(after(held(ferries=3))), held(ferries=-4))
    assert (tombstone.value, dict(tombstone.headers)["version"]) == (None, b"4")
    assert decode(Manifest, manifest.value or b"").versions == {}


def test_a_manifest_that_was_not_written_before_a_crash_is_written() -> None:
    database = held(ferries=3)
    assert keys(lacking(seen_in(after(database)[:-1]), database)) == [MANIFEST_KEY]


@pytest.mark.parametrize(
    "restored",
    [
        pytest.param(held(ferries=2), id="an older version"),
        pytest.param(held(), id="a list it does not know"),
        pytest.param(Held(epoch=1, lists={FERRIES: listed(3, "Other words")}), id="the same version in other words"),
        pytest.param(held(ferries=-3), id="the same version removed"),
    ],
)
def test_a_restored_database_begins_a_new_epoch(restored: Held) -> None:
    assert next_epoch(seen_in(after(held(ferries=3))), restored) == 2


def test_a_database_of_an_older_epoch_goes_beyond_the_topics() -> None:
    assert next_epoch(seen_in(after(held(epoch=5, ferries=1))), held(epoch=2, ferries=9)) == 6


def test_a_database_that_is_ahead_keeps_its_epoch() -> None:
    assert next_epoch(seen_in(after(held(ferries=3))), held(ferries=9, ports=1)) == 1
    assert next_epoch(seen_in([]), held(epoch=4)) == 4


def test_in_a_new_epoch_everything_is_said_again_and_the_unknown_is_withdrawn() -> None:
    records = lacking(seen_in(after(held(ferries=3, ports=7))), held(epoch=2, ferries=2))
    assert keys(records) == [b"ferries", b"ports", MANIFEST_KEY]
    assert [each.value is None for each in records] == [False, True, False]
    assert {dict(each.headers)[EPOCH_HEADER] for each in records[:-1]} == {b"2"}


def test_what_is_published_is_the_watchlist() -> None:
    said = decode(Watchlist, record(FERRIES, listed(3), 2).value or b"")
    assert said == Watchlist(id=FERRIES, epoch=2, version=3, name="A list", entities=(entity("Northmere"),))


def test_the_last_record_of_a_key_counts() -> None:
    topic = [*after(held(ferries=1)), *on_topic([record(FERRIES, listed(2), 1), manifest_record(manifest_of(held()))])]
    seen = seen_in(topic)
    assert seen.latest[FERRIES].value == record(FERRIES, listed(2), 1).value
    assert seen.manifest == Manifest(epoch=1, versions={})


def spoilt(records: Iterable[Incoming], key: bytes) -> list[Incoming]:
    """The same topic, where a stranger overwrote one record."""
    return [replace(each, value=b"no words of ours") if each.key == key else each for each in records]


def test_an_unreadable_manifest_is_said_again() -> None:
    database = held(ferries=3)
    assert keys(lacking(seen_in(spoilt(after(database), MANIFEST_KEY)), database)) == [MANIFEST_KEY]


def test_an_unreadable_watchlist_is_said_again_under_the_same_epoch() -> None:
    database = held(ferries=3, ports=1)
    seen = seen_in(spoilt(after(database), b"ferries"))
    assert next_epoch(seen, database) == 1
    assert keys(lacking(seen, database)) == [b"ferries", MANIFEST_KEY]


def test_an_unreadable_watchlist_that_nobody_knows_is_taken_away() -> None:
    stranger = on_topic([Record(topic=WATCHLISTS, key=b"rivers", value=b"no words of ours")])
    tombstone, _ = lacking(seen_in(stranger), held())
    assert (tombstone.key, tombstone.value) == (b"rivers", None)
