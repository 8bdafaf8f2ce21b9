"""The engines alone, in the order of the newsroom's clock: no Kafka, no database, no waiting."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
import yaml

from newswatch.newsroom.content import Item, read_files, read_newsroom
from newswatch.newsroom.formats import Shown, shown_items
from newswatch.newsroom.key import Joined, Told, Verdict, judge, page_of
from stream.annotate import annotate
from stream.cluster import cluster
from stream.matching import AliasIndex
from stream.stories import StoryWindow
from wire.article import Article, article_id, revision_of
from wire.messages import Match
from wire.watchlist import Entity, Watchlist

OPENED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NEWSROOM = read_newsroom()
FEEDS = {feed.id: feed for feed in NEWSROOM.feeds}


class Seen(NamedTuple):
    """One reading of one item, and what was said of it."""

    item: Item
    article: Article
    match: Match | None


@pytest.fixture(scope="module")
def readings() -> list[Seen]:
    index, window = AliasIndex.build(watchlists()), StoryWindow()
    seen = []
    for offset, (second, item) in enumerate(sorted(events(), key=lambda event: event[0])):
        article = article_of(item, second)
        annotation = annotate(article, index, partition=0, offset=offset)
        seen.append(Seen(item, article, cluster(annotation, window, offset=offset, appended_at=article.fetched_at)))
    return seen


def watchlists() -> Iterator[Watchlist]:
    for entry in yaml.safe_load(read_files()["watchlists"])["watchlists"]:
        entities = tuple(
            Entity(
                id=entity["id"],
                type=entity["type"],
                name=entity["name"],
                aliases=tuple(entity.get("aliases", ())),
                tickers=tuple(entity.get("tickers", ())),
            )
            for entity in entry["entities"]
        )
        yield Watchlist(id=entry["id"], epoch=1, version=1, name=entry["name"], entities=entities)


def events() -> Iterator[tuple[float, Item]]:
    for item in NEWSROOM.items:
        yield item.at, item
        if item.revised:
            yield item.revised.at, item


def article_of(item: Item, second: float) -> Article:
    feed, shown = FEEDS[item.feed], shown_in_feed(item, second)
    now = OPENED + timedelta(seconds=max(second, 0))
    return Article(
        id=article_id(feed.id, shown.id),
        revision=revision_of(shown.title, shown.html),
        event="new",
        feed=feed.id,
        outlet=feed.outlet,
        link=shown.link,
        canonical_url=shown.link.partition("?")[0],
        title=shown.title,
        text=shown.html,
        language=feed.language,
        published=shown.published,
        first_seen=now,
        fetched_at=now,
        backfill=item.at < 0,
    )


def shown_in_feed(item: Item, second: float) -> Shown:
    shown = shown_items(NEWSROOM, FEEDS[item.feed], second=second, opened=OPENED, base="http://h")
    return next(each for each in shown if each.id.endswith(f":{item.id}"))


def verdict_on(readings: list[Seen]) -> Verdict:
    """As the ledger does: a story's first article that is not held tells it, once a watchlist."""
    concerned: dict[str, set[str]] = {}
    told: dict[tuple[str, str], Told] = {}
    joined: list[Joined] = []
    for item, article, match in readings:
        if match is None:
            continue
        names = concerned.setdefault(match.story, set())
        names |= {watch.watchlist for mention in match.mentions for watch in mention.watches}
        links = [article.link, *(copy.link for copy in match.earlier)]
        joined += [Joined(name, page_of(link), hash(match.story)) for name in names for link in links]
        if not article.backfill and item.age < timedelta(days=1):
            for name in names:
                told.setdefault((name, match.story), Told(name, page_of(article.link)))
    return judge(NEWSROOM, told.values(), joined)


def test_engines_meet_the_key(readings: list[Seen]) -> None:
    verdict = verdict_on(readings)
    assert verdict.differences == ()
    assert verdict.alerts >= verdict.expected > 0
    assert verdict.copies_joined == verdict.copies > 0


def test_nobody_is_named_outside_the_stories_called_for(readings: list[Seen]) -> None:
    calling = {item.id for story in NEWSROOM.stories if story.alerts for item in story.items}
    named = {seen.item.id for seen in readings if seen.match and seen.item.at >= 0 and not seen.item.age}
    assert named <= calling


def test_without_one_story_the_key_is_not_met(readings: list[Seen]) -> None:
    deaf = [seen for seen in readings if not seen.item.id.startswith("renwick")]
    assert verdict_on(deaf).missing == ("missing: names was not alerted of renwick-rivers",)
