"""Which alerts are there, and what became of each?"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, exists, func, select

from alerts import schema
from alerts.render import clean, link
from wire.messages import Mention

SMOOTH = ("sent", "joined")
_mentions = msgspec.json.Decoder(tuple[Mention, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A delivery that did not go smoothly: whose, and why. `said` is what the receiver, or we, said of it."""

    channel: str
    state: str
    reason: str
    attempt: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAlert:
    """One alert as a list shows it.

    `deliveries` counts them by state, `troubles` are those of them that went wrong so far; `held` are the reasons of
    copies held back.
    """

    alert: int
    watchlist: str
    story: str
    article: str
    title: str
    outlet: str
    link: str
    language: str
    entities: tuple[str, ...]
    copies: int
    outlets: int
    fetched_at: datetime
    created_at: datetime
    deliveries: Mapping[str, int]
    troubles: tuple[Trouble, ...]
    held: tuple[str, ...]


def list_alerts(connection: Connection, *, held: bool, limit: int) -> tuple[ListedAlert, ...]:
    """The newest alerts first; with `held`, only those of which nobody was told because every copy was held back."""
    alerts, article = schema.alert, schema.article
    query = (
        select(alerts, article.c.title, article.c.outlet, article.c.link, article.c.language)
        .join(article, article.c.id == alerts.c.article)
        .order_by(alerts.c.created_at.desc(), alerts.c.id.desc())
        .limit(limit)
    )
    rows = connection.execute(query.where(_is_held()) if held else query).all()
    ids = [row.id for row in rows]
    copies, outlets, entities = _copies(connection, ids)
    deliveries, reasons = _deliveries(connection, ids), _reasons(connection, ids)
    troubles = _troubles(connection, ids)
    return tuple(
        ListedAlert(
            alert=row.id,
            watchlist=row.watchlist,
            story=row.story,
            article=row.article,
            title=clean(row.title),
            outlet=clean(row.outlet),
            link=link(row.link),
            language=row.language,
            entities=tuple(sorted(entities[row.id])),
            copies=copies[row.id],
            outlets=len(outlets[row.id]),
            fetched_at=row.fetched_at,
            created_at=row.created_at,
            deliveries=dict(deliveries[row.id]),
            troubles=tuple(troubles[row.id]),
            held=tuple(sorted(reasons[row.id])),
        )
        for row in rows
    )


def _is_held() -> Any:
    delivery, suppression, alerts = schema.delivery, schema.suppression, schema.alert
    told = exists().where(delivery.c.alert == alerts.c.id)
    held_back = exists().where(suppression.c.alert == alerts.c.id)
    return held_back & ~told


def _copies(
    connection: Connection, alerts: Collection[int]
) -> tuple[Counter[int], dict[int, set[str]], dict[int, set[str]]]:
    """Of each alert: how many copies, in which outlets, naming whom."""
    copy, article = schema.alert_copy, schema.article
    query = (
        select(copy.c.alert, copy.c.mentions, article.c.outlet)
        .join(article, article.c.id == copy.c.article)
        .where(copy.c.alert.in_(alerts))
    )
    counts: Counter[int] = Counter()
    outlets: dict[int, set[str]] = defaultdict(set)
    entities: dict[int, set[str]] = defaultdict(set)
    for alert, mentions, outlet in connection.execute(query):
        counts[alert] += 1
        outlets[alert].add(outlet)
        entities[alert].update(clean(mention.entity) for mention in _mentions.decode(mentions or b"[]"))
    return counts, outlets, entities


def _deliveries(connection: Connection, alerts: Collection[int]) -> dict[int, Counter[str]]:
    delivery = schema.delivery
    query = (
        select(delivery.c.alert, delivery.c.state, func.count())
        .where(delivery.c.alert.in_(alerts))
        .group_by(delivery.c.alert, delivery.c.state)
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for alert, state, count in connection.execute(query):
        found[alert][state] = count
    return found


def _troubles(connection: Connection, alerts: Collection[int]) -> dict[int, list[Trouble]]:
    """Of each delivery that is not smoothly under way or sent, its last attempt that ended."""
    delivery, attempt = schema.delivery, schema.attempt
    ended = attempt.c.ended_at.is_not(None) & (attempt.c.n >= delivery.c.attempt - 1)
    query = (
        select(delivery, attempt.c.reason.label("why"), attempt.c.snippet)
        .join(attempt, (attempt.c.delivery == delivery.c.id) & ended, isouter=True)
        .where(delivery.c.alert.in_(alerts), delivery.c.state.not_in(SMOOTH))
        .where((delivery.c.reason != "") | (attempt.c.reason != ""))
        .order_by(delivery.c.id, attempt.c.n)
    )
    last = {row.id: row for row in connection.execute(query)}
    found: dict[int, list[Trouble]] = defaultdict(list)
    for row in last.values():
        found[row.alert].append(
            Trouble(
                channel=row.channel,
                state=row.state,
                reason=row.why or row.reason,
                attempt=row.attempt,
                said=clean(row.snippet or ""),
            )
        )
    return found


def _reasons(connection: Connection, alerts: Collection[int]) -> dict[int, set[str]]:
    suppression = schema.suppression
    query = select(suppression).where(suppression.c.alert.in_(alerts))
    found: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute(query):
        found[row.alert].add(row.reason)
    return found
