"""What becomes of one message: outputs, or a dead letter?

A stage is one plain function from a message to the records it gives rise to. Whatever that function raises ends here,
except what only a person can mend, which stops the program.
"""

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wire.dead import dead_record, letter_for, reason_of
from wire.errors import Misconfigured, NewerVersion, Rejected
from wire.kafka import Incoming, Record
from wire.messages import DeadReason
from wire.topics import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a stage makes of one message: what is published, and what its one log line says."""

    records: tuple[Record, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)


Decide = Callable[[Incoming], Decided]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One message, what it gave rise to, and how long that took. Without a `reason` all went well."""

    incoming: Incoming
    decided: Decided
    reason: DeadReason | None = None
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Undertaker:
    """Writes the dead letters of one program about one topic."""

    program: str
    version: str
    source: Topic

    def bury(self, incoming: Incoming, reason: DeadReason, detail: str, seconds: float = 0.0) -> Outcome:
        """The message, set aside."""
        letter = letter_for(
            incoming, self.source, reason=reason, detail=detail, program=self.program, version=self.version
        )
        decided = Decided(records=(dead_record(letter),))
        return Outcome(incoming=incoming, decided=decided, reason=reason, detail=detail, seconds=seconds)


def handle(incoming: Incoming, decide: Decide, undertaker: Undertaker) -> Outcome:
    """Decide about one message; what cannot be decided becomes a dead letter.

    Raises:
        NewerVersion: this program is too old for the message; it must stop before it.
        Misconfigured: nor would it do better with the next one.
    """
    started = time.perf_counter()
    try:
        decided = decide(incoming)
    except (NewerVersion, Misconfigured):
        raise
    except Rejected as error:
        return undertaker.bury(incoming, reason_of(error.reason), str(error), time.perf_counter() - started)
    except Exception:  # noqa: BLE001  # the one net under the engines: a bug costs one message, not the stream
        return undertaker.bury(incoming, "bug", traceback.format_exc(), time.perf_counter() - started)
    return Outcome(incoming=incoming, decided=decided, seconds=time.perf_counter() - started)
