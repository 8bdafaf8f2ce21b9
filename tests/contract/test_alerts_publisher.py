"""Watchlists from the database to a topic in memory, on SQLite and on PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import Engine, delete, select, update

from alerts import edits, schema
from alerts.catalog import Changes, read
from alerts.database import reading, writing
from alerts.publisher import WatchlistPublisher
from tests.matches import FILE, NOON, newsroom, watchlist
from wire.codec import decode
from wire.errors import Transient
from wire.kafka import Incoming, Record
from wire.watchlist import MANIFEST_KEY, Manifest, Watchlist


@dataclass
class Topic:
    """Takes what is published and shows it from the beginning, as Kafka does."""

    records: list[Record] = field(default_factory=list)
    away: bool = False

    def publish(self, records: Sequence[Record]) -> list[str | None]:
        if self.away:
            raise Transient("Kafka is away")
        self.records += records
        return [None] * len(records)

    def open(self) -> "Reading":
        return Reading(self)

    @property
    def keys(self) -> list[bytes | None]:
        return [each.key for each in self.records]

    @property
    def manifest(self) -> Manifest:
        last = [each.value for each in self.records if each.key == MANIFEST_KEY][-1]
        return decode(Manifest, last or b"")


@dataclass
class Reading:
    topic: Topic
    at: int = 0

    def poll(self, timeout: float) -> list[Incoming]:
        del timeout
        found = self.topic.records[self.at : self.at + 2]
        self.at += len(found)
        return [
            Incoming(
                topic="watchlists",
                partition=0,
                offset=self.at,
                key=each.key,
                value=each.value,
                headers=each.headers,
                timestamp_ms=0,
            )
            for each in found
        ]

    def caught_up(self) -> bool:
        return self.at >= len(self.topic.records)

    def close(self) -> None:
        """Nothing is open."""


def publisher(engine: Engine, topic: Topic, holder: str = "alert-1") -> WatchlistPublisher:
    return WatchlistPublisher(engine, topic, topic.open, holder=holder)


def apply(engine: Engine, changes: Changes) -> None:
    with writing(engine) as connection:
        edits.write(connection, changes, author=FILE, now=NOON)


def rename(engine: Engine, name: str) -> None:
    with reading(engine) as connection:
        row = read(connection).watchlists[0]
    apply(engine, Changes(put=(replace(row, name=name),)))


@pytest.fixture
def topic() -> Topic:
    return Topic()


def test_an_empty_database_publishes_that_it_is_empty(engine: Engine, topic: Topic) -> None:
    publisher(engine, topic).step()
    assert topic.manifest == Manifest(epoch=1, versions={})


def test_each_edit_is_published_with_a_manifest_after_it(engine: Engine, topic: Topic) -> None:
    lists = publisher(engine, topic)
    lists.step()
    apply(engine, newsroom("ferries>desk", "ports>desk"))
    lists.step()
    assert topic.keys == [MANIFEST_KEY, b"ferries", b"ports", MANIFEST_KEY]
    assert topic.manifest.versions == {"ferries": 1, "ports": 1}
    assert lists.step() == 0


def test_a_list_edited_twice_is_said_once_as_it_stands(engine: Engine, topic: Topic) -> None:
    apply(engine, newsroom("ferries>desk"))
    lists = publisher(engine, topic)
    lists.step()
    rename(engine, "Second")
    rename(engine, "Third")
    assert lists.step() == 2
    said = decode(Watchlist, topic.records[-2].value or b"")
    assert (said.name, said.version, said.epoch) == ("Third", 3, 1)


def test_a_removed_list_is_a_tombstone_and_leaves_the_manifest(engine: Engine, topic: Topic) -> None:
    apply(engine, newsroom("ferries>desk"))
    lists = publisher(engine, topic)
    lists.step()
    with reading(engine) as connection:
        found = read(connection)
    apply(engine, Changes(removed=(*found.subscriptions, *found.watchlists)))
    lists.step()
    tombstone = topic.records[-2]
    assert (tombstone.key, tombstone.value) == (b"ferries", None)
    assert dict(tombstone.headers) == {"version": b"2", "epoch": b"1"}
    assert topic.manifest.versions == {}


def test_while_kafka_is_away_nothing_counts_as_published(engine: Engine, topic: Topic) -> None:
    lists = publisher(engine, topic)
    lists.step()
    apply(engine, newsroom("ferries>desk"))
    topic.away = True
    with pytest.raises(Transient):
        lists.step()
    topic.away = False
    assert lists.step() == 2
    assert topic.manifest.versions == {"ferries": 1}


def test_only_the_holder_of_the_lease_publishes(engine: Engine, topic: Topic) -> None:
    first, second = publisher(engine, topic, "alert-1"), publisher(engine, topic, "alert-2")
    first.step()
    apply(engine, newsroom("ferries>desk"))
    assert second.step() == 0
    assert first.step() == 2
    first.close()
    rename(engine, "Second")
    assert second.step() == 2


def test_a_killed_publisher_has_its_lease_again_at_once(engine: Engine, topic: Topic) -> None:
    publisher(engine, topic).step()
    apply(engine, newsroom("ferries>desk"))
    assert publisher(engine, topic).step() == 2


def test_a_topic_that_was_lost_is_said_again(engine: Engine, topic: Topic) -> None:
    apply(engine, newsroom("ferries>desk"))
    publisher(engine, topic).step()
    empty = Topic()
    publisher(engine, empty).step()
    assert empty.keys == topic.keys


def test_a_restored_database_begins_a_new_epoch_and_says_everything_again(engine: Engine, topic: Topic) -> None:
    apply(engine, newsroom("ferries>desk"))
    rename(engine, "Second")
    apply(engine, Changes(put=(watchlist("ports"),)))
    publisher(engine, topic).step()
    back_to_the_first_version(engine)
    published = len(topic.records)
    publisher(engine, topic).step()
    assert topic.manifest == Manifest(epoch=2, versions={"ferries": 1})  # type: ignore[dict-item]  # an id is a text
    again = {each.key: each for each in topic.records[published:]}
    assert decode(Watchlist, again[b"ferries"].value or b"").epoch == 2
    assert again[b"ports"].value is None
    publisher(engine, topic).step()
    assert len(topic.records) == published + 3


def back_to_the_first_version(engine: Engine) -> None:
    """As an older copy of the database has it."""
    lists = schema.watchlist
    with writing(engine) as connection:
        connection.execute(delete(schema.outbox))
        connection.execute(delete(schema.watchlist_version))
        connection.execute(delete(lists).where(lists.c.id == "ports"))
        connection.execute(update(lists).values(version=1, name="Ferries"))
        assert connection.execute(select(lists.c.id)).scalars().all() == ["ferries"]
