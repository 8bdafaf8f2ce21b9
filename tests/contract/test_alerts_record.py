"""What one batch of matches leaves in the database, on SQLite and on PostgreSQL."""

import random
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import Engine, Table, func, select

from alerts import edits, schema
from alerts.catalog import Changes
from alerts.conservation import balance
from alerts.database import Contended, reading, writing
from alerts.offsets import next_offset, save_offsets
from alerts.policy import AlertRef, Rules
from alerts.record import Recorded, delivery_key, record
from alerts.routes import read_routes
from tests.matches import FILE, NOON, copy, later, match, newsroom
from wire.messages import Match, StoryId
from wire.watchlist import WatchlistId


@pytest.fixture
def ledger(engine: Engine) -> Engine:
    """Ferries and ports lead to the desk, ferries to the phone too."""
    with writing(engine) as connection:
        changes = newsroom("ferries>desk", "ports>desk", "ferries>phone")
        edits.write(connection, changes, author=FILE, now=later(hours=-1))
    return engine


def take(engine: Engine, *matches: Match, now: datetime = NOON) -> Recorded:
    with writing(engine) as connection:
        return record(connection, matches, routes=read_routes(connection), now=now, rules=Rules())


def count(engine: Engine, table: Table) -> int:
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def alerts(engine: Engine) -> list[tuple[str, str]]:
    table = schema.alert
    with reading(engine) as connection:
        found = connection.execute(select(table.c.watchlist, table.c.story).order_by(table.c.watchlist, table.c.story))
        return [(watchlist, story) for watchlist, story in found]


def deliveries(engine: Engine) -> Counter[tuple[str, str, str]]:
    """How many, by watchlist, channel and state."""
    alert, delivery = schema.alert, schema.delivery
    with reading(engine) as connection:
        rows = connection.execute(
            select(alert.c.watchlist, delivery.c.channel, delivery.c.state).join(alert, alert.c.id == delivery.c.alert)
        )
        return Counter((watchlist, channel, state) for watchlist, channel, state in rows)


def held(engine: Engine) -> list[tuple[str, str, str]]:
    table = schema.suppression
    with reading(engine) as connection:
        rows = connection.execute(select(table.c.article, table.c.occasion, table.c.reason))
        return sorted((article, occasion, reason) for article, occasion, reason in rows)


def everything(engine: Engine) -> dict[str, int]:
    return {table.name: count(engine, table) for table in schema.metadata.sorted_tables}


def is_kept(engine: Engine) -> bool:
    with reading(engine) as connection:
        return balance(connection, now=NOON).is_kept


def test_one_story_is_one_alert_and_one_delivery_a_channel(ledger: Engine) -> None:
    copies = [match(f"a{n}", "ferries", of="a1", relation="copy") for n in range(2, 41)]
    recorded = take(ledger, match("a1", "ferries"), *copies)
    assert (recorded.alerts, recorded.deliveries) == (1, 2)
    assert count(ledger, schema.alert_copy) == 40
    assert deliveries(ledger) == {("ferries", "desk", "due"): 1, ("ferries", "phone", "due"): 1}
    assert is_kept(ledger)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_batch_recorded_again_changes_nothing(ledger: Engine, size: int) -> None:
    batch = [
        match("a1", "ferries", "ports"),
        match("a2", "ferries", of="a1", relation="copy"),
        match("b1", "ports", story="s2", backfill=True),
        match("b2", "ports", story="s2", of="b1", relation="update"),
        match("b3", "ports", story="s2", of="b2", relation="update"),
        match("c1", story="s3"),
    ]
    for start in range(0, len(batch), size):
        take(ledger, *batch[start : start + size])
    once = everything(ledger)
    assert (once["alert"], once["delivery"], once["suppression"]) == (3, 4, 2)
    again = [take(ledger, *batch[start : start + size]) for start in range(0, len(batch), size)]
    assert everything(ledger) == once
    assert sum(each.alerts + each.deliveries for each in again) == 0


