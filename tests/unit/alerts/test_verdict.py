from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from alerts.outcome import OUTCOMES, Outcome, OutcomeKind
from alerts.states import SETTLED, WAITING
from alerts.verdict import DELAYS, LONGEST_RETRY_AFTER, Verdict, judge
from tests.matches import NOON

EXPIRES = NOON + timedelta(hours=24)


def judged(kind: OutcomeKind, *, attempt: int = 1, retry_after: float | None = None, chance: float = 0.5) -> Verdict:
    outcome = Outcome(kind=kind, reason="other", retry_after=retry_after)
    return judge(outcome, attempt=attempt, now=NOON, expires_at=EXPIRES, chance=chance)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("sent", "sent"),
        ("transient", "retry"),
        ("rate_limited", "retry"),
        ("uncertain", "uncertain"),
        ("permanent", "failed"),
        ("gone", "failed"),
    ],
)
def test_each_outcome_has_its_state(kind: OutcomeKind, state: str) -> None:
    assert judged(kind).state == state


def test_a_receiver_that_asks_for_seven_seconds_gets_between_seven_and_ten() -> None:
    for chance in (0.0, 0.5, 1.0):
        due = judged("rate_limited", retry_after=7, chance=chance).due_at
        assert due is not None
        assert timedelta(seconds=7) <= due - NOON < timedelta(seconds=10)


def test_a_receiver_cannot_silence_its_subscriber_for_a_week() -> None:
    due = judged("rate_limited", retry_after=7 * 86_400).due_at
    assert due is not None
    assert due - NOON <= timedelta(seconds=LONGEST_RETRY_AFTER + 2)


@pytest.mark.parametrize("attempt", [1, 2, 7, 30])
def test_the_wait_is_a_random_part_of_the_schedule(attempt: int) -> None:
    longest = judged("transient", attempt=attempt, chance=1.0).due_at
    assert longest == NOON + timedelta(seconds=DELAYS[min(attempt, 7) - 1])
    assert judged("transient", attempt=attempt, chance=0.0).due_at == NOON


def test_what_would_be_tried_after_its_expiry_is_dead() -> None:
    outcome = Outcome(kind="transient", reason="timeout")
    verdict = judge(outcome, attempt=7, now=EXPIRES - timedelta(hours=1), expires_at=EXPIRES, chance=1.0)
    assert verdict == Verdict(state="dead", reason="timeout")


@given(some.sampled_from(OUTCOMES), some.integers(1, 100), some.none() | some.floats(-5, 1e9), some.floats(0, 1))
def test_a_delivery_either_waits_for_a_moment_or_is_settled(
    kind: OutcomeKind, attempt: int, retry_after: float | None, chance: float
) -> None:
    verdict = judged(kind, attempt=attempt, retry_after=retry_after, chance=chance)
    if verdict.due_at is None:
        assert verdict.state in SETTLED
    else:
        assert verdict.state in WAITING
        assert NOON <= verdict.due_at < EXPIRES
