from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from alerts.database import open_database, writing
from alerts.policy import AlertRef, Rules
from alerts.record import delivery_key, record
from alerts.routes import read_routes
from alerts.schema import delivery
from newswatch.newsroom.key import Joined, Page
from newswatch.newsroom.ledger import Silenced, joined_copies, read_notice, silenced_copies
from newswatch.newsroom.prepare import apply_watchlists
from wire.article import ArticleId, Revision
from wire.messages import Copy, Match, Mention, StoryId, Watch
from wire.watchlist import EntityId, WatchlistId

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STORY, HOLDINGS = StoryId("story"), WatchlistId("holdings")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'alerts.sqlite'}")
    apply_watchlists(tmp_path / "watchlists.yaml", engine)
    with writing(engine) as connection:
        record(connection, [match("one"), match("two")], routes=read_routes(connection), now=NOW, rules=Rules())
    yield engine
    engine.dispose()


def match(page: str) -> Match:
    return Match(
        story=STORY,
        relation="copy" if page == "two" else "new",
        of=ArticleId("one") if page == "two" else None,
        score=1.0,
        why="",
        copy=Copy(
            article=ArticleId(page),
            revision=Revision("r"),
            feed="tidewater",
            outlet="Tidewater Press",
            link=f"http://127.0.0.1:1/news/{page}?utm_source=feed",
            title=f"Orvane buys: {page}",
            language="en",
            relation="new",
            fetched_at=NOW,
        ),
        mentions=(mention(),),
        annotation_offset=0,
    )


def mention() -> Mention:
    return Mention(
        entity="Orvane Robotics plc",
        type="ORG",
        watches=(Watch(watchlist=HOLDINGS, version=1, entity=EntityId("orvane")),),
        alias="Orvane",
        field="title",
        start=0,
        end=6,
        surface="Orvane",
        zone="title",
        score=1.0,
        why="",
    )


def test_watchlists_of_the_demo_can_be_applied(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'alerts.sqlite'}")
    names = apply_watchlists(tmp_path / "watchlists.yaml", engine)
    engine.dispose()
    assert set(names.values()) == {"holdings", "names", "veille"}


def test_copies_of_an_alert_are_read_with_their_pages(database: Engine) -> None:
    joined = joined_copies(database)
    alert = joined[0].alert
    assert sorted(joined) == [Joined("holdings", Page("one"), alert), Joined("holdings", Page("two"), alert)]


def test_notice_is_found_by_its_key(database: Engine) -> None:
    notice = read_notice(database, delivery_key(AlertRef(HOLDINGS, STORY), "terminal", "first"))
    assert notice.told.article == ArticleId("one")
    assert notice.copy_count == 2
    assert [found.surface for found in notice.mentions] == ["Orvane"]


def test_copy_is_silenced_only_once_its_story_was_told(database: Engine) -> None:
    assert silenced_copies(database) == []


def test_silenced_copy_names_what_was_told_instead(database: Engine) -> None:
    with writing(database) as connection:
        connection.execute(update(delivery).values(state="sent", attempt=1, settled_at=NOW))
    assert silenced_copies(database) == [Silenced("two", "Tidewater Press", "Orvane buys: two", "Orvane buys: one")]