def test_an_article_of_a_told_story_joins_it_under_any_story_id(ledger: Engine) -> None:
    take(ledger, match("a1", "ferries", story="old"))
    take(ledger, match("a1", "ferries", story="new"))
    take(ledger, match("a2", "ferries", story="newer", of="a1", relation="copy"))
    take(ledger, match("a3", "ferries", story="newer", of="unknown", relation="copy"))
    assert alerts(ledger) == [("ferries", "old")]
    assert count(ledger, schema.alert_copy) == 3


def test_a_story_whose_earlier_copy_was_told_joins_it(ledger: Engine) -> None:
    take(ledger, match("a1", "ferries", story="old"))
    take(ledger, match("a9", "ferries", story="new", earlier=(copy("a0"), copy("a1"))))
    assert alerts(ledger) == [("ferries", "old")]


def test_an_unmentioned_first_copy_belongs_to_the_alert_of_the_second(ledger: Engine) -> None:
    take(ledger, match("a2", "ferries", of="a1", relation="copy", earlier=(copy("a1"),)))
    take(ledger, match("a1", "ferries", story="other"))
    assert alerts(ledger) == [("ferries", "s1")]


def test_a_copy_held_back_does_not_use_up_its_story(ledger: Engine) -> None:
    take(ledger, match("a1", "ferries", backfill=True))
    assert not deliveries(ledger)
    take(ledger, match("a2", "ferries", of="a1", relation="copy", zone="boilerplate"))
    take(ledger, match("a3", "ferries", of="a1", relation="copy"))
    take(ledger, match("a4", "ferries", of="a1", relation="copy"))
    assert deliveries(ledger) == {("ferries", "desk", "due"): 1, ("ferries", "phone", "due"): 1}
    assert held(ledger) == [("a1", "first", "backfill"), ("a2", "first", "zone")]
    with reading(ledger) as connection:
        told = connection.execute(select(schema.delivery.c.article)).scalars()
        assert set(told) == {"a3"}
    assert is_kept(ledger)


def test_an_update_is_noted_and_not_sent(ledger: Engine) -> None:
    take(ledger, match("a1", "ferries"), match("a2", "ferries", of="a1", relation="update"))
    assert held(ledger) == [("a2", "update:a2", "update")]
    assert sum(deliveries(ledger).values()) == 2


def test_watchlists_that_lead_to_one_channel_share_its_delivery(ledger: Engine) -> None:
    take(ledger, match("a1", "ports", "ferries"))
    assert deliveries(ledger) == {
        ("ferries", "desk", "due"): 1,
        ("ferries", "phone", "due"): 1,
        ("ports", "desk", "joined"): 1,
    }


def test_a_watchlist_that_matches_in_a_later_batch_joins_too(ledger: Engine) -> None:
    take(ledger, match("a1", "ports"))
    take(ledger, match("a2", "ferries", of="a1", relation="copy"))
    assert deliveries(ledger) == {
        ("ports", "desk", "due"): 1,
        ("ferries", "desk", "joined"): 1,
        ("ferries", "phone", "due"): 1,
    }
    assert is_kept(ledger)


def test_a_delivery_that_failed_covers_nobody_else(ledger: Engine) -> None:
    take(ledger, match("a1", "ports"))
    with writing(ledger) as connection:
        connection.execute(schema.delivery.update().values(state="dead", reason="max_age", settled_at=NOON))
    take(ledger, match("a2", "ferries", of="a1", relation="copy"))
    assert deliveries(ledger)["ferries", "desk", "due"] == 1


def test_a_match_of_a_watchlist_nobody_knows_is_no_alert(ledger: Engine) -> None:
    assert take(ledger, match("a1", "rivers")) == Recorded()
    assert alerts(ledger) == []


def test_the_newest_revision_is_the_one_shown(ledger: Engine) -> None:
    take(ledger, match("a1", "ferries", title="Old words"))
    take(ledger, match("a1", "ferries", title="New words", revision="r2", fetched_at=later(minutes=5)))
    take(ledger, match("a1", "ferries", title="Old words"))
    with reading(ledger) as connection:
        assert connection.execute(select(schema.article.c.title)).scalars().all() == ["New words"]


def test_a_title_with_a_zero_byte_is_no_poison(ledger: Engine) -> None:
    assert take(ledger, match("a1", "ferries", title="Ferries\0 stand still")).alerts == 1


