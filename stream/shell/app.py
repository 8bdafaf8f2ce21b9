"""How does a plain function run on a topic, at least once? (the Faust shell)

    messages ── noack_take ──▶ decide, one by one ──▶ publish, await every record ──▶ done ──▶ commit

Whatever goes wrong in between ends the process before `done`; the messages come again. Only what can never be
processed goes on without its outputs: as a dead letter, which is awaited like any other record.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from faust.types import EventT, StreamT
from mode import CrashingSupervisor

from stream.shell.crashes import CrashNotes
from stream.shell.handling import Decide, Outcome, Undertaker, handle
from stream.shell.outputs import Outputs
from stream.shell.shim import SafeApp, SafeConsumer, SafeProducer, is_too_large
from wire import metrics
from wire.errors import Misconfigured, NewerVersion, NewswatchError
from wire.kafka import Incoming, group_name, member_name, topic_name
from wire.messages import DeadReason
from wire.service import VERSION, Service
from wire.settings import Settings
from wire.topics import LARGEST_REQUEST, Topic

BATCH = 100
WITHIN = 0.02  # seconds a message waits at most for company; half of it is added to the latency of a quiet stream
BATCH_SECONDS = 1.0  # after which what is decided is published: slow messages are progress, too, one after the other
SLICE = 0.02  # seconds of work after which the event loop gets its turn
TICK = 0.25
DRAIN = 10.0  # seconds that a stop waits for the batch in hand, and then again for Faust to let go


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where this process stands in its topic. Offsets are `partition → next offset`."""

    owned: frozenset[int] = frozenset()
    confirmed: Mapping[int, int] = field(default_factory=dict)
    rebalancing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A plain function and the topic whose messages it is for.

    `prepare` is called with the first message of a batch, and what it raises stops the program; `tick` is called
    several times a second between batches. Both run in the event loop: a tick must be short.
    """

    program: str
    source: Topic
    decide: Decide
    told: str
    session: float = 10.0
    heartbeat: float = 3.0
    prepare: Callable[[Incoming], None] = lambda _: None
    tick: Callable[[Standing], None] = lambda _: None


def build(settings: Settings, stage: Stage, on_batch: Callable[[Sequence[EventT[Any]]], Any]) -> SafeApp:
    """The Faust app that gives `on_batch` each message of the stage's topic, and waits for it.

    `on_batch` acknowledges nothing by returning: it reports to the app's consumer what is done.
    """
    app = SafeApp(group_name(settings, stage.program), **faust_settings(settings, stage))
    source = app.topic(
        topic_name(settings, stage.source),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )

    async def take(stream: StreamT[bytes]) -> None:
        async for events in _batches(stream):
            await on_batch(events)

    app.agent(source, name=stage.program)(take)
    return app


def _batches(stream: StreamT[bytes]) -> AsyncIterator[Sequence[EventT[Any]]]:
    """`noack_take` gives events although its annotation says values."""
    return cast(AsyncIterator[Sequence[EventT[Any]]], cast(Any, stream).noack().noack_take(BATCH, within=WITHIN))


def faust_settings(settings: Settings, stage: Stage) -> dict[str, Any]:
    """At least once, quick to take over, and without tables, leader topics, web server or topics made on the fly."""
    return {
        "broker": ";".join(f"kafka://{server.strip()}" for server in settings.bootstrap.split(",")),
        "datadir": _state(settings) / "faust",
        "agent_supervisor": CrashingSupervisor,
        "stream_wait_empty": False,
        "stream_buffer_maxsize": 512,
        "broker_commit_interval": 0.5,
        "broker_session_timeout": stage.session,
        "broker_heartbeat_interval": stage.heartbeat,
        "broker_rebalance_timeout": 20.0,
        "broker_request_timeout": 30.0,
        "consumer_group_instance_id": member_name(settings, stage.program),
        "consumer_auto_offset_reset": "earliest",
        "producer_linger": 0.002,
        "producer_max_batch_size": 256 * 1024,
        "producer_max_request_size": LARGEST_REQUEST,
        "producer_request_timeout": 30.0,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "table_standby_replicas": 0,
        "web_enabled": False,
        "autodiscover": False,
    }


def notes_file(settings: Settings, program: str) -> Path:
    """Where a process notes what it works on."""
    return _state(settings) / f"{program}-{settings.instance}.note"


def _state(settings: Settings) -> Path:
    folder = settings.home / "state"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Shell:
    """One stage at work. Lives in one event loop; `has_work` may be asked from any thread."""

    def __init__(self, settings: Settings, stage: Stage, service: Service, notes: CrashNotes) -> None:
        self._stage = stage
        self._service = service
        self._notes = notes
        self._undertaker = Undertaker(program=stage.program, version=VERSION, source=stage.source)
        self._app = build(settings, stage, self._on_batch)
        self._consumer = cast(SafeConsumer, self._app.consumer)
        self._outputs = Outputs(settings, cast(SafeProducer, self._app.producer))
        self._joined = False
        self._draining = False
        self._hopeless: NewerVersion | Misconfigured | None = None

    def missing(self) -> str:
        """What this process still lacks to do its work."""
        if self._hopeless is not None:
            return str(self._hopeless)
        return "" if self._joined and not self._app.rebalancing else "joining the group"

    def standing(self) -> Standing:
        """Where this process stands. Any thread may ask, at any time."""
        if not self._joined:
            return Standing(rebalancing=True)
        consumer = self._consumer
        return Standing(
            owned=frozenset(tp.partition for tp in consumer.assignment()),
            confirmed={tp.partition: offset for tp, offset in dict(consumer.confirmed).items()},
            rebalancing=self._app.rebalancing,
        )

    async def run(self) -> None:
        """Work until a stop is asked for.

        Raises:
            NewerVersion: a message asks for a newer program.
            Misconfigured: a setting keeps every message from being worked on.
            NewswatchError: Faust ended by itself.
        """
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._service.when_stopping(lambda: _call_soon(loop, asked.set))
        await self._app.start()
        self._joined = True
        self._app.add_future(self._tick())
        try:
            if not self._service.stopping.is_set():
                await self._app.wait_first(asked.wait())
        finally:
            await self._stop()
        if self._hopeless is not None:
            raise self._hopeless
        if self._app.crashed:
            raise NewswatchError(f"{self._stage.program} ended by itself") from self._app.crash_reason

    async def _stop(self) -> None:
        self._draining = True
        if not self._app.crashed:
            await _within(DRAIN, self._consumer.idle.wait())
            await _within(DRAIN, self._consumer.commit())
        await _within(DRAIN, self._app.stop())

    async def _tick(self) -> None:
        before: Mapping[int, int] = {}
        while True:
            await asyncio.sleep(TICK)
            standing = self.standing()
            if standing.confirmed != before:  # progress is what is committed: work that never is would not count
                before = standing.confirmed
                self._service.progress()
            for partition, offset in before.items():
                self._notes.settled(partition, offset)
            if self._consumer.idle.is_set():
                self._stage.tick(standing)

    async def _on_batch(self, events: Sequence[EventT[Any]]) -> None:
        consumer = self._consumer
        consumer.idle.clear()
        try:
            left = events
            while left := [event for event in left if self._is_current(event)]:
                left = left[await self._work(self._together(left)) :]
        finally:
            consumer.idle.set()

    def _is_current(self, event: EventT[Any]) -> bool:
        """Whether the message still concerns us: after a rebalance all that was not done is sent again."""
        fresh = event.message.generation_id == self._app.consumer_generation_id
        return fresh and self._consumer.flow_active and not self._draining

    def _together(self, events: Sequence[EventT[Any]]) -> Sequence[EventT[Any]]:
        """The batch whole; while some of it is suspected of ending the process, one by one."""
        suspected = any(self._notes.suspected(event.message.partition, event.message.offset) for event in events)
        return events[:1] if suspected else events

    async def _work(self, events: Sequence[EventT[Any]]) -> int:
        """Work on these, or on as many as there is time for. Returns how many are done."""
        batch = [_incoming(event) for event in events]
        self._prepare(batch[0])
        outcomes = await self._decide(batch)
        for event in events[: len(outcomes)]:  # before anything is published, and only what will be reported as done
            await self._consumer.expect(event.message.tp, event.message.offset)
        await self._publish(outcomes)
        for event, outcome in zip(events, outcomes, strict=False):
            self._consumer.done(event.message.tp, event.message.offset)
            self._tell(outcome)
        if self._hopeless is not None:
            raise self._hopeless
        return len(outcomes)

    def _prepare(self, first: Incoming) -> None:
        try:
            self._stage.prepare(first)
        except (NewerVersion, Misconfigured) as error:
            self._hopeless = error
            raise

    async def _decide(self, batch: Sequence[Incoming]) -> list[Outcome]:
        """The outcomes, up to the first message that stops the program, or that there is no time for."""
        outcomes: list[Outcome] = []
        begun = yielded = time.monotonic()
        with self._notes.working([(incoming.partition, incoming.offset) for incoming in batch]):
            for incoming in batch:
                try:
                    outcomes.append(self._handle(incoming))
                except (NewerVersion, Misconfigured) as error:
                    self._hopeless = error
                    break
                if time.monotonic() - begun > BATCH_SECONDS:
                    break
                if time.monotonic() - yielded > SLICE:
                    await asyncio.sleep(0)
                    yielded = time.monotonic()
        return outcomes

    def _handle(self, incoming: Incoming) -> Outcome:
        blame = self._notes.blame(incoming.partition, incoming.offset)
        if blame is not None:
            return self._undertaker.bury(incoming, blame.reason, blame.detail)
        self._notes.begin()
        return handle(incoming, self._stage.decide, self._undertaker)

    async def _publish(self, outcomes: list[Outcome]) -> None:
        """Return when every record is stored. A message with a refused output becomes a dead letter, in place."""
        refused = await self._outputs.publish([outcome.decided.records for outcome in outcomes])
        for index, error in enumerate(refused):
            if error is None:
                continue
            reason: DeadReason = "too_large" if is_too_large(error) else "refused"
            outcomes[index] = self._undertaker.bury(outcomes[index].incoming, reason, f"an output: {error!r}")
            unburied = (await self._outputs.publish([outcomes[index].decided.records]))[0]
            if unburied is not None:
                raise unburied

    def _tell(self, outcome: Outcome) -> None:
        """Count and log one message, once."""
        metrics.finished(self._stage.program, "dead" if outcome.reason else "ok", outcome.seconds)
        if outcome.reason is None:
            self._service.log.info(self._stage.told, **outcome.decided.fields)
            return
        metrics.DEAD_LETTERS.labels(outcome.reason).inc()
        place = {"partition": outcome.incoming.partition, "offset": outcome.incoming.offset}
        last = outcome.detail.strip().rpartition("\n")[2]
        self._service.log.error("dead-lettered", reason=outcome.reason, detail=last, **place)


def _call_soon(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended: a second signal comes while the last things are done
        loop.call_soon_threadsafe(call)


def _incoming(event: EventT[Any]) -> Incoming:
    message = event.message
    return Incoming(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value,
        headers=tuple((name, bytes(value or b"")) for name, value in _pairs(message.headers)),
        timestamp_ms=round(message.timestamp * 1000),
    )


def _pairs(headers: Any) -> Sequence[tuple[str, bytes | None]]:
    return list(headers.items()) if isinstance(headers, Mapping) else list(headers or ())


async def _within(seconds: float, work: Awaitable[object]) -> None:
    """Wait for `work`, but not for ever: a stop must end."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(work, seconds)
