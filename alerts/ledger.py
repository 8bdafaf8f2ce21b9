"""What have we delivered?

A delivery is claimed (lease, attempt number, attempt row: committed before the network call), sent, and settled. Only
the holder of the latest attempt may settle it. A claim whose lease ran out is `uncertain`: it may have arrived, and is
sent again under the same key.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from alerts import schema
from alerts.edits import Author, disable_channel
from alerts.outcome import Outcome
from alerts.states import WAITING
from alerts.verdict import Verdict, judge
from wire.article import ArticleId

SNIPPET = 300  # characters of a receiver's answer that are kept
delivery, attempt, channel = schema.delivery, schema.attempt, schema.channel  # as short as the statements read best


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One delivery that is ours to send now. `attempt` is the fence: a later claim has a higher one."""

    id: int
    key: str
    alert: int
    channel: str
    channel_version: int
    occasion: str
    article: ArticleId
    attempt: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a claim ended. `chance` (0..1) spreads the next attempt."""

    claim: Claim
    outcome: Outcome
    ended_at: datetime
    chance: float


def claim(
    connection: Connection,
    *,
    worker: str,
    now: datetime,
    lease: timedelta,
    in_flight: Mapping[str, int],
    per_channel: int,
    limit: int,
) -> list[Claim]:
    """Up to `limit` due deliveries, oldest first, and of one channel no more than fit beside those in flight."""
    full = [name for name, count in in_flight.items() if count >= per_channel]
    rows = connection.execute(_due(now, full, limit)).all()
    claims = [_claim(row) for row in _fitting(rows, in_flight, per_channel)]
    if claims:
        _mark_sending(connection, claims, worker=worker, now=now, lease=lease)
    return claims


def settle(connection: Connection, settlements: Sequence[Settlement], *, worker: str) -> list[Verdict | None]:
    """Write down how these claims ended. None for one that is not ours any more: its new holder decides.

    A claim that ran out of its lease but was not claimed again is settled all the same: its outcome is known.
    """
    return [_settle(connection, settlement, worker) for settlement in settlements]


def tidy(connection: Connection, *, now: datetime) -> None:
    """Leases that ran out are uncertain, what is too old is dead, what has nowhere to go is cancelled."""
    give_up_claims(connection, delivery.c.lease_until < now, now=now)
    waiting = delivery.c.state.in_(WAITING)
    too_old = waiting & (delivery.c.expires_at <= now)
    connection.execute(update(delivery).where(too_old).values(state="dead", reason="max_age", settled_at=now))
    unusable = select(channel.c.id).where(or_(channel.c.state == "disabled", channel.c.removed_at.is_not(None)))
    nowhere = waiting & delivery.c.channel.in_(unusable)
    connection.execute(
        update(delivery).where(nowhere).values(state="cancelled", reason="channel_disabled", settled_at=now)
    )


def take_back(connection: Connection, *, worker: str, now: datetime) -> int:
    """What this worker's last life had in flight when it was killed. There is only one worker of a name."""
    return give_up_claims(connection, delivery.c.claimed_by == worker, now=now)


def give_up_claims(connection: Connection, which: Any, *, now: datetime) -> int:
    """Nobody will hear how these ended."""
    lost = select(delivery.c.id, delivery.c.attempt).where(delivery.c.state == "sending", which)
    rows = connection.execute(lost.with_for_update(skip_locked=True)).all()
    for id_, number in rows:
        connection.execute(
            update(attempt)
            .where(attempt.c.delivery == id_, attempt.c.n == number, attempt.c.ended_at.is_(None))
            .values(ended_at=now, outcome="uncertain", reason="other", snippet="the worker never heard back")
        )
        connection.execute(
            update(delivery)
            .where(delivery.c.id == id_)
            .values(state="uncertain", reason="other", due_at=now, lease_until=None, claimed_by=None)
        )
    return len(rows)


def _due(now: datetime, full: Sequence[str], limit: int) -> Any:
    return (
        select(delivery, channel.c.version.label("channel_version"))
        .join(channel, channel.c.id == delivery.c.channel)
        .where(
            delivery.c.state.in_(WAITING),
            delivery.c.due_at <= now,
            delivery.c.expires_at > now,
            delivery.c.channel.not_in(full),
            channel.c.state == "ok",
            channel.c.removed_at.is_(None),
        )
        .order_by(delivery.c.due_at, delivery.c.id)
        .limit(limit)
        .with_for_update(of=delivery, skip_locked=True)
    )


def _fitting(rows: Sequence[Row[Any]], in_flight: Mapping[str, int], per_channel: int) -> list[Row[Any]]:
    busy = Counter(in_flight)
    fitting = []
    for row in rows:
        if busy[row.channel] < per_channel:
            busy[row.channel] += 1
            fitting.append(row)
    return fitting


def _claim(row: Row[Any]) -> Claim:
    return Claim(
        id=row.id,
        key=row.key,
        alert=row.alert,
        channel=row.channel,
        channel_version=row.channel_version,
        occasion=row.occasion,
        article=row.article,
        attempt=row.attempt + 1,
        expires_at=row.expires_at,
    )


def _mark_sending(
    connection: Connection, claims: Sequence[Claim], *, worker: str, now: datetime, lease: timedelta
) -> None:
    connection.execute(
        update(delivery)
        .where(delivery.c.id.in_([claimed.id for claimed in claims]))
        .values(state="sending", attempt=delivery.c.attempt + 1, lease_until=now + lease, claimed_by=worker)
    )
    connection.execute(
        insert(attempt),
        [{"delivery": c.id, "n": c.attempt, "worker": worker, "started_at": now} for c in claims],
    )


def _settle(connection: Connection, settlement: Settlement, worker: str) -> Verdict | None:
    claimed, outcome, ended_at = settlement.claim, settlement.outcome, settlement.ended_at
    _end_attempt(connection, settlement)
    verdict = judge(
        outcome, attempt=claimed.attempt, now=ended_at, expires_at=claimed.expires_at, chance=settlement.chance
    )
    values: dict[str, Any] = {"state": verdict.state, "reason": verdict.reason, "lease_until": None, "claimed_by": None}
    values |= {"due_at": verdict.due_at} if verdict.due_at else {"settled_at": ended_at}
    fence = (delivery.c.id == claimed.id) & (delivery.c.attempt == claimed.attempt)
    known = delivery.c.state.in_(("sending", "uncertain"))
    if connection.execute(update(delivery).where(fence, known).values(**values)).rowcount != 1:
        return None
    if outcome.kind == "gone":
        author = Author(place="delivery", person=worker)
        disable_channel(connection, claimed.channel, reason=outcome.reason, author=author, now=ended_at)
    return verdict


def _end_attempt(connection: Connection, settlement: Settlement) -> None:
    outcome = settlement.outcome
    connection.execute(
        update(attempt)
        .where(attempt.c.delivery == settlement.claim.id, attempt.c.n == settlement.claim.attempt)
        .values(
            ended_at=settlement.ended_at,
            outcome=outcome.kind,
            reason=outcome.reason,
            code=outcome.code,
            snippet=outcome.snippet[:SNIPPET].replace("\0", ""),
        )
    )
