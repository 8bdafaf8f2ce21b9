"""Does work wait for this process?

Asked by the watchdog, which must not trust the program's own loop: so it asks Kafka, over a connection of its own. The
watchdog in turn is watched by a timer: so a Kafka that is slow to answer is soon given up.
"""

import time
from collections.abc import Callable, Mapping

from stream.shell.app import Standing
from wire import metrics
from wire.errors import NewswatchError, Transient
from wire.kafka import Admin, OpenAdmin
from wire.settings import Settings
from wire.topics import Topic

EVERY = 2.0  # seconds between an answer of Kafka's and the next question
TIMEOUT = 2.0  # seconds for one question
DEADLINE = 3.0  # seconds after which no further one is asked
REBALANCE_PATIENCE = 60.0  # seconds for which a rebalance is a reason not to progress

Offsets = Mapping[int, int]


class Lag:
    """What waits in the partitions that are ours. One thread only."""

    def __init__(self, settings: Settings, program: str, topic: Topic, standing: Callable[[], Standing]) -> None:
        self._program = program
        self._topic = topic
        self._standing = standing
        self._kafka = OpenAdmin(settings, timeout=TIMEOUT)
        self._answered = float("-inf")
        self._waiting = 0
        self._settled = time.monotonic()

    def has_work(self) -> bool:
        """Whether messages wait for us. While Kafka is away, or the group is being arranged, none do."""
        now = time.monotonic()
        standing = self._standing()
        if not standing.rebalancing:
            self._settled = now
        elif now - self._settled < REBALANCE_PATIENCE:
            return False
        if now - self._answered > EVERY:
            self._waiting = self._count(standing)
            self._answered = time.monotonic()
            metrics.LAG.labels(self._topic.name).set(self._waiting)
        return self._waiting > 0

    def _count(self, standing: Standing) -> int:
        try:
            ends, committed, first = self._ask()
        except NewswatchError:
            return 0
        return sum(
            max(0, ends[number] - max(committed.get(number, 0), first.get(number, 0)))
            for number in standing.owned
            if number in ends
        )

    def _ask(self) -> tuple[Offsets, Offsets, Offsets]:
        until = time.monotonic() + DEADLINE
        questions: tuple[Callable[[Admin], Offsets], ...] = (
            lambda admin: admin.end_offsets(self._topic),
            lambda admin: admin.committed(self._program, self._topic),
            lambda admin: admin.first_offsets(self._topic),
        )
        ends, committed, first = (self._in_time(question, until) for question in questions)
        return ends, committed, first

    def _in_time(self, question: Callable[[Admin], Offsets], until: float) -> Offsets:
        if time.monotonic() > until:
            raise Transient("Kafka is slow to answer")
        return self._kafka.ask(question)
