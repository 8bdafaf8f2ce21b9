"""How did one attempt to deliver end?"""

from dataclasses import dataclass
from typing import Literal, get_args

OutcomeKind = Literal["sent", "transient", "rate_limited", "permanent", "gone", "uncertain"]
OUTCOMES: tuple[OutcomeKind, ...] = get_args(OutcomeKind)
Reason = Literal[
    "ok",
    "rate_limited",
    "auth",
    "timeout",
    "dns",
    "tls",
    "refused",
    "server_error",
    "client_error",
    "gone",
    "address_blocked",
    "bug",
    "other",
]
REASONS: tuple[Reason, ...] = get_args(Reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a receiver answered.

    `uncertain`: it may have been accepted (the connection broke between sending and hearing back); it is sent again
    under the same key. `gone`: the destination asks for nothing more, ever. `retry_after` is in seconds, as the
    receiver asked. `snippet` is at most 300 characters of the raw answer, free of secrets.
    """

    kind: OutcomeKind
    reason: Reason
    code: int | None = None
    retry_after: float | None = None
    snippet: str = ""
