"""What becomes of a delivery after an attempt, and when is it tried again?

Pure: chance comes in as a number, so that a test can say which.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.outcome import Outcome
from alerts.states import DeliveryState

# The schedule of Standard Webhooks: quick while a receiver restarts, slow while it is being repaired.
DELAYS = (5.0, 30.0, 120.0, 300.0, 1800.0, 7200.0, 18000.0)
LONGEST_RETRY_AFTER = 6 * 3600.0  # seconds; a receiver that asks for a week would silence its subscriber
RETRY_AFTER_SPREAD = 2.0  # seconds after the moment asked for: those who wait for one receiver do not return as one


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state to write. `due_at` only where it is tried again."""

    state: DeliveryState
    reason: str
    due_at: datetime | None = None


def judge(outcome: Outcome, *, attempt: int, now: datetime, expires_at: datetime, chance: float) -> Verdict:
    """What `outcome` of the given attempt (from 1) means. `chance` is within 0..1."""
    if outcome.kind == "sent":
        return Verdict(state="sent", reason="")
    if outcome.kind in {"permanent", "gone"}:
        return Verdict(state="failed", reason=outcome.reason)
    due_at = now + timedelta(seconds=delay(outcome, attempt, chance))
    if due_at >= expires_at:
        return Verdict(state="dead", reason=outcome.reason)
    state: DeliveryState = "uncertain" if outcome.kind == "uncertain" else "retry"
    return Verdict(state=state, reason=outcome.reason, due_at=due_at)


def delay(outcome: Outcome, attempt: int, chance: float) -> float:
    """Seconds to wait: what the receiver asked for, or a random part of the schedule's next step (full jitter)."""
    if outcome.retry_after is not None:
        asked = min(max(0.0, outcome.retry_after), LONGEST_RETRY_AFTER)
        return asked + RETRY_AFTER_SPREAD * chance
    return DELAYS[min(attempt, len(DELAYS)) - 1] * chance
