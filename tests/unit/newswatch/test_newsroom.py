import re
from calendar import timegm
from collections import Counter
from datetime import UTC, datetime, timedelta
from html import unescape
from xml.etree import ElementTree as ET

import feedparser
import pytest
import yaml

from newswatch.newsroom.content import Feed, Item, read_files, read_newsroom
from newswatch.newsroom.formats import render_feed, shown_items

OPENED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BASE = "http://127.0.0.1:1"
NEWSROOM = read_newsroom()
WATCHLISTS = yaml.safe_load(read_files()["watchlists"])["watchlists"]
EVERY_FEED = pytest.mark.parametrize("feed", NEWSROOM.feeds, ids=lambda feed: feed.id)


def document(feed: Feed, second: float) -> bytes:
    return render_feed(feed, shown_items(NEWSROOM, feed, second=second, opened=OPENED, base=BASE), BASE)


def items_of(feed: Feed, second: float) -> list[Item]:
    return [item for item in NEWSROOM.items if item.feed == feed.id and item.at <= second]


def test_newsroom_has_many_outlets_formats_and_languages() -> None:
    assert len(NEWSROOM.feeds) >= 12
    assert len({feed.outlet for feed in NEWSROOM.feeds}) >= 10
    assert {feed.format for feed in NEWSROOM.feeds} == {"rss", "atom", "rdf"}
    assert {feed.language for feed in NEWSROOM.feeds} == {"en", "fr", "de", "es"}


def test_newsroom_tells_at_least_sixty_items_within_forty_seconds() -> None:
    assert sum(item.at >= 0 for item in NEWSROOM.items) >= 60
    assert NEWSROOM.length <= 40


def test_every_feed_has_an_archive_and_later_items() -> None:
    for feed in NEWSROOM.feeds:
        assert [item for item in NEWSROOM.items if item.feed == feed.id and item.at < 0], feed.id
        assert [item for item in NEWSROOM.items if item.feed == feed.id and item.at >= 0], feed.id


def test_item_ids_are_unique_and_their_feeds_exist() -> None:
    ids = Counter(item.id for item in NEWSROOM.items)
    assert max(ids.values()) == 1
    assert {item.feed for item in NEWSROOM.items} == {feed.id for feed in NEWSROOM.feeds}


def test_a_page_belongs_to_one_story() -> None:
    pages = [(item.page, story.id) for story in NEWSROOM.stories for item in story.items]
    assert len(set(pages)) == len({page for page, _ in pages})


def test_answers_name_watchlists_that_exist() -> None:
    named = {name for story in NEWSROOM.stories for name in (*story.alerts, *story.silent) if name}
    assert named == {watchlist["id"] for watchlist in WATCHLISTS}


def test_what_alerts_nobody_says_why() -> None:
    assert all(story.silent for story in NEWSROOM.stories if not story.alerts)


def test_a_copy_for_a_later_engine_names_nobody_watched() -> None:
    """Or else an engine that cannot see the copy would alert it as a story of its own."""
    names = {name for watchlist in WATCHLISTS for entity in watchlist["entities"] for name in _names(entity)}
    watched = re.compile("|".join(rf"\b{re.escape(name)}" for name in names), re.IGNORECASE)
    later = [item for item in NEWSROOM.items if item.later]
    assert {item.later for item in later} == {"rewording", "translation"}
    assert not [item.id for item in later if watched.search(" ".join((item.title, *item.paragraphs)))]


def test_a_story_for_the_fuzzy_engine_never_spells_its_name_as_watched() -> None:
    names = {name for watchlist in WATCHLISTS for entity in watchlist["entities"] for name in _names(entity)}
    spelt = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names), re.IGNORECASE)
    fuzzy = [story for story in NEWSROOM.stories if story.later == "fuzzy"]
    assert fuzzy
    texts = [" ".join((item.title, *item.paragraphs)) for story in fuzzy for item in story.items]
    assert not [text for text in texts if spelt.search(text)]


def _names(entity: dict[str, list[str] | str]) -> list[str]:
    return [str(entity["name"]), *entity.get("aliases", []), *(f"({ticker})" for ticker in entity.get("tickers", []))]


def test_first_scoop_comes_at_once() -> None:
    first = min(item.at for story in NEWSROOM.stories if story.alerts for item in story.items)
    assert 0 < first <= 2


@EVERY_FEED
@pytest.mark.parametrize("second", [-1, 16, 99])
def test_feed_parses_into_the_items_visible_by_then(feed: Feed, second: float) -> None:
    parsed = feedparser.parse(document(feed, second))
    wanted = items_of(feed, second)
    assert not parsed.bozo
    assert parsed.version == {"rss": "rss20", "atom": "atom10", "rdf": "rss10"}[feed.format]
    assert len(parsed.entries) == len(wanted)
    assert {_page(entry.link) for entry in parsed.entries} == {item.page for item in wanted}


@EVERY_FEED
def test_feed_carries_titles_texts_and_dates(feed: Feed) -> None:
    parsed = {_page(entry.link): entry for entry in feedparser.parse(document(feed, 99)).entries}
    for item in items_of(feed, 99):
        entry = parsed[item.page]
        version = item.revised or item
        text = entry.content[0].value if "content" in entry else entry.summary
        assert entry.title == version.title
        assert unescape(re.sub(r"<[^>]+>", " ", text)).split() == " ".join(version.paragraphs).split()
        moment = datetime.fromtimestamp(timegm(entry.get("published_parsed") or entry.updated_parsed), UTC)
        assert abs(moment - (OPENED + timedelta(seconds=max(item.at, 0)) - item.age)) < timedelta(seconds=1)


def _page(link: str) -> str:
    return link.partition("?")[0].rpartition("/")[2]


@EVERY_FEED
def test_feed_says_its_language(feed: Feed) -> None:
    parsed = feedparser.parse(document(feed, 0))
    assert parsed.feed.get("language") == feed.language or f'xml:lang="{feed.language}"'.encode() in document(feed, 0)


@EVERY_FEED
def test_feed_is_well_formed_and_the_same_while_nothing_happens(feed: Feed) -> None:
    assert ET.fromstring(document(feed, 99)) is not None
    assert document(feed, 98) == document(feed, 99)


def test_newest_item_stands_first() -> None:
    feed = NEWSROOM.feeds[0]
    links = [entry.link for entry in feedparser.parse(document(feed, 99)).entries]
    wanted = sorted(items_of(feed, 99), key=lambda item: item.at, reverse=True)
    assert [_page(link) for link in links][: len(wanted) - 2] == [item.page for item in wanted][: len(wanted) - 2]


def test_revised_item_keeps_its_id_and_changes_its_title() -> None:
    item = next(item for item in NEWSROOM.items if item.revised)
    assert item.revised is not None
    feed = next(feed for feed in NEWSROOM.feeds if feed.id == item.feed)
    before, after = (
        {entry.id: entry.title for entry in feedparser.parse(document(feed, second)).entries}
        for second in (item.at, item.revised.at)
    )
    changed = [id_ for id_ in before if before[id_] != after[id_]]
    assert changed == [f"urn:newsroom:{feed.id}:{item.id}"]
    assert after[changed[0]] == item.revised.title
