"""What is known already of the stories in one batch of matches?

Loaded in three questions to the database for the whole batch, and kept true while the batch is planned, so that the
second match of a story sees what the first one asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Select, func, select

from alerts import schema
from alerts.database import in_chunks
from alerts.policy import FIRST, AlertRef, Known, NewDelivery
from alerts.states import TELLING
from wire.article import ArticleId
from wire.messages import Match, StoryId
from wire.watchlist import WatchlistId


class Memory:
    """Alerts by article and by story, and what each of them told. One batch, one thread."""

    def __init__(self) -> None:
        self.ids: dict[AlertRef, int] = {}
        self.by_article: defaultdict[ArticleId, dict[WatchlistId, AlertRef]] = defaultdict(dict)
        self.by_story: defaultdict[StoryId, dict[WatchlistId, AlertRef]] = defaultdict(dict)
        self._told: defaultdict[AlertRef, dict[str, ArticleId]] = defaultdict(dict)
        self._telling: defaultdict[AlertRef, dict[str, AlertRef]] = defaultdict(dict)

    def known(self, match: Match) -> Known:
        """What `plan` must know of this match. The surest evidence decides: article, `of`, story, earlier copies."""
        alerts: dict[WatchlistId, AlertRef] = {}
        for found in self._evidence(match):
            alerts = {**found, **alerts}
        covers: dict[str, AlertRef] = {}
        for ref in alerts.values():
            covers = {**self._telling.get(ref, {}), **covers}
        return Known(alerts=alerts, told={ref: self._told.get(ref, {}) for ref in alerts.values()}, covers=covers)

    def _evidence(self, match: Match) -> Iterator[dict[WatchlistId, AlertRef]]:
        yield self.by_article.get(match.copy.article, {})
        if match.of is not None:
            yield self.by_article.get(match.of, {})
        yield self.by_story.get(match.story, {})
        for copy in match.earlier:
            yield self.by_article.get(copy.article, {})

    def add_delivery(self, delivery: NewDelivery) -> None:
        """From now on this alert has told this channel."""
        self._told[delivery.alert][delivery.channel] = delivery.article
        self._telling[delivery.alert][delivery.channel] = delivery.joins or delivery.alert

    def add_told(self, ref: AlertRef, channel: str, article: ArticleId, telling: AlertRef | None) -> None:
        """As the database has it: `telling` is the alert whose delivery tells there, None where that one failed."""
        self._told[ref][channel] = article
        if telling is not None:
            self._telling[ref][channel] = telling


def load(connection: Connection, matches: Sequence[Match]) -> Memory:
    """All that the database knows of these matches' articles and stories."""
    memory = Memory()
    for article, watchlist, alert, story in _rows(
        connection, _copies(), schema.alert_copy.c.article, _articles(matches)
    ):
        memory.by_article[article][watchlist] = _ref(memory, alert, watchlist, story)
    stories = {match.story for match in matches}
    for known_as, watchlist, alert, story in _rows(connection, _stories(), schema.alert_story.c.story, stories):
        memory.by_story[known_as][watchlist] = _ref(memory, alert, watchlist, story)
    _load_told(connection, memory)
    return memory


def _load_told(connection: Connection, memory: Memory) -> None:
    refs = {number: ref for ref, number in memory.ids.items()}
    for alert, channel, article, state, watchlist, story in _rows(connection, _firsts(), schema.delivery.c.alert, refs):
        telling = AlertRef(watchlist, story) if state in TELLING else None
        memory.add_told(refs[alert], channel, article, telling)


def _articles(matches: Sequence[Match]) -> set[ArticleId]:
    return {
        article
        for match in matches
        for article in (match.copy.article, match.of, *(copy.article for copy in match.earlier))
        if article is not None
    }


def _ref(memory: Memory, number: int, watchlist: WatchlistId, story: StoryId) -> AlertRef:
    ref = AlertRef(watchlist, story)
    memory.ids[ref] = number
    return ref


def _rows(
    connection: Connection, question: Select[Any], column: Column[Any], values: Iterable[object]
) -> Iterator[Any]:
    for some in in_chunks(values):
        yield from connection.execute(question.where(column.in_(some)))


def _copies() -> Select[Any]:
    copy, alert = schema.alert_copy, schema.alert
    return select(copy.c.article, copy.c.watchlist, copy.c.alert, alert.c.story).join(alert, alert.c.id == copy.c.alert)


def _stories() -> Select[Any]:
    story, alert = schema.alert_story, schema.alert
    return select(story.c.story, story.c.watchlist, story.c.alert, alert.c.story).join(
        alert, alert.c.id == story.c.alert
    )


def _firsts() -> Select[Any]:
    """Every alert's first delivery per channel, with the state and the alert of the one that it joined, if it did."""
    own, joined, alert = schema.delivery, schema.delivery.alias("joined"), schema.alert
    state = func.coalesce(joined.c.state, own.c.state)
    return (
        select(own.c.alert, own.c.channel, own.c.article, state, alert.c.watchlist, alert.c.story)
        .outerjoin(joined, joined.c.id == own.c.joined_to)
        .join(alert, alert.c.id == func.coalesce(joined.c.alert, own.c.alert))
        .where(own.c.occasion == FIRST)
    )
