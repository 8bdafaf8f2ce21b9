"""The catalog and its edits, on SQLite and on PostgreSQL."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from alerts import edits, schema
from alerts.catalog import Catalog, Changes, ChannelId, ChannelRow, Row, SubscriberId, read, revision
from alerts.database import reading, writing
from alerts.edits import Author
from alerts.policy import Rules
from alerts.record import record
from alerts.routes import RouteBook
from tests.matches import FILE, NOON, match, newsroom, watchlist
from wire.errors import Misconfigured
from wire.watchlist import Entity, EntityId, WatchlistId

CONSOLE = Author(place="console", person="yusuf")


def apply(engine: Engine, changes: Changes, author: Author = FILE) -> None:
    with writing(engine) as connection:
        edits.write(connection, changes, author=author, now=NOON)


def catalog(engine: Engine) -> Catalog:
    with reading(engine) as connection:
        return read(connection)


def outbox(engine: Engine) -> list[tuple[str, int]]:
    table = schema.outbox
    with reading(engine) as connection:
        return [
            tuple(row) for row in connection.execute(select(table.c.watchlist, table.c.version).order_by(table.c.id))
        ]


def test_what_was_written_is_read(engine: Engine) -> None:
    wanted = newsroom("ferries>desk", "ports>phone")
    apply(engine, wanted)
    found = catalog(engine)
    rows: list[Row] = [*found.subscribers, *found.channels, *found.watchlists, *found.subscriptions]
    assert [row for row in rows if row not in wanted.put] == []
    assert len(rows) == len(wanted.put)
    assert {(row.kept.version, row.kept.source, row.kept.changed_in) for row in rows} == {(1, FILE.place, FILE.place)}


def test_words_stay_the_text_written(engine: Engine) -> None:
    odd = Entity(id=EntityId("odd"), type="ORG", name="NO", aliases=("ON", "L’Oréal"), tickers=("000660", "0700"))
    apply(engine, Changes(put=(replace(watchlist("odd"), entities=(odd,)),)))
    assert catalog(engine).watchlists[0].entities == (odd,)


def test_a_change_is_the_next_version_and_remembers_where_it_came_from(engine: Engine) -> None:
    apply(engine, newsroom("ferries>desk"))
    (before,) = catalog(engine).watchlists
    apply(engine, Changes(put=(replace(before, name="All ferries"),)), CONSOLE)
    (after,) = catalog(engine).watchlists
    assert (after.name, after.kept.version) == ("All ferries", 2)
    assert (after.kept.source, after.kept.changed_in) == (FILE.place, CONSOLE.place)


def test_history_is_kept_and_the_topic_hears_of_each_version(engine: Engine) -> None:
    apply(engine, newsroom("ferries>desk"))
    (first,) = catalog(engine).watchlists
    apply(engine, Changes(put=(replace(first, name="All ferries"),)), CONSOLE)
    history = schema.watchlist_version
    with reading(engine) as connection:
        rows = connection.execute(select(history).order_by(history.c.version)).all()
    assert [(row.version, row.name, row.changed_by) for row in rows] == [
        (1, "Ferries", FILE.person),
        (2, "All ferries", CONSOLE.person),
    ]
    assert outbox(engine) == [("ferries", 1), ("ferries", 2)]


def test_a_row_that_somebody_else_changed_meanwhile_is_refused(engine: Engine) -> None:
    apply(engine, newsroom("ferries>desk"))
    (read_once,) = catalog(engine).watchlists
    apply(engine, Changes(put=(replace(read_once, name="Ours"),)), CONSOLE)
    with pytest.raises(Misconfigured, match="watchlist 'ferries' was changed by somebody else"):
        apply(engine, Changes(put=(replace(read_once, name="Theirs"), watchlist("rivers"))))
    assert [row.name for row in catalog(engine).watchlists] == ["Ours"]


def test_a_row_that_somebody_else_added_meanwhile_is_refused(engine: Engine) -> None:
    apply(engine, newsroom("ferries>desk"))
    with pytest.raises(Misconfigured, match="run it again"):
        apply(engine, Changes(put=(watchlist("ferries", "Other"),)))


def test_what_is_removed_is_out_of_force_and_its_version_counts_on(engine: Engine) -> None:
    apply(engine, newsroom("ferries>desk"))
    found = catalog(engine)
    apply(engine, Changes(removed=(*found.subscriptions, *found.watchlists)))
    assert catalog(engine).watchlists == ()
    assert catalog(engine).subscriptions == ()
    apply(engine, Changes(put=(watchlist("ferries"),)))
    assert [row.kept.version for row in catalog(engine).watchlists] == [3]
    assert outbox(engine) == [("ferries", 1), ("ferries", 2), ("ferries", 3)]


def test_a_watchlist_too_large_for_its_topic_is_refused(engine: Engine) -> None:
    huge = tuple(Entity(id=EntityId(str(number)), name="x" * 100_000) for number in range(170))
    with pytest.raises(Misconfigured, match="'huge' is too large"):
        apply(engine, Changes(put=(replace(watchlist("huge"), entities=huge),)))


def test_a_removed_channel_owes_nothing_any_more(engine: Engine) -> None:
    apply(engine, newsroom("ferries>desk", "ferries>phone"))
    with writing(engine) as connection:
        record(connection, [match("a1", "ferries")], routes=RouteBook().routes(connection), now=NOON, rules=Rules())
    found = catalog(engine)
    rows: list[Row] = [*found.channels, *found.subscriptions]
    phone = tuple(row for row in rows if "phone" in row.id)
    apply(engine, Changes(removed=phone))
    with reading(engine) as connection:
        owed = connection.execute(select(schema.delivery.c.channel, schema.delivery.c.state, schema.delivery.c.reason))
        assert sorted(map(tuple, owed)) == [("desk", "due", ""), ("phone", "cancelled", "channel_removed")]


def test_a_channel_that_is_written_anew_is_in_use_again(engine: Engine) -> None:
    apply(engine, newsroom("ferries>desk"))
    with writing(engine) as connection:
        edits.disable_channel(connection, "desk", reason="gone", author=CONSOLE, now=NOON)
    (disabled,) = catalog(engine).channels
    assert (disabled.state, disabled.state_reason) == ("disabled", "gone")
    apply(engine, Changes(put=(replace(disabled, config={"path": "elsewhere"}),)))
    assert [row.state for row in catalog(engine).channels] == ["ok"]


def test_a_running_worker_sees_that_the_catalog_changed(engine: Engine) -> None:
    book = RouteBook()
    apply(engine, newsroom("ferries>desk"))
    with reading(engine) as connection:
        assert [route.channel for route in book.routes(connection)[WatchlistId("ferries")]] == ["desk"]
        before = revision(connection)
    apply(engine, Changes(removed=catalog(engine).subscriptions))
    with reading(engine) as connection:
        assert revision(connection) > before
        assert book.routes(connection) == {WatchlistId("ferries"): ()}


def test_changes_come_into_sight_in_the_order_of_their_numbers(engine: Engine) -> None:
    """Of two editors at once the second waits: its number would hide the first one's from a running worker."""
    done = threading.Event()

    def edit_too() -> None:
        with writing(engine) as connection:
            edits.write(connection, Changes(put=(watchlist("ports"),)), author=FILE, now=NOON)
        done.set()

    editor = threading.Thread(target=edit_too)
    with writing(engine) as connection:
        edits.write(connection, Changes(put=(watchlist("ferries"),)), author=FILE, now=NOON)
        editor.start()
        assert not done.wait(0.5)
    assert done.wait(20)
    editor.join()


def test_five_thousand_watchlists_are_one_change_set(engine: Engine) -> None:
    apply(engine, Changes(put=tuple(watchlist(f"list-{number}") for number in range(5_000))))
    assert len(catalog(engine).watchlists) == 5_000
    assert len(outbox(engine)) == 5_000


def test_configuration_has_no_repr() -> None:
    row = ChannelRow(
        id=ChannelId("hook"), subscriber=SubscriberId("mira"), kind="webhook", config={"secret": "whsec_x"}
    )
    assert "whsec_x" not in repr(row)
