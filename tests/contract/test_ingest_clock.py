"""The poller's loop under a clock that somebody sets."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

import ingest.poller
from ingest.feeds import FeedList
from ingest.outbox import Outbox
from ingest.poller import Poller
from ingest.state import State
from wire.kafka import Record
from wire.service import Service
from wire.settings import Settings

FEED = "<rss version='2.0'><channel><item><guid>1</guid><title>Quay opens</title></item></channel></rss>"


@dataclass
class Clock:
    """The wall's clock, as far off as a test says."""

    off: float = 0.0

    def time(self) -> float:
        return time.time() + self.off

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Press:
    """A Kafka that takes everything."""

    records: list[Record] = field(default_factory=list)

    def publish(self, records: Sequence[Record]) -> list[str | None]:
        self.records += records
        return [None] * len(records)


async def polled_under(clock: Clock, home: Path, set_back: float) -> int:
    """How often a feed is asked for after the clock was set back, within a second or two."""
    asked: list[float] = []

    async def answer(_: web.Request) -> web.Response:
        asked.append(clock.off)
        return web.Response(text=FEED, content_type="application/rss+xml")

    pages = web.Application()
    pages.router.add_get("/feed", answer)
    runner = web.AppRunner(pages)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (address,) = runner.addresses
    settings = Settings(
        home=home, allow_private=("127.0.0.1",), own_hosts=("127.0.0.1",), poll_interval=0.2, stall_seconds=60
    )
    settings.feeds_file.write_text(f"- url: http://127.0.0.1:{address[1]}/feed\n")
    state, outbox, service = State(settings.ingest_url), Outbox(Press()), Service("poll", settings)
    running = asyncio.create_task(Poller(settings, FeedList(settings.feeds_file), state, outbox, service).run())
    await until(lambda: len(asked) >= 2)
    clock.off = -set_back
    await until(lambda: asked[-1] == -set_back)
    service.stop()
    await running
    await runner.cleanup()
    outbox.close()
    state.close()
    return asked.count(-set_back)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  # another task's work ends it
            await asyncio.sleep(0.05)


def test_a_clock_that_is_put_back_silences_no_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(ingest.poller, "time", clock)
    assert asyncio.run(polled_under(clock, tmp_path, 6 * 3600.0)) >= 1
