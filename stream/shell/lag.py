"""Does work wait for this process?

Asked by the watchdog, which must not trust the program's own loop: so it asks Kafka, over a connection of its own.
"""

import time
from collections.abc import Callable

from stream.shell.app import Standing
from wire import metrics
from wire.errors import NewswatchError
from wire.kafka import Admin
from wire.settings import Settings
from wire.topics import Topic

EVERY = 2.0  # seconds between two questions to Kafka
REBALANCE_PATIENCE = 60.0  # seconds for which a rebalance is a reason not to progress


class Lag:
    """What waits in the partitions that are ours."""

    def __init__(self, settings: Settings, program: str, topic: Topic, standing: Callable[[], Standing]) -> None:
        self._settings = settings
        self._program = program
        self._topic = topic
        self._standing = standing
        self._asked = 0.0
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
        if now - self._asked > EVERY:
            self._asked, self._waiting = now, self._count(standing)
            metrics.LAG.labels(self._topic.name).set(self._waiting)
        return self._waiting > 0

    def _count(self, standing: Standing) -> int:
        try:
            with Admin(self._settings) as admin:
                ends, committed = admin.end_offsets(self._topic), admin.committed(self._program, self._topic)
                first = admin.first_offsets(self._topic)
        except NewswatchError:
            return 0
        return sum(
            max(0, ends[number] - max(committed.get(number, 0), first[number]))
            for number in standing.owned
            if number in ends
        )
