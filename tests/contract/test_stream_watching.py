"""Do all edits of the watchlists reach every matcher, on a real Kafka?"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from stream.shell.annotating import stage_of
from stream.shell.handling import Undertaker, handle
from stream.shell.holding import Holding
from stream.shell.watching import Watching
from tests.stream_rig import article, publish_watchlists, settings_for, wait_for, watchlist, watchlist_records
from wire.codec import encode
from wire.errors import NewerVersion
from wire.kafka import Incoming, Publisher, Record
from wire.settings import Settings
from wire.topics import ARTICLES, WATCHLISTS
from wire.watchlist import EPOCH_HEADER, MANIFEST_KEY, VERSION_HEADER, WatchlistId

EDITS = 5000


class Kafka(Protocol):
    bootstrap: str


@pytest.fixture
def settings(broker: Kafka, kafka_prefix: str, tmp_path: Path) -> Settings:
    return settings_for(broker.bootstrap, kafka_prefix, tmp_path / "home")


@pytest.fixture
def matchers(settings: Settings) -> Iterator[tuple[Watching, Watching]]:
    both = Watching(settings), Watching(settings)
    for one in both:
        one.start()
    yield both
    for one in both:
        one.stop()


def publish(settings: Settings, records: Sequence[Record]) -> None:
    publisher = Publisher(settings, "test")
    assert publisher.publish(records) == [None] * len(records)
    publisher.close()


def test_without_a_manifest_no_matcher_starts(settings: Settings, matchers: tuple[Watching, Watching]) -> None:
    publish(settings, watchlist_records([watchlist(1, "Orbital Foundry")])[:1])
    assert not matchers[0].wait(2.0)
    assert "manifest" in matchers[0].missing()


def test_a_matcher_waits_for_all_that_the_manifest_names(
    settings: Settings, matchers: tuple[Watching, Watching]
) -> None:
    first, second, manifest = watchlist_records([watchlist(1, "Orbital Foundry"), watchlist(2, "Tidewater Labs")])
    publish(settings, [first, manifest])
    assert not matchers[0].wait(2.0)
    assert "w2 version 1" in matchers[0].missing()
    publish(settings, [second])
    assert all(one.wait(10) for one in matchers)
    assert matchers[0].versions() == {"w1": 1, "w2": 1}
    assert matchers[0].missing() == ""


def test_five_thousand_edits_reach_two_matchers(settings: Settings, matchers: tuple[Watching, Watching]) -> None:
    lists = [watchlist(number, f"Company {number}") for number in range(50)]
    publish_watchlists(settings, lists)
    assert all(one.wait(10) for one in matchers)
    edits = [
        watchlist_records([watchlist(number % 50, f"Company {number}", version=2 + number // 50)])[0]
        for number in range(EDITS)
    ]
    publish(settings, edits)
    wanted = {WatchlistId(f"w{number}"): 1 + EDITS // 50 for number in range(50)}
    assert wait_for(lambda: all(one.versions() == wanted for one in matchers), timeout=20)
    names = {f"Company {number}" for number in range(EDITS - 50, EDITS)}
    for one in matchers:
        assert {entity.name for held in one.index.watchlists.values() for entity in held.entities} == names


def test_a_removed_watchlist_is_matched_no_more(settings: Settings, matchers: tuple[Watching, Watching]) -> None:
    publish_watchlists(settings, [watchlist(1, "Orbital Foundry"), watchlist(2, "Tidewater Labs")])
    assert all(one.wait(10) for one in matchers)
    headers = ((EPOCH_HEADER, b"1"), (VERSION_HEADER, b"1"))
    publish(settings, [Record(topic=WATCHLISTS, key=b"w1", value=None, headers=headers)])
    assert wait_for(lambda: all(one.versions() == {"w2": 1} for one in matchers), timeout=10)


def test_a_restored_database_voids_what_it_does_not_know(
    settings: Settings, matchers: tuple[Watching, Watching]
) -> None:
    publish_watchlists(settings, [watchlist(1, "Orbital Foundry", version=9), watchlist(2, "Tidewater Labs")])
    assert all(one.wait(10) for one in matchers)
    publish_watchlists(settings, [watchlist(1, "Orbital Foundry", version=4, epoch=2)], epoch=2)
    assert wait_for(lambda: all(one.versions() == {"w1": 4} for one in matchers), timeout=10)


def test_a_watchlist_of_a_newer_program_stops_the_matcher(
    settings: Settings, matchers: tuple[Watching, Watching]
) -> None:
    publish_watchlists(settings, [watchlist(1, "Orbital Foundry")])
    assert all(one.wait(10) for one in matchers)
    publish(settings, [Record(topic=WATCHLISTS, key=b"w1", value=b'{"v":99}')])
    assert wait_for(lambda: "upgrade" in matchers[0].missing(), timeout=10)
    with pytest.raises(NewerVersion):
        matchers[0].check()


def test_a_matcher_that_reads_no_more_edits_stops_and_buries_nothing(
    settings: Settings, matchers: tuple[Watching, Watching], monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(_: Holding, __: object) -> None:
        raise MemoryError("too many watchlists")

    publish_watchlists(settings, [watchlist(1, "Orbital Foundry")])
    assert all(one.wait(10) for one in matchers)
    monkeypatch.setattr(Holding, "take", give_up)
    publish_watchlists(settings, [watchlist(1, "Orbital Foundry", version=2)])
    assert wait_for(lambda: "MemoryError" in matchers[0].missing(), timeout=10)
    stage = stage_of(matchers[0])
    incoming = Incoming(
        topic="articles",
        partition=0,
        offset=0,
        key=None,
        value=encode(article(1, "t", "t")),
        headers=(),
        timestamp_ms=0,
    )
    assert handle(incoming, stage.decide, Undertaker(program="annotate", version="", source=ARTICLES)).reason is None
    with pytest.raises(MemoryError):
        stage.prepare(incoming)


def test_what_cannot_be_read_on_the_topic_costs_nobody_else(
    settings: Settings, matchers: tuple[Watching, Watching]
) -> None:
    publish(settings, [Record(topic=WATCHLISTS, key=b"w9", value=b"no json")])
    publish_watchlists(settings, [watchlist(1, "Orbital Foundry")])
    assert all(one.wait(10) for one in matchers)
    assert matchers[0].versions() == {"w1": 1}
    assert MANIFEST_KEY.decode() not in matchers[0].versions()
