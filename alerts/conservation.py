"""Is everything owed in exactly one state?

Owed, for the occasion `first`, is each pair of an alert and a channel that its watchlist led to when the alert was
made, and each that came later. A pair has one delivery (a key of the database sees to "one") or, where every copy was
held back, suppressions. A pair with neither is missing, and a delivery that is too old and still open is overdue: both
are defects of ours.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, func, or_, select

from alerts import schema
from alerts.policy import EVERY_CHANNEL, FIRST

SUPPRESSED = "suppressed"
MISSING = "missing"
GRACE = timedelta(minutes=1)  # the sender that gives up what is too old needs a moment to see it


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How many pairs are in each state: those of `alerts.states`, `suppressed`, and `missing`."""

    states: Mapping[str, int]
    overdue: int

    @property
    def owed(self) -> int:
        return sum(self.states.values())

    @property
    def is_kept(self) -> bool:
        """Whether nothing is lost and nothing is forgotten."""
        return not self.states.get(MISSING) and not self.overdue


def balance(connection: Connection, *, now: datetime) -> Balance:
    """Of the whole ledger; it reads all of it."""
    states: Counter[str] = Counter()
    for question in (_expected(), _later()):
        for state, count in connection.execute(question):
            states[state] += count
    return Balance(states=dict(states), overdue=connection.execute(_overdue(now)).scalar_one())


def _expected() -> Select[Any]:
    """The state of each pair that was to be told when the alert was made."""
    alert, wish, delivery = schema.alert, schema.subscription, schema.delivery
    told = and_(delivery.c.alert == alert.c.id, delivery.c.channel == wish.c.channel, delivery.c.occasion == FIRST)
    state = case((delivery.c.state.is_not(None), delivery.c.state), (_is_held(), SUPPRESSED), else_=MISSING)
    return (
        select(state, func.count())
        .select_from(alert)
        .join(wish, _was_wished())
        .outerjoin(delivery, told)
        .group_by(state)
    )


def _later() -> Select[Any]:
    """Deliveries to channels that subscribed, or whose subscription changed, after the alert was made."""
    alert, wish, delivery = schema.alert, schema.subscription, schema.delivery
    expected = exists().where(_was_wished(), wish.c.channel == delivery.c.channel)
    return (
        select(delivery.c.state, func.count())
        .join(alert, alert.c.id == delivery.c.alert)
        .where(delivery.c.occasion == FIRST, ~expected)
        .group_by(delivery.c.state)
    )


def _was_wished() -> Any:
    alert, wish = schema.alert, schema.subscription
    in_force = or_(wish.c.removed_at.is_(None), wish.c.removed_at > alert.c.created_at)
    return and_(wish.c.watchlist == alert.c.watchlist, wish.c.changed_at <= alert.c.created_at, in_force)


def _is_held() -> Any:
    alert, wish, held = schema.alert, schema.subscription, schema.suppression
    everywhere_or_there = held.c.channel.in_((EVERY_CHANNEL, wish.c.channel))
    return exists().where(held.c.alert == alert.c.id, held.c.occasion == FIRST, everywhere_or_there)


def _overdue(now: datetime) -> Select[Any]:
    delivery = schema.delivery
    forgotten = delivery.c.settled_at.is_(None) & (delivery.c.expires_at < now - GRACE)
    return select(func.count()).select_from(delivery).where(forgotten)
