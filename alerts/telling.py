"""What does a claimed delivery tell, as things stand at this moment?

Read when it is sent, not when it was owed: copies that came in between are told too, and so are the watchlists that
joined the delivery. A handful of questions to the database for a whole batch of claims.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, or_, select

from alerts import schema
from alerts.ledger import Claim
from alerts.notice import Notice
from wire.article import ArticleId
from wire.messages import Copy, Mention

COPIES_TOLD = 50  # copies that a notice lists; it counts all of them
_mentions = msgspec.json.Decoder(tuple[Mention, ...])
_Place = tuple[int, ArticleId]
_AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Spread:
    copies: int
    outlets: int


def notices(connection: Connection, claims: Sequence[Claim]) -> dict[int, Notice]:
    """The notice of each claim, by delivery."""
    alerts = _alerts(connection, [claim.id for claim in claims])
    own = {claim.alert for claim in claims}
    mentions = _mentions_of(connection, {alert.id for found in alerts.values() for alert in found}, claims)
    copies = _copies_of(connection, own)
    told = _articles(connection, {claim.article for claim in claims})
    spread = _spread_of(connection, own)
    people = _people(connection, {claim.channel for claim in claims})
    return {
        claim.id: Notice(
            key=claim.key,
            occasion=claim.occasion,
            alert=claim.alert,
            story=alerts[claim.id][0].story,
            watchlists=tuple(dict.fromkeys(alert.name for alert in alerts[claim.id])),
            mentions=_merged(mentions[alert.id, claim.article] for alert in alerts[claim.id]),
            copies=_told_first(told[claim.article], copies[claim.alert]),
            copy_count=spread[claim.alert].copies,
            outlet_count=spread[claim.alert].outlets,
            timezone=people[claim.channel].timezone,
            language=people[claim.channel].language,
            matched_at=alerts[claim.id][0].created_at,
        )
        for claim in claims
    }


def _alerts(connection: Connection, deliveries: Sequence[int]) -> Mapping[int, list[_AnyRow]]:
    """For each delivery its alert first, then those whose deliveries joined it, with the names of their watchlists."""
    delivery, alert, watchlist = schema.delivery, schema.alert, schema.watchlist
    telling = func.coalesce(delivery.c.joined_to, delivery.c.id)
    rows = connection.execute(
        select(telling.label("delivery"), alert.c.id, alert.c.story, alert.c.created_at, watchlist.c.name)
        .join(alert, alert.c.id == delivery.c.alert)
        .join(watchlist, watchlist.c.id == alert.c.watchlist)
        .where(or_(delivery.c.id.in_(deliveries), delivery.c.joined_to.in_(deliveries)))
        .order_by(delivery.c.joined_to.is_not(None), delivery.c.id)
    )
    found: defaultdict[int, list[_AnyRow]] = defaultdict(list)
    for row in rows:
        found[row.delivery].append(row)
    return found


def _mentions_of(
    connection: Connection, alerts: Iterable[int], claims: Sequence[Claim]
) -> Mapping[_Place, tuple[Mention, ...]]:
    copy = schema.alert_copy
    rows = connection.execute(
        select(copy.c.alert, copy.c.article, copy.c.mentions).where(
            copy.c.alert.in_(alerts), copy.c.article.in_({claim.article for claim in claims})
        )
    )
    found: defaultdict[_Place, tuple[Mention, ...]] = defaultdict(tuple)
    for alert, article, mentions in rows:
        found[alert, article] = _mentions.decode(mentions) if mentions else ()
    return found


def _merged(found: Iterable[tuple[Mention, ...]]) -> tuple[Mention, ...]:
    """Each alert stored its own watchlist's watches; a span that several of them watch is one mention again."""
    merged: dict[tuple[str, str, int, int], Mention] = {}
    for mention in (mention for mentions in found for mention in mentions):
        span = (mention.entity, mention.field, mention.start, mention.end)
        known = merged.get(span)
        watches = tuple(sorted({*mention.watches, *(known.watches if known else ())}))
        merged[span] = msgspec.structs.replace(mention, watches=watches)
    return tuple(merged.values())


def _copies_of(connection: Connection, alerts: Iterable[int]) -> Mapping[int, list[Copy]]:
    """The first copies of each alert, in the order in which they were fetched."""
    copy, article = schema.alert_copy, schema.article
    place = func.row_number().over(partition_by=copy.c.alert, order_by=(article.c.fetched_at, article.c.id))
    ranked = (
        select(copy.c.alert, *article.c, place.label("place"))
        .join(article, article.c.id == copy.c.article)
        .where(copy.c.alert.in_(alerts))
        .subquery()
    )
    found: defaultdict[int, list[Copy]] = defaultdict(list)
    for row in connection.execute(select(ranked).where(ranked.c.place <= COPIES_TOLD).order_by(ranked.c.place)):
        found[row.alert].append(_copy(row))
    return found


def _articles(connection: Connection, ids: Iterable[ArticleId]) -> Mapping[ArticleId, Copy]:
    rows = connection.execute(select(schema.article).where(schema.article.c.id.in_(ids)))
    return {row.id: _copy(row) for row in rows}


def _told_first(told: Copy, copies: Sequence[Copy]) -> tuple[Copy, ...]:
    others = [copy for copy in copies if copy.article != told.article]
    return (told, *others[: COPIES_TOLD - 1])


def _spread_of(connection: Connection, alerts: Iterable[int]) -> Mapping[int, _Spread]:
    copy, article = schema.alert_copy, schema.article
    rows = connection.execute(
        select(copy.c.alert, func.count(), func.count(article.c.outlet.distinct()))
        .join(article, article.c.id == copy.c.article)
        .where(copy.c.alert.in_(alerts))
        .group_by(copy.c.alert)
    )
    return {alert: _Spread(copies, outlets) for alert, copies, outlets in rows}


def _people(connection: Connection, channels: Iterable[str]) -> Mapping[str, _AnyRow]:
    channel, subscriber = schema.channel, schema.subscriber
    rows = connection.execute(
        select(channel.c.id, subscriber.c.timezone, subscriber.c.language)
        .join(subscriber, subscriber.c.id == channel.c.subscriber)
        .where(channel.c.id.in_(channels))
    )
    return {row.id: row for row in rows}


def _copy(row: _AnyRow) -> Copy:
    return Copy(
        article=row.id,
        revision=row.revision,
        feed=row.feed,
        outlet=row.outlet,
        link=row.link,
        title=row.title,
        language=row.language,
        relation=row.relation,
        published=row.published,
        fetched_at=row.fetched_at,
        backfill=bool(row.backfill),
    )
