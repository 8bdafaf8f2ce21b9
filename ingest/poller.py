"""How does the round of polls go?

One loop starts what is due; each poll fetches, parses, publishes, and only then moves the feed's state. While Kafka is
away no poll starts; those that have news wait with it.
"""

import asyncio
import contextlib
import heapq
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar

from ingest.feeds import Feed, FeedList
from ingest.fetch import Failed, Fetched, Fetcher, NotModified, Validators
from ingest.memory import Memory, after_failure, after_success, memory_for
from ingest.news import names_of, news_in
from ingest.outbox import Outbox
from ingest.parse import Document
from ingest.schedule import Hosts, Pace, first_poll, host_of, is_own, next_poll
from ingest.state import State
from ingest.worker import Parser, Unreadable
from wire import logs, metrics
from wire.article import Article
from wire.errors import Misconfigured, Transient
from wire.service import Service
from wire.settings import Settings

TICK = 0.5  # seconds between two looks at the feeds' file, and at most between two at the clock
DRAIN_SECONDS = 5.0  # for polls in flight at a stop; those cut off have moved nothing
RETRY_SECONDS = 5.0  # after our own database failed
CLOCK_SLIP = 1.0  # seconds that a clock may be put back unnoticed: time services do it all day
CLEAN_SECONDS = 3600.0  # between two rounds of forgetting

Answer = TypeVar("Answer")


