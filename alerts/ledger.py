"""What have we delivered?

A delivery is claimed (lease, attempt number, attempt row: committed before the network call), sent, and settled. Only
the holder of the latest attempt may settle it. A claim whose lease ran out is `uncertain`: it may have arrived, and is
sent again under the same key.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select, update

from alerts import schema
from alerts.edits import Author, disable_channel
from alerts.outcome import Outcome
from alerts.schema import IS_SENDING, IS_WAITING, Instant
from alerts.verdict import Verdict, judge
from wire.article import ArticleId

LOOKED_AT = 64  # due deliveries that one claim looks at: a long queue of one channel costs each turn no more
TO_SEND = ("id", "key", "alert", "channel", "occasion", "article", "attempt", "expires_at")
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
    """Some due deliveries, oldest first, `limit` at most, and of one channel no more than fit beside those in flight.

    None are left to claim only once it returns none: a channel with a long queue fills what one call looks at.
    """
    full = [name for name, count in in_flight.items() if count >= per_channel]
    rows = connection.execute(_due(now, full, min(limit, LOOKED_AT))).all()
    claims = [_claim(row) for row in _fitting(rows, in_flight, per_channel)]
    if claims:
        _mark_sending(connection, claims, worker=worker, now=now, lease=lease)
    return claims


def settle(connection: Connection, settlements: Sequence[Settlement], *, worker: str) -> list[Verdict | None]:
    """Write down how these claims ended. None for one that is not ours any more: its new holder decides.

    A claim that ran out of its lease but was not claimed again is settled all the same: its outcome is known.
    """
    if not settlements:
        return []
    connection.execute(_END_ATTEMPT, [_attempt_values(settlement) for settlement in settlements])
    ours = _still_ours(connection, [settlement.claim for settlement in settlements])
    verdicts = [_judged(settlement) if settlement.claim in ours else None for settlement in settlements]
    settled = list(zip(settlements, verdicts, strict=True))
    values = [_delivery_values(settlement, verdict) for settlement, verdict in settled if verdict]
    if values:
        connection.execute(_SETTLE, values)
    for settlement, verdict in settled:
        if verdict and settlement.outcome.kind == "gone":
            _disable(connection, settlement, worker)
    return verdicts


def tidy(connection: Connection, *, now: datetime, in_flight: Collection[int] = ()) -> None:
    """Leases that ran out are uncertain, what is too old is dead, what has nowhere to go is cancelled.

    `in_flight` are deliveries that the caller is sending: after a clock that was put forward their leases look old.
    """
    give_up_claims(connection, (delivery.c.lease_until < now) & delivery.c.id.not_in(in_flight), now=now)
    too_old = IS_WAITING & (delivery.c.expires_at <= now)
    connection.execute(update(delivery).where(too_old).values(state="dead", reason="max_age", settled_at=now))
    unusable = select(channel.c.id).where(or_(channel.c.state == "disabled", channel.c.removed_at.is_not(None)))
    nowhere = IS_WAITING & delivery.c.channel.in_(unusable)
    connection.execute(
        update(delivery).where(nowhere).values(state="cancelled", reason="channel_disabled", settled_at=now)
    )


def count_open(connection: Connection) -> Counter[str]:
    """How many deliveries wait or are being sent, by state."""
    found = select(delivery.c.state, func.count()).group_by(delivery.c.state)
    counted: Counter[str] = Counter()
    for which in (IS_WAITING, IS_SENDING):
        for state, number in connection.execute(found.where(which)):
            counted[state] += number
    return counted


def take_back(connection: Connection, *, worker: str, now: datetime) -> int:
    """What this worker's last life had in flight when it was killed. There is only one worker of a name."""
    return give_up_claims(connection, delivery.c.claimed_by == worker, now=now)


def give_up_claims(connection: Connection, which: Any, *, now: datetime) -> int:
    """Nobody will hear how these ended."""
    lost = select(delivery.c.id, delivery.c.attempt).where(IS_SENDING, which)
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
        select(*(delivery.c[name] for name in TO_SEND), channel.c.version.label("channel_version"))
        .join(channel, channel.c.id == delivery.c.channel)
        .where(
            IS_WAITING,
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


def _still_ours(connection: Connection, claims: Sequence[Claim]) -> set[Claim]:
    """Those that nobody claimed after us. Their rows stay locked until this transaction ends."""
    held = select(delivery.c.id, delivery.c.attempt).where(
        delivery.c.id.in_([claimed.id for claimed in claims]), delivery.c.state.in_(("sending", "uncertain"))
    )
    latest = {tuple(row) for row in connection.execute(held.with_for_update())}
    return {claimed for claimed in claims if (claimed.id, claimed.attempt) in latest}


def _judged(settlement: Settlement) -> Verdict:
    return judge(
        settlement.outcome,
        attempt=settlement.claim.attempt,
        now=settlement.ended_at,
        expires_at=settlement.claim.expires_at,
        chance=settlement.chance,
    )


def _disable(connection: Connection, settlement: Settlement, worker: str) -> None:
    author = Author(place="delivery", person=worker)
    reason, now = settlement.outcome.reason, settlement.ended_at
    disable_channel(connection, settlement.claim.channel, reason=reason, author=author, now=now)


def _delivery_values(settlement: Settlement, verdict: Verdict) -> dict[str, Any]:
    return {
        "of_id": settlement.claim.id,
        "new_state": verdict.state,
        "new_reason": verdict.reason,
        "next_due": verdict.due_at,
        "settled": None if verdict.due_at else settlement.ended_at,
    }


_SETTLE = (
    update(delivery)
    .where(delivery.c.id == bindparam("of_id"))
    .values(
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        due_at=func.coalesce(bindparam("next_due", type_=Instant), delivery.c.due_at),
        settled_at=bindparam("settled"),
        lease_until=None,
        claimed_by=None,
    )
)


def _attempt_values(settlement: Settlement) -> dict[str, Any]:
    outcome = settlement.outcome
    return {
        "of_delivery": settlement.claim.id,
        "of_n": settlement.claim.attempt,
        "ended": settlement.ended_at,
        "how": outcome.kind,
        "why": outcome.reason,
        "answered": outcome.code,
        "said": outcome.snippet[:SNIPPET].replace("\0", ""),
    }


_END_ATTEMPT = (
    update(attempt)
    .where(attempt.c.delivery == bindparam("of_delivery"), attempt.c.n == bindparam("of_n"))
    .values(
        ended_at=bindparam("ended"),
        outcome=bindparam("how"),
        reason=bindparam("why"),
        code=bindparam("answered"),
        snippet=bindparam("said"),
    )
)
