"""What do we owe?

One batch of matches becomes alerts, copies, deliveries and suppressions, in bulk, in the caller's transaction. What is
there already is joined, never doubled, so a batch may be recorded any number of times.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, bindparam, insert, select, update

from alerts import memory as memories
from alerts import schema
from alerts.database import in_chunks, upsert
from alerts.memory import Memory
from alerts.policy import AlertRef, HoldReason, NewAlert, NewCopy, NewDelivery, Routes, Rules, Suppression, plan
from wire.article import ArticleId
from wire.messages import Copy, Match, StoryId

_mentions = msgspec.json.Encoder()


@dataclass(slots=True)
class Recorded:
    """What one batch added."""

    alerts: int = 0
    deliveries: int = 0
    suppressed: Counter[HoldReason] = field(default_factory=Counter)


@dataclass(slots=True)
class _Batch:
    """The rows to write, gathered match by match. The memory is kept true as they come."""

    memory: Memory
    now: datetime
    rules: Rules
    articles: dict[ArticleId, Copy] = field(default_factory=dict)
    alerts: dict[AlertRef, tuple[NewAlert, Match]] = field(default_factory=dict)
    stories: dict[tuple[StoryId, str], AlertRef] = field(default_factory=dict)
    copies: dict[tuple[ArticleId, str], NewCopy] = field(default_factory=dict)
    reread: dict[tuple[ArticleId, str], NewCopy] = field(default_factory=dict)
    deliveries: list[NewDelivery] = field(default_factory=list)
    suppressions: dict[Suppression, None] = field(default_factory=dict)


def record(
    connection: Connection, matches: Sequence[Match], *, routes: Routes, now: datetime, rules: Rules
) -> Recorded:
    """Write down what `matches` ask for.

    Raises:
        Contended: from the transaction, when another worker wrote an alert of the same article first.
    """
    batch = _Batch(memories.load(connection, matches), now, rules)
    for match in matches:
        _gather(batch, match, routes)
    _write(connection, batch)
    suppressed = Counter(suppression.reason for suppression in batch.suppressions)
    return Recorded(alerts=len(batch.alerts), deliveries=len(batch.deliveries), suppressed=suppressed)


def delivery_key(ref: AlertRef, channel: str, occasion: str) -> str:
    """The idempotency key: the same in every attempt, and in a database restored from any backup."""
    words = f"{ref.watchlist}\0{ref.story}\0{channel}\0{occasion}"
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def _gather(batch: _Batch, match: Match, routes: Routes) -> None:
    planned = plan(match, routes=routes, known=batch.memory.known(match), now=batch.now, rules=batch.rules)
    for new in planned.alerts:
        batch.alerts[new.ref] = (new, match)
    for ref in {copy.alert for copy in planned.copies}:
        _gather_story(batch, match.story, ref)
    for copy in planned.copies:
        _gather_copy(batch, copy)
    for delivery in planned.deliveries:
        batch.memory.add_delivery(delivery)
        batch.deliveries.append(delivery)
    batch.suppressions.update(dict.fromkeys(planned.suppressions))
    if planned.copies:
        batch.articles[match.copy.article] = match.copy
        for earlier in match.earlier:
            batch.articles.setdefault(earlier.article, earlier)


def _gather_story(batch: _Batch, story: StoryId, ref: AlertRef) -> None:
    """The alert answers to this story's id from now on, unless another one of its watchlist does."""
    known = batch.memory.by_story[story]
    if ref.watchlist not in known:
        known[ref.watchlist] = batch.stories[story, ref.watchlist] = ref


def _gather_copy(batch: _Batch, copy: NewCopy) -> None:
    """The article belongs to the alert, unless it belongs to another one of its watchlist."""
    watchlist = copy.alert.watchlist
    place = (copy.article, watchlist)
    owners = batch.memory.by_article[copy.article]
    if watchlist not in owners:
        owners[watchlist] = copy.alert
        batch.copies[place] = copy
    elif copy.mentions and owners[watchlist] == copy.alert:
        # The article again: redelivered, or in a newer revision, whose mentions are the ones to show.
        known = batch.copies if place in batch.copies else batch.reread
        known[place] = copy


def _write(connection: Connection, batch: _Batch) -> None:
    _write_articles(connection, batch.articles.values())
    _write_alerts(connection, batch)
    ids = batch.memory.ids
    _insert(
        connection,
        schema.alert_story,
        [{"story": story, "watchlist": name, "alert": ids[ref]} for (story, name), ref in batch.stories.items()],
    )
    _insert(connection, schema.alert_copy, [_copy_row(copy, ids) for copy in batch.copies.values()])
    _write_reread(connection, batch.reread.values())
    _write_deliveries(connection, batch)
    _write_suppressions(connection, batch)