class Poller:
    """The loop and what it works with."""

    def __init__(self, settings: Settings, feeds: FeedList, state: State, outbox: Outbox, service: Service) -> None:
        """To be made inside a running event loop."""
        self._settings = settings
        self._list = feeds
        self._state = state
        self._outbox = outbox
        self._service = service
        self._fetcher = Fetcher(settings)
        self._parser = Parser()
        self._hosts = Hosts()
        self._database = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._log = logs.get()
        self._wake = asyncio.Event()
        self._feeds: dict[str, Feed] = {}
        self._memories: dict[str, Memory] = {}
        self._due: list[tuple[float, float, str]] = []  # when it may start, since when it is due, which feed
        self._polling: dict[str, asyncio.Task[None]] = {}
        self._now = 0.0
        self._look_at = 0.0
        self._clean_at = 0.0
        self._cleaning: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Poll until the service is asked to stop."""
        loop = asyncio.get_running_loop()
        self._service.when_stopping(lambda: _wake(loop, self._wake))
        publishing = asyncio.create_task(self._outbox.run(), name="outbox")
        self._memories = await self._ask(self._state.memories)
        self._take(self._list.feeds)
        try:
            while not self._service.stopping.is_set():
                await self._turn()
                if publishing.done():
                    publishing.result()
        finally:
            await self._drain()
            publishing.cancel()
            await self._fetcher.close()
            await self._parser.close()
            self._database.shutdown()

    async def _turn(self) -> None:
        self._service.progress()
        now = time.time()
        if now < self._now - CLOCK_SLIP:
            self._begin_anew()
        self._now = now
        if now >= self._look_at:
            self._look_at = now + TICK
            self._reload()
        self._start_due(now)
        if now > self._clean_at:
            self._clean_at = now + CLEAN_SECONDS
            self._cleaning = asyncio.create_task(self._clean(now))
        await self._sleep(now)

    def _begin_anew(self) -> None:
        """The clock was put back: what we noted for "in five minutes" may be hours away now."""
        self._log.warning("the clock was put back, all feeds are looked at anew")
        self._hosts = Hosts()
        self._look_at = self._clean_at = 0.0
        self._take(self._list.feeds)

    async def _sleep(self, now: float) -> None:
        waits = not self._due or self._is_full()
        pause = TICK if waits else min(TICK, max(self._due[0][0] - now, 0.0))
        try:
            async with asyncio.timeout(pause):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _reload(self) -> None:
        try:
            if self._list.reload():
                self._take(self._list.feeds)
                self._log.info("feeds reloaded", feeds=len(self._feeds))
        except Misconfigured as error:
            self._log.error("feeds file has mistakes, the last good list stays", error=str(error))

    def _take(self, feeds: Sequence[Feed]) -> None:
        now = time.time()
        self._feeds = {feed.id: feed for feed in feeds}
        waiting = [feed for feed in feeds if feed.id not in self._polling]  # the others come back when they end
        self._due = [(at, at, feed.id) for feed in waiting for at in [self._first_poll(feed, now)]]
        heapq.heapify(self._due)
        self._count_feeds()

    def _first_poll(self, feed: Feed, now: float) -> float:
        memory = self._memories.get(feed.id)
        if memory is None or memory.url != feed.url:
            return now
        return first_poll(self._pace(feed), now, remembered=memory.next_poll, failures=memory.failures)

    def _start_due(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            if self._is_full():
                return
            _, since, name = heapq.heappop(self._due)
            feed = self._feeds[name]
            wait = self._wait_for_host(feed, now)
            if wait > 0:
                heapq.heappush(self._due, (now + wait, since, name))
            else:
                self._start(feed, now)

    def _is_full(self) -> bool:
        return bool(self._outbox.away) or len(self._polling) >= self._settings.poll_parallel

    def _wait_for_host(self, feed: Feed, now: float) -> float:
        return 0.0 if self._pace(feed).own else self._hosts.wait(host_of(feed.url), now)

    def _start(self, feed: Feed, now: float) -> None:
        host = host_of(feed.url)
        self._hosts.start(host, now)
        task = asyncio.create_task(self._poll(feed), name=feed.id)
        self._polling[feed.id] = task
        task.add_done_callback(lambda _: self._ended(feed, host))

    def _ended(self, feed: Feed, host: str) -> None:
        self._hosts.end(host)
        self._polling.pop(feed.id, None)
        if feed.id in self._feeds:
            now = time.time()
            at = max(self._first_poll(feed, now), now) if feed.id in self._memories else now + RETRY_SECONDS
            heapq.heappush(self._due, (at, at, feed.id))
        self._wake.set()

    async def _poll(self, feed: Feed) -> None:
        started = time.monotonic()
        memory = memory_for(feed.id, feed.url, self._memories.get(feed.id))
        try:
            outcome, after = await self._polled(feed, memory)
        except Transient as error:
            self._log.warning("poll has no result, it is repeated", feed=feed.id, error=str(error))
            self._memories[feed.id] = replace(memory, next_poll=time.time() + RETRY_SECONDS)
            return
        except Exception:  # noqa: BLE001  # logged with its trace; one feed's bug must not stop the others
            self._log.exception("poll failed by our own fault", feed=feed.id)
            outcome, after = "bug", self._failed(feed, memory, Failed(reason="bug", detail="see the log"))
        self._memories[feed.id] = after
        took = time.monotonic() - started
        metrics.POLLS.labels(outcome).inc()
        metrics.POLL_SECONDS.observe(took)
        metrics.finished("poll", "error" if after.error else "ok", took)
        self._report(feed, memory, after)

    async def _polled(self, feed: Feed, memory: Memory) -> tuple[str, Memory]:
        """One poll: how it ended, and the state as it was moved."""
        asked = Validators(etag=memory.etag, last_modified=memory.last_modified)
        outcome = await self._fetcher.fetch(feed.url, asked)
        if isinstance(outcome, Fetched) and _hash(outcome.body) != memory.body_hash:
            document = await self._parsed(outcome)
            if isinstance(document, Failed):
                outcome = document
            else:
                return "ok", await self._publish(feed, memory, outcome, document)
        after = (
            self._failed(feed, memory, outcome) if isinstance(outcome, Failed) else self._fine(feed, memory, outcome)
        )
        await self._ask(lambda: self._state.move(after))
        return outcome.reason if isinstance(outcome, Failed) else "not_modified", after

    async def _parsed(self, fetched: Fetched) -> Document | Failed:
        try:
            document = await self._parser.articles_in(fetched.body, url=fetched.url, content_type=fetched.content_type)
        except Unreadable as error:
            return Failed(reason="unreadable", detail=str(error))
        if not document.format:
            return Failed(reason="not_a_feed", detail="answered 200 with something that is no feed")
        if document.flaw:
            return Failed(reason="malformed", detail=f"no article in it, and its XML is broken: {document.flaw}")
        return document

    async def _publish(self, feed: Feed, memory: Memory, fetched: Fetched, document: Document) -> Memory:
        """Articles first, state after: whatever dies in between, the next poll finds them again."""
        now = datetime.now(UTC)
        names = sorted({name for draft in document.drafts for name in names_of(draft, feed.id)})
        known = await self._ask(lambda: self._state.seen(feed.id, names))
        news = news_in(document, feed=feed, known=known, now=now, backfill=memory.last_success is None)
        if news.articles:
            await self._outbox.deliver(news.articles)
        after = replace(
            self._fine(feed, memory, fetched),
            body_hash=_hash(fetched.body),
            articles=memory.articles + sum(article.event == "new" for article in news.articles),
        )
        await self._ask(lambda: self._state.move(after, news.seen))
        _count(news.articles)
        return after

    def _fine(self, feed: Feed, memory: Memory, outcome: Fetched | NotModified) -> Memory:
        now = time.time()
        given = outcome.validators
        return after_success(
            memory,
            now=now,
            next_poll=next_poll(self._pace(feed), now),
            etag=given.etag,
            last_modified=given.last_modified,
        )

    def _failed(self, feed: Feed, memory: Memory, failed: Failed) -> Memory:
        now = time.time()
        due = next_poll(self._pace(feed), now, failures=memory.failures + 1, retry_after=failed.retry_after)
        return after_failure(memory, now=now, next_poll=due, error=failed.reason, detail=failed.detail)

    def _report(self, feed: Feed, before: Memory, after: Memory) -> None:
        """One line for what is news about a feed; that it fails is told once, not once a poll."""
        if after.error and after.error != before.error:
            self._log.warning("feed failed", feed=feed.id, reason=after.error, detail=after.error_detail)
        elif before.error and not after.error:
            self._log.info("feed is back", feed=feed.id, after_failures=before.failures)
        if after.articles != before.articles:
            self._log.info("feed polled", feed=feed.id, new=after.articles - before.articles)
        if after.error != before.error or not before.last_poll:
            self._count_feeds()

    def _count_feeds(self) -> None:
        memories = [self._memories.get(feed) for feed in self._feeds]
        failing = sum(1 for memory in memories if memory and memory.error)
        never = sum(1 for memory in memories if memory is None)
        for state, count in (("ok", len(memories) - failing - never), ("failing", failing), ("never_polled", never)):
            metrics.FEEDS.labels(state).set(count)

    def _pace(self, feed: Feed) -> Pace:
        interval = feed.interval or self._settings.poll_interval
        return Pace(feed=feed.id, interval=interval, own=is_own(feed.url, self._settings.own_hosts))

    async def _ask(self, question: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._database, question)

    async def _clean(self, now: float) -> None:
        self._hosts.forget_idle(now)
        try:
            await self._ask(lambda: self._state.forget(now))
        except Transient as error:
            self._log.warning("old articles are not forgotten", error=str(error))

    async def _drain(self) -> None:
        tasks = list(self._polling.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # a second signal may find the loop closed
        loop.call_soon_threadsafe(event.set)


def _hash(body: bytes) -> str:
    return sha256(body).hexdigest()


def _count(articles: Sequence[Article]) -> None:
    for article in articles:
        metrics.ARTICLES_INGESTED.labels("backfill" if article.backfill else article.event).inc()
