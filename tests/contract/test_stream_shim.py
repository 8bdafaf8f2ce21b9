"""Are the private hooks that the shim hangs on still called by Faust? On a real Kafka, in this very process."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import pytest
from faust.types import EventT

from stream.shell.app import Stage, build
from stream.shell.handling import Decided
from stream.shell.shim import FETCH_WAIT_MS, Hole, SafeApp, SafeConsumer, SafeProducer
from tests.stream_rig import publish_values, settings_for, wait_for
from wire.kafka import Admin, topic_name
from wire.settings import Settings
from wire.topics import ARTICLES

STAGE = Stage(program="annotate", source=ARTICLES, told="", decide=lambda _: Decided())
MESSAGES = 50
Events = Sequence[EventT[Any]]


class Kafka(Protocol):
    bootstrap: str


@pytest.fixture
def settings(broker: Kafka, kafka_prefix: str, tmp_path: Path) -> Settings:
    made = settings_for(broker.bootstrap, kafka_prefix, tmp_path / "home")
    publish_values(made, ARTICLES, [b"%d" % number for number in range(MESSAGES)], key=b"one partition")
    return made


def committed(settings: Settings) -> int:
    with Admin(settings) as admin:
        return sum(admin.committed("annotate", ARTICLES).values())


class Running:
    """An app at work, and what it was given."""

    def __init__(self, settings: Settings, *, done: Callable[[SafeConsumer, EventT[Any]], None]) -> None:
        self.app: SafeApp = build(settings, STAGE, self._on_batch)
        self.consumer = cast(SafeConsumer, self.app.consumer)
        self.given: list[bytes] = []
        self.complete = asyncio.Event()
        self._done = done

    async def _on_batch(self, events: Events) -> None:
        for event in events:
            await self.consumer.expect(event.message.tp, event.message.offset)
            self.given.append(event.value)
            self._done(self.consumer, event)
        if len(self.given) >= MESSAGES:
            self.complete.set()


def run(settings: Settings, check: Callable[[Running], Awaitable[None]], *, report: bool) -> None:
    """Start an app, let it work, check, stop."""

    def done(consumer: SafeConsumer, event: EventT[Any]) -> None:
        if report:
            consumer.done(event.message.tp, event.message.offset)

    async def all_of_it() -> None:
        running = Running(settings, done=done)
        await running.app.start()
        try:
            await asyncio.wait_for(running.complete.wait(), 30)
            await check(running)
        finally:
            await running.app.stop()

    asyncio.run(all_of_it())


def test_the_safe_parts_are_the_ones_in_use(settings: Settings) -> None:
    async def check(running: Running) -> None:
        assert type(running.consumer) is SafeConsumer
        assert cast(Any, running.consumer)._thread._consumer._fetcher._fetch_max_wait_ms == FETCH_WAIT_MS
        producer = cast(SafeProducer, running.app.producer)
        assert type(producer) is SafeProducer
        assert cast(Any, producer._producer)._txn_manager is not None  # idempotent

    run(settings, check, report=True)


def test_what_is_done_is_committed_without_being_asked(settings: Settings) -> None:
    async def check(running: Running) -> None:
        assert await asyncio.to_thread(wait_for, lambda: bool(running.consumer.confirmed), timeout=20)
        assert set(running.consumer.confirmed.values()) == {MESSAGES}
        assert await asyncio.to_thread(committed, settings) == MESSAGES

    run(settings, check, report=True)


def test_what_is_not_reported_as_done_is_never_committed(settings: Settings) -> None:
    async def check(running: Running) -> None:
        await asyncio.sleep(1.5)
        await running.consumer.commit()

    run(settings, check, report=False)
    assert committed(settings) == 0


def test_a_message_that_faust_left_out_is_noticed(settings: Settings) -> None:
    async def check(running: Running) -> None:
        await running.consumer.commit()
        (tp,) = running.consumer.confirmed
        await running.consumer.expect(tp, MESSAGES)
        with pytest.raises(Hole, match=f"{MESSAGES + 1} was due and {MESSAGES + 2} came"):
            await running.consumer.expect(tp, MESSAGES + 2)

    run(settings, check, report=True)


def test_a_renewed_producer_sends(settings: Settings) -> None:
    async def check(running: Running) -> None:
        producer = cast(SafeProducer, running.app.producer)
        before = producer._producer
        await producer.renew()
        assert producer._producer is not before
        sent = await producer.send(topic_name(settings, ARTICLES), b"k", b"late", None, None, None)
        await sent

    run(settings, check, report=True)
