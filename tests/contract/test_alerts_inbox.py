"""What a list of alerts says, on SQLite and on PostgreSQL."""

import pytest
from sqlalchemy import Engine

from alerts import edits
from alerts.database import reading, writing
from alerts.inbox import ListedAlert, list_alerts
from alerts.policy import Rules
from alerts.record import record
from alerts.routes import read_routes
from tests.matches import FILE, later, match, newsroom
from wire.messages import Match


@pytest.fixture
def ledger(engine: Engine) -> Engine:
    """Ferries lead to two channels."""
    with writing(engine) as connection:
        edits.write(connection, newsroom("ferries>desk", "ferries>phone"), author=FILE, now=later(hours=-1))
    return engine


def take(engine: Engine, *matches: Match) -> None:
    with writing(engine) as connection:
        for n, each in enumerate(matches):
            record(connection, [each], routes=read_routes(connection), now=later(seconds=n), rules=Rules())


def listed(engine: Engine, *, held: bool = False, limit: int = 50) -> tuple[ListedAlert, ...]:
    with reading(engine) as connection:
        return list_alerts(connection, held=held, limit=limit)


def test_the_newest_alert_comes_first_with_its_copies_and_deliveries(ledger: Engine) -> None:
    take(
        ledger,
        match("a1", "ferries"),
        match("a2", "ferries", of="a1", relation="copy"),
        match("b1", "ferries", story="s2"),
    )
    newest, oldest = listed(ledger)
    assert (newest.article, newest.copies, newest.deliveries) == ("b1", 1, {"due": 2})
    assert (oldest.article, oldest.copies, oldest.deliveries) == ("a1", 2, {"due": 2})
    assert oldest.entities == ("Northmere Ferries",)


def test_held_alerts_are_those_that_nobody_was_told_of(ledger: Engine) -> None:
    take(ledger, match("a1", "ferries"), match("b1", "ferries", story="s2", backfill=True))
    (held,) = listed(ledger, held=True)
    assert (held.article, held.held, held.deliveries) == ("b1", ("backfill",), {})


def test_a_story_told_by_a_later_copy_is_not_held(ledger: Engine) -> None:
    take(ledger, match("b1", "ferries", backfill=True), match("b2", "ferries", of="b1", relation="copy"))
    assert listed(ledger, held=True) == ()
    assert listed(ledger)[0].held == ("backfill",)


def test_no_more_are_listed_than_asked_for(ledger: Engine) -> None:
    take(ledger, *(match(f"a{n}", "ferries", story=f"s{n}") for n in range(5)))
    assert [alert.article for alert in listed(ledger, limit=2)] == ["a4", "a3"]


def test_an_empty_inbox_is_an_empty_list(ledger: Engine) -> None:
    assert (listed(ledger), listed(ledger, held=True)) == ((), ())
