"""How do intake, sender and publisher run together in one process?

The sender's event loop has the main thread; intake and publisher have one thread each. A thread that fails stops the
process, which ends with its error.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import Engine

from alerts.intake import Intake
from alerts.policy import Rules
from alerts.publisher import WatchlistPublisher
from alerts.sender import Sender
from wire import logs
from wire.dead import dead_record, letter_for
from wire.errors import NewswatchError, Transient
from wire.kafka import Admin, GroupConsumer, Incoming, LogReader, Publisher
from wire.messages import DeadReason
from wire.service import VERSION, Service
from wire.settings import Settings
from wire.topics import MATCHES, WATCHLISTS

PROGRAM = "alert"
POLL_SECONDS = 0.5
HEAR_SECONDS = 5.0  # of silence, after which Kafka is asked whether it is there
DELIVERY_SECONDS = 5.0  # of one publish: intake gives no sign of life meanwhile, and the watchdog waits for 10
PUBLISH_SECONDS = 0.5  # between two looks into the outbox; an edit is to reach every matcher within 5 s

Answer = TypeVar("Answer")


class Pulse:
    """Passes on a sign of life once each of `loops` has given one: one that hangs is not covered by the others."""

    def __init__(self, loops: frozenset[str], progress: Callable[[], None]) -> None:
        self._loops = loops
        self._silent = set(loops)
        self._progress = progress
        self._lock = threading.Lock()

    def beat(self, loop: str) -> None:
        with self._lock:
            self._silent.discard(loop)
            if not self._silent:
                self._silent = set(self._loops)
                self._progress()


class Worker:
    """The alert program's three loops."""

    def __init__(self, engine: Engine, settings: Settings, service: Service) -> None:
        self._engine = engine
        self._settings = settings
        self._service = service
        # Not the publisher: while Kafka is away, one publish takes longer than the watchdog's patience.
        self._pulse = Pulse(frozenset({"intake", "sender"}), service.progress)
        self._failure: Exception | None = None
        self._is_reading = False
        self._heard = 0.0
        self._name = f"{PROGRAM}-{settings.instance}"
        self._away = {"matches": "no partition is assigned yet", "watchlists": "not published yet"}
        self._log = logs.get()
        self._sender = Sender(
            engine,
            settings,
            worker=self._name,
            beat=lambda: self._pulse.beat("sender"),
            stopping=service.stopping.is_set,
        )

    def run(self) -> None:
        """Work until a stop is asked for; then drain.

        Raises:
            NewswatchError: what made it stop by itself.
        """
        self._service.when_stopping(self._sender.wake)
        self._service.ready_if("database", lambda: self._sender.away)
        self._service.ready_if("matches", lambda: self._away["matches"])
        self._service.ready_if("watchlists", lambda: self._away["watchlists"])
        threads = [self._thread("intake", self._take_in), self._thread("publisher", self._publish)]
        self._service.watch(self._has_work)
        try:
            asyncio.run(self._sender.run())
        finally:
            self._service.stop()
            for thread in threads:
                thread.join()
        if self._failure is not None:
            raise self._failure

    def _has_work(self) -> bool:
        """Always, between joining the group and being asked to stop: both loops turn several times a second."""
        return self._is_reading and not self._service.stopping.is_set()

    def _thread(self, name: str, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._guarded, args=(target,), name=name, daemon=True)
        thread.start()
        return thread

    def _guarded(self, target: Callable[[], None]) -> None:
        try:
            target()
        except Transient as error:
            if not self._service.stopping.is_set():  # a world that is away while we leave is no failure
                self._fail(error)
        except Exception as error:  # noqa: BLE001  # it ends the process, with this error
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self._service.stop()

    def _take_in(self) -> None:
        cluster = self._insist(self._cluster)
        graveyard = self._publisher("dead")
        intake = Intake(
            self._engine,
            cluster=cluster,
            rules=Rules(age_gate=timedelta(hours=self._settings.age_gate_hours)),
            bury=lambda incoming, reason, detail: _bury(graveyard, incoming, reason, detail),
            tell=self._sender.wake,
            beat=lambda: self._pulse.beat("intake"),
            stopping=self._service.stopping.is_set,
        )
        consumer = self._insist(lambda: GroupConsumer(self._settings, MATCHES, PROGRAM, intake.start))
        self._is_reading = True
        try:
            while not self._service.stopping.is_set():
                taken = intake.step(consumer, POLL_SECONDS)
                self._away["matches"] = intake.away or self._missing(consumer, taken)
        finally:
            with suppress(NewswatchError):  # the group notices by itself, later
                consumer.close(leave=self._failure is None)
            graveyard.close()

    def _cluster(self) -> str:
        with Admin(self._settings) as admin:
            return admin.cluster_id()

    def _publisher(self, purpose: str) -> Publisher:
        client = f"newswatch-{self._name}-{purpose}"
        return Publisher(self._settings, client_id=client, delivery_timeout=DELIVERY_SECONDS)

    def _insist(self, call: Callable[[], Answer]) -> Answer:
        """Kafka may be away when we start, for as long as it takes: we wait, and are not ready.

        Raises:
            Transient: a stop was asked for meanwhile.
        """
        while True:
            try:
                return call()
            except Transient as error:
                if self._service.stopping.wait(PUBLISH_SECONDS):
                    raise
                self._log.warning("waiting", reason=str(error))
                self._away["matches"] = str(error)

    def _missing(self, consumer: GroupConsumer, taken: int) -> str:
        """What keeps matches from arriving. A poll does not say: without Kafka it is as empty as on a calm day."""
        if not consumer.assigned:
            return "no partition is assigned yet"
        if not taken and time.monotonic() - self._heard < HEAR_SECONDS:
            return self._away["matches"]
        try:
            if not taken:
                consumer.reach()
        except Transient as error:
            return str(error)
        finally:
            self._heard = time.monotonic()
        return ""

    def _publish(self) -> None:
        press = self._publisher("watchlists")
        lists = WatchlistPublisher(
            self._engine, press, lambda: LogReader(self._settings, WATCHLISTS), holder=self._name
        )
        try:
            while not self._service.stopping.is_set():
                self._publish_once(lists)
                self._service.stopping.wait(PUBLISH_SECONDS)
        finally:
            lists.close()
            press.close()

    def _publish_once(self, lists: WatchlistPublisher) -> None:
        try:
            lists.step()
            self._away["watchlists"] = ""
        except Transient as error:
            self._log.warning("watchlists wait", reason=str(error))
            self._away["watchlists"] = str(error)


def _bury(graveyard: Publisher, incoming: Incoming, reason: DeadReason, detail: str) -> None:
    letter = letter_for(incoming, MATCHES, reason=reason, detail=detail, program=PROGRAM, version=VERSION)
    (refused,) = graveyard.publish([dead_record(letter)])
    if refused is not None:
        logs.get().error("the broker refuses a dead letter", offset=incoming.offset, reason=refused)