def _write_articles(connection: Connection, copies: Iterable[Copy]) -> None:
    """The facts as the newest reading has them: an older one, redelivered, changes nothing."""
    rows = sorted((_article_row(copy) for copy in copies), key=itemgetter("id"))  # one order: no two workers deadlock
    if rows:
        statement = upsert(connection, schema.article)
        newer = statement.excluded.fetched_at >= schema.article.c.fetched_at
        facts = {column.name: column for column in statement.excluded if column.name != "id"}
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=facts, where=newer), rows)


def _article_row(copy: Copy) -> dict[str, Any]:
    words = {name: getattr(copy, name).replace("\0", "") for name in ("feed", "outlet", "link", "title", "language")}
    return words | {
        "id": copy.article,
        "revision": copy.revision,
        "relation": copy.relation,
        "published": copy.published,
        "fetched_at": copy.fetched_at,
        "backfill": int(copy.backfill),
    }


def _write_alerts(connection: Connection, batch: _Batch) -> None:
    _insert(connection, schema.alert, [_alert_row(new, match, batch.now) for new, match in batch.alerts.values()])
    table = schema.alert
    for stories in in_chunks({ref.story for ref in batch.alerts}):
        found = select(table.c.id, table.c.watchlist, table.c.story).where(table.c.story.in_(stories))
        for number, watchlist, story in connection.execute(found):
            batch.memory.ids[AlertRef(watchlist, story)] = number


def _alert_row(new: NewAlert, match: Match, now: datetime) -> dict[str, Any]:
    return {
        "watchlist": new.ref.watchlist,
        "watchlist_version": new.version,
        "story": new.ref.story,
        "article": match.copy.article,
        "score": match.score,
        "why": match.why.replace("\0", ""),
        "fetched_at": match.copy.fetched_at,
        "created_at": now,
    }


def _copy_row(copy: NewCopy, ids: Mapping[AlertRef, int]) -> dict[str, Any]:
    return {
        "article": copy.article,
        "watchlist": copy.alert.watchlist,
        "alert": ids[copy.alert],
        "mentions": _mentions.encode(copy.mentions) if copy.mentions else None,
    }


def _write_reread(connection: Connection, copies: Iterable[NewCopy]) -> None:
    table = schema.alert_copy
    place = (table.c.article == bindparam("of_article")) & (table.c.watchlist == bindparam("of_watchlist"))
    rows = [
        {"of_article": copy.article, "of_watchlist": copy.alert.watchlist, "found": _mentions.encode(copy.mentions)}
        for copy in copies
    ]
    if rows:
        connection.execute(update(table).where(place).values(mentions=bindparam("found")), rows)


def _write_deliveries(connection: Connection, batch: _Batch) -> None:
    """Those that will be sent first, so that those which joined them have something to point at."""
    own = [delivery for delivery in batch.deliveries if delivery.joins is None]
    _insert(connection, schema.delivery, [_delivery_row(delivery, batch) | {"state": "due"} for delivery in own])
    joined = [delivery for delivery in batch.deliveries if delivery.joins is not None]
    targets = _ids_by_key(connection, {_joined_key(delivery) for delivery in joined})
    _insert(
        connection,
        schema.delivery,
        [
            _delivery_row(delivery, batch)
            | {"state": "joined", "joined_to": targets[_joined_key(delivery)], "settled_at": batch.now}
            for delivery in joined
        ],
    )


def _joined_key(delivery: NewDelivery) -> str:
    return delivery_key(delivery.joins or delivery.alert, delivery.channel, delivery.occasion)


def _delivery_row(delivery: NewDelivery, batch: _Batch) -> dict[str, Any]:
    return {
        "key": delivery_key(delivery.alert, delivery.channel, delivery.occasion),
        "alert": batch.memory.ids[delivery.alert],
        "channel": delivery.channel,
        "occasion": delivery.occasion,
        "article": delivery.article,
        "due_at": batch.now,
        "expires_at": batch.now + batch.rules.max_age,
        "created_at": batch.now,
    }


def _ids_by_key(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    table = schema.delivery
    found: dict[str, int] = {}
    for some in in_chunks(keys):
        rows = connection.execute(select(table.c.key, table.c.id).where(table.c.key.in_(some)))
        found.update((key, number) for key, number in rows)
    return found


def _write_suppressions(connection: Connection, batch: _Batch) -> None:
    rows = [
        {
            "alert": batch.memory.ids[suppression.alert],
            "channel": suppression.channel,
            "occasion": suppression.occasion,
            "article": suppression.article,
            "reason": suppression.reason,
            "created_at": batch.now,
        }
        for suppression in batch.suppressions
    ]
    if rows:
        connection.execute(upsert(connection, schema.suppression).on_conflict_do_nothing(), rows)


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)
