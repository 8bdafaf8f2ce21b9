"""What does an HTTP receiver's answer mean for the delivery?"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

from alerts.outcome import Outcome, OutcomeKind, Reason
from alerts.render import clean
from wire.retry_after import retry_after

SNIPPET = 300
LONGEST_WAIT = 3600.0  # seconds; news does not wait longer because a receiver asked

_SPECIAL: dict[int, tuple[OutcomeKind, Reason]] = {
    HTTPStatus.UNAUTHORIZED: ("permanent", "auth"),
    HTTPStatus.FORBIDDEN: ("permanent", "auth"),
    HTTPStatus.REQUEST_TIMEOUT: ("transient", "timeout"),
    HTTPStatus.GONE: ("gone", "gone"),
    HTTPStatus.TOO_MANY_REQUESTS: ("rate_limited", "rate_limited"),
}


def http_outcome(status: int, headers: Mapping[str, str], told: str) -> Outcome:
    """2xx was accepted; a 3xx leads to an address that nobody has checked, so it is as final as a 4xx."""
    kind, reason = _SPECIAL.get(status) or _by_class(status)
    wait = retry_after(headers.get("Retry-After", ""), datetime.now(UTC), most=LONGEST_WAIT)
    return Outcome(
        kind=kind,
        reason=reason,
        code=status,
        retry_after=wait if kind in {"transient", "rate_limited"} else None,
        snippet=told,
    )


def snippet(told: str, secrets: Sequence[str] = ()) -> str:
    """The beginning of an answer for the ledger: readable, and free of the secrets that it may echo."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        told = told.replace(secret, "…")
    return clean(told).strip()[:SNIPPET]


def _by_class(status: int) -> tuple[OutcomeKind, Reason]:
    if 200 <= status < 300:  # noqa: PLR2004  # HTTP's own classes
        return "sent", "ok"
    return ("transient", "server_error") if status >= 500 else ("permanent", "client_error")  # noqa: PLR2004