def test_the_key_does_not_depend_on_what_else_is_in_the_database(ledger: Engine) -> None:
    take(ledger, match("z1", "ferries", story="s0"), match("z2", "ports", story="s9"), match("a1", "ferries"))
    table = schema.delivery
    with reading(ledger) as connection:
        keys = connection.execute(select(table.c.key).where(table.c.article == "a1").order_by(table.c.channel))
        assert keys.scalars().all() == [
            delivery_key(AlertRef(WatchlistId("ferries"), StoryId("s1")), channel, "first")
            for channel in ("desk", "phone")
        ]


def test_order_of_arrival_does_not_change_who_is_told(ledger: Engine) -> None:
    story = [
        match("a1", "ferries", backfill=True),
        match("a2", "ferries", of="a1", relation="copy"),
        match("a3", "ports", of="a1", relation="copy"),
        match("a4", of="a2", relation="copy"),
        match("b1", "ports", story="s2"),
    ]
    random.Random(7).shuffle(story)  # any fixed order but the one written
    for each in story:
        take(ledger, each)
    assert alerts(ledger) == [("ferries", "s1"), ("ports", "s1"), ("ports", "s2")]
    told = Counter(channel for (_, channel, state), n in deliveries(ledger).items() for _ in range(n) if state == "due")
    assert told == {"desk": 2, "phone": 1}


def test_two_workers_that_meet_one_article_leave_one_alert(engine: Engine) -> None:
    with writing(engine) as connection:
        edits.write(connection, newsroom("ferries>desk"), author=FILE, now=NOON)
    contended = []

    def work(stories: Sequence[str]) -> None:
        for number, story in enumerate(stories):
            while True:
                try:
                    take(engine, match(f"a{number}", "ferries", story=story))
                    break
                except Contended:
                    contended.append(story)

    threads = [
        threading.Thread(target=work, args=([f"{engine_id}-{number}" for number in range(30)],))
        for engine_id in ("old", "new")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(engine, schema.alert) == 30
    assert count(engine, schema.delivery) == 30


def test_offsets_belong_to_one_cluster(engine: Engine) -> None:
    with writing(engine) as connection:
        save_offsets(connection, "matches", {3: 41, 4: 7}, cluster="one")
    with writing(engine) as connection:
        save_offsets(connection, "matches", {3: 42}, cluster="one")
        assert next_offset(connection, "matches", 3, cluster="one") == 42
        assert next_offset(connection, "matches", 4, cluster="one") == 7
        assert next_offset(connection, "matches", 5, cluster="one") is None
        assert next_offset(connection, "matches", 3, cluster="two") is None
        save_offsets(connection, "matches", {3: 1}, cluster="two")
        assert next_offset(connection, "matches", 3, cluster="two") == 1


def test_an_alert_that_owes_nothing_anywhere_is_missing(ledger: Engine) -> None:
    take(ledger, match("a1", "ferries"))
    with writing(ledger) as connection:
        connection.execute(schema.delivery.delete().where(schema.delivery.c.channel == "phone"))
    with reading(ledger) as connection:
        found = balance(connection, now=NOON)
    assert (found.states, found.is_kept) == ({"due": 1, "missing": 1}, False)


def test_a_delivery_that_nobody_gave_up_in_time_is_overdue(ledger: Engine) -> None:
    take(ledger, match("a1", "ferries"))
    with reading(ledger) as connection:
        assert balance(connection, now=later(hours=24)).overdue == 0
        assert balance(connection, now=later(hours=25)).overdue == 2


def test_a_channel_that_subscribes_later_hears_of_the_next_copy(ledger: Engine) -> None:
    take(ledger, match("a1", "ports"))
    with writing(ledger) as connection:
        more = newsroom("ports>phone").put[-1:]
        edits.write(connection, Changes(put=more), author=FILE, now=later(minutes=1))
    take(ledger, match("a2", "ports", of="a1", relation="copy"))
    assert deliveries(ledger) == {("ports", "desk", "due"): 1, ("ports", "phone", "due"): 1}
    with reading(ledger) as connection:
        assert balance(connection, now=NOON).states == {"due": 2}
