"""Who hears of a match, and what is held back, and why?

Pure: one match, who subscribes, and what is known of its story go in; intents come out, which `alerts.record` writes.

A delivery is owed once per alert and channel (occasion `first`), and tells of the first copy that passes. A copy held
back leaves a suppression with its reason and does not use up its story. An `update` of a story that was told is noted,
not sent. A story that reaches one channel through several watchlists is sent there once; the others join it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

import msgspec

from wire.article import ArticleId
from wire.messages import Copy, Match, Mention, StoryId
from wire.watchlist import WatchlistId

HoldReason = Literal["backfill", "zone", "age", "late", "update", "channel_disabled"]
HOLD_REASONS: tuple[HoldReason, ...] = get_args(HoldReason)
FIRST = "first"
EVERY_CHANNEL = ""


class AlertRef(NamedTuple):
    """What names an alert for ever, in every copy of the database: its watchlist and the story it was founded on."""

    watchlist: WatchlistId
    story: StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A channel that a watchlist leads to."""

    channel: str
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is too old to tell. `max_age` counts from fetching to now: a worker that was down for days is quiet."""

    age_gate: timedelta = timedelta(hours=24)
    max_age: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database knows of one match.

    `alerts` are those that the match belongs to, by watchlist, also of watchlists that it does not mention. `told` says
    for each of them which channels were told, or will be, of which article (occasion `first`). `covers` names, for each
    channel, the alert whose delivery there tells this story.
    """

    alerts: Mapping[WatchlistId, AlertRef] = field(default_factory=dict)
    told: Mapping[AlertRef, Mapping[str, ArticleId]] = field(default_factory=dict)
    covers: Mapping[str, AlertRef] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    ref: AlertRef
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCopy:
    """The article belongs to the alert. `mentions` are those of the alert's watchlist; none where it only enriches."""

    alert: AlertRef
    article: ArticleId
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """Tell `channel` of `article`. With `joins`, the delivery of that alert to the same channel tells it already."""

    alert: AlertRef
    channel: str
    article: ArticleId
    occasion: str = FIRST
    joins: AlertRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    alert: AlertRef
    article: ArticleId
    reason: HoldReason
    occasion: str = FIRST
    channel: str = EVERY_CHANNEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be written for one match, in this order."""

    alerts: tuple[NewAlert, ...] = ()
    copies: tuple[NewCopy, ...] = ()
    deliveries: tuple[NewDelivery, ...] = ()
    suppressions: tuple[Suppression, ...] = ()


Routes = Mapping[WatchlistId, tuple[Route, ...]]


def plan(match: Match, *, routes: Routes, known: Known, now: datetime, rules: Rules) -> Plan:
    """What `match` asks for. `routes` has every watchlist in force, also those that lead nowhere.

    The same match planned again asks for nothing that is not there already.
    """
    found = mentions_by_watchlist(match)
    mentioned = {watchlist: found[watchlist] for watchlist in sorted(found) if watchlist in routes}
    refs = {w: known.alerts.get(w) or AlertRef(w, match.story) for w in mentioned}
    held = {w: _hold(match.copy, mentioned[w], now, rules) for w in mentioned}
    owed = _owed(match, refs, held, routes=routes, known=known)
    return Plan(
        alerts=tuple(
            NewAlert(ref=ref, version=_version(mentioned[w], w)) for w, ref in refs.items() if w not in known.alerts
        ),
        copies=_copies(match, {**known.alerts, **refs}, mentioned),
        deliveries=tuple(intent for intent in owed if isinstance(intent, NewDelivery)),
        suppressions=tuple(intent for intent in owed if isinstance(intent, Suppression)),
    )


def mentions_by_watchlist(match: Match) -> dict[WatchlistId, tuple[Mention, ...]]:
    """Each watchlist's mentions, with that watchlist's watches only: nobody reads what others watch."""
    found: dict[WatchlistId, list[Mention]] = {}
    for mention in match.mentions:
        for watchlist in {watch.watchlist for watch in mention.watches}:
            own = tuple(watch for watch in mention.watches if watch.watchlist == watchlist)
            found.setdefault(watchlist, []).append(msgspec.structs.replace(mention, watches=own))
    return {watchlist: tuple(mentions) for watchlist, mentions in found.items()}


def _version(mentions: tuple[Mention, ...], watchlist: WatchlistId) -> int:
    return max(watch.version for mention in mentions for watch in mention.watches if watch.watchlist == watchlist)


def _hold(copy: Copy, mentions: tuple[Mention, ...], now: datetime, rules: Rules) -> HoldReason | None:
    """Why this copy must not be told to anybody, or None."""
    if copy.backfill:
        return "backfill"
    if all(mention.zone == "boilerplate" for mention in mentions):
        return "zone"
    if copy.published is not None and copy.fetched_at - copy.published > rules.age_gate:
        return "age"
    if now - copy.fetched_at > rules.max_age:
        return "late"
    return None


def _copies(
    match: Match,
    refs: Mapping[WatchlistId, AlertRef],
    mentioned: Mapping[WatchlistId, tuple[Mention, ...]],
) -> tuple[NewCopy, ...]:
    """This article and the earlier ones of its story, for every alert that it belongs to."""
    copies: list[NewCopy] = []
    for watchlist, ref in refs.items():
        copies.append(NewCopy(alert=ref, article=match.copy.article, mentions=mentioned.get(watchlist, ())))
        copies += [NewCopy(alert=ref, article=copy.article) for copy in match.earlier]
    return tuple(copies)


def _owed(
    match: Match,
    refs: Mapping[WatchlistId, AlertRef],
    held: Mapping[WatchlistId, HoldReason | None],
    *,
    routes: Routes,
    known: Known,
) -> list[NewDelivery | Suppression]:
    owed: list[NewDelivery | Suppression] = []
    covers = dict(known.covers)
    for watchlist, ref in refs.items():
        reason = held[watchlist]
        told = known.told.get(ref, {})
        if reason is not None:
            owed += [] if told else [Suppression(alert=ref, article=match.copy.article, reason=reason)]
            continue
        if told and match.relation == "update" and match.copy.article not in told.values():
            owed.append(_update_noted(match, ref))
        for route in routes[watchlist]:
            if route.channel not in told:
                owed.append(_first(match, ref, route, covers))
    return owed


def _update_noted(match: Match, ref: AlertRef) -> Suppression:
    article = match.copy.article
    return Suppression(alert=ref, article=article, reason="update", occasion=f"update:{article}")


def _first(match: Match, ref: AlertRef, route: Route, covers: dict[str, AlertRef]) -> NewDelivery | Suppression:
    article = match.copy.article
    if route.disabled:
        return Suppression(alert=ref, article=article, reason="channel_disabled", channel=route.channel)
    joins = covers.get(route.channel)
    covers.setdefault(route.channel, ref)
    return NewDelivery(alert=ref, channel=route.channel, article=article, joins=joins)
