"""How do owed deliveries get out?

One loop: settle what ended, claim what is due, send it. Each turn is one transaction, and every claim is on disk before
its channel is called. A channel has its own places in flight, so one that hangs keeps only itself waiting.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Engine

from alerts import ledger
from alerts.catalog import ChannelRow, read_channels
from alerts.channels import Channel, open_channel
from alerts.database import reading, writing
from alerts.ledger import Claim, Settlement
from alerts.notice import Notice
from alerts.outcome import Outcome
from alerts.states import WAITING
from alerts.telling import notices
from alerts.verdict import Verdict
from wire import logs, metrics
from wire.errors import Misconfigured, NewswatchError, Transient
from wire.settings import Settings

AT_ONCE = 400  # deliveries in flight over all channels: well below a process's usual 1,024 files
TICK = 0.5  # seconds after which due retries are looked for when nobody wakes us
TIDY_SECONDS = 1.0
DRAIN_SECONDS = 25.0  # for what is in flight when a stop is asked for; `up` waits 30
LAST_TRIES = 6
LEASE_MARGIN = 0.75  # a send is given up, as uncertain, before its lease runs out

OpenChannel = Callable[[str, Mapping[str, object], Settings], Channel]


@dataclass(frozen=True, slots=True)
class _Work:
    """What one turn brought: claims with all that sending them takes."""

    claims: Sequence[Claim] = ()
    notices: Mapping[int, Notice] = field(default_factory=dict)
    channels: Mapping[str, ChannelRow] = field(default_factory=dict)
    verdicts: Sequence[Verdict | None] = ()


@dataclass(frozen=True, slots=True)
class _Sent:
    settlement: Settlement
    kind: str
    seconds: float
    fetched_at: datetime | None


class Sender:
    """The ledger's deliveries, out to their channels. Runs in one event loop; the database is asked in a thread."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        *,
        worker: str,
        opener: OpenChannel = open_channel,
        beat: Callable[[], None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
        drain_seconds: float = DRAIN_SECONDS,
    ) -> None:
        """`beat` is called every turn; there is one worker of a name."""
        self._engine = engine
        self._settings = settings
        self._worker = worker
        self._open_channel = opener
        self._beat = beat
        self._stopping = stopping
        self._drain_seconds = drain_seconds
        self._lease = timedelta(seconds=settings.send_lease)
        self._channels: dict[str, tuple[int, Channel]] = {}
        self._retired: list[tuple[str, int, Channel]] = []
        self._database = ThreadPoolExecutor(1, thread_name_prefix="sender")  # its own: channels may fill asyncio's
        self._in_flight: dict[asyncio.Task[_Sent], Claim] = {}
        self._ended: list[_Sent] = []
        self._took_back = False
        self._tidied = float("-inf")
        self._awake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._log = logs.get()
        self.away = ""  # why the database does not answer at the moment

    def wake(self) -> None:
        """There is something to do. From any thread, and from signal handlers."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._awake.set)

    async def run(self) -> None:
        """Send until a stop is asked for; then finish what is in flight."""
        self._loop = asyncio.get_running_loop()
        try:
            while not self._stopping():
                self._awake.clear()
                if not await self._turn(claiming=True):
                    await self._rest()
            await self._drain()
        finally:
            self._database.shutdown(wait=False)

    async def _turn(self, *, claiming: bool) -> bool:
        """Settle, claim, start. Whether there may be more to do at once."""
        ended, self._ended = self._ended, []
        in_flight = tuple(self._in_flight.values())
        try:
            work = await self._ask(partial(self._transact, ended, in_flight, claiming=claiming))
        except Transient as error:
            self._ended = ended + self._ended
            self._note_away(str(error))
            return False
        self._note_away("")
        self._report(ended, work.verdicts)
        await self._close_retired()
        for claim in work.claims:
            self._start(claim, work)
        return bool(work.claims)

    async def _ask(self, question: Callable[[], _Work]) -> _Work:
        return await asyncio.get_running_loop().run_in_executor(self._database, question)

    def _transact(self, ended: Sequence[_Sent], in_flight: Sequence[Claim], *, claiming: bool) -> _Work:
        sending = {claim.id for claim in in_flight}
        now = datetime.now(UTC)
        with writing(self._engine) as connection:
            settlements = [sent.settlement for sent in ended]
            verdicts = ledger.settle(connection, settlements, worker=self._worker)
            self._tidy(connection, now, sending)
            claims = self._claim(connection, Counter(claim.channel for claim in in_flight), now) if claiming else []
        return self._with_content(claims, verdicts)

    def _tidy(self, connection: Connection, now: datetime, sending: Collection[int]) -> None:
        if not self._took_back:
            ledger.take_back(connection, worker=self._worker, now=now)
            self._took_back = True
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            ledger.tidy(connection, now=now, in_flight=sending)
            _show_open(ledger.count_open(connection))
            self._tidied = time.monotonic()

    def _claim(self, connection: Connection, in_flight: Mapping[str, int], now: datetime) -> list[Claim]:
        return ledger.claim(
            connection,
            worker=self._worker,
            now=now,
            lease=self._lease,
            in_flight=in_flight,
            per_channel=self._settings.send_parallel,
            limit=max(0, AT_ONCE - sum(in_flight.values())),
        )

    def _with_content(self, claims: Sequence[Claim], verdicts: Sequence[Verdict | None]) -> _Work:
        """Read after the claim is on disk: what is told does not keep other writers waiting."""
        if not claims:
            return _Work(verdicts=verdicts)
        try:
            with reading(self._engine) as connection:
                channels = read_channels(connection, [claim.channel for claim in claims])
            return _Work(claims, self._notices(claims), channels, verdicts)
        except Transient as error:
            # The claims stand and cannot be sent: their lease gives them back.
            self._log.warning("claims left to their lease", deliveries=len(claims), reason=str(error))
            return _Work(verdicts=verdicts)

    def _notices(self, claims: Sequence[Claim]) -> dict[int, Notice]:
        """Of all; after a bug one by one, so that only its cause goes without."""
        try:
            with reading(self._engine) as connection:
                return notices(connection, claims)
        except NewswatchError:
            raise
        except Exception:  # noqa: BLE001  # as for a channel: a bug costs its own deliveries a retry
            self._log.exception("a notice failed", deliveries=[claim.id for claim in claims])
            return {} if len(claims) == 1 else {k: v for claim in claims for k, v in self._notices([claim]).items()}

    def _start(self, claim: Claim, work: _Work) -> None:
        task = asyncio.create_task(self._send(claim, work.notices.get(claim.id), work.channels[claim.channel]))
        self._in_flight[task] = claim
        task.add_done_callback(self._ended_task)

    def _ended_task(self, task: asyncio.Task[_Sent]) -> None:
        if self._in_flight.pop(task, None) is not None:
            self._ended.append(task.result())
            self._awake.set()

    async def _send(self, claim: Claim, notice: Notice | None, row: ChannelRow) -> _Sent:
        begun = time.monotonic()
        outcome = await self._outcome(claim, notice, row) if notice else Outcome(kind="transient", reason="bug")
        settlement = Settlement(claim=claim, outcome=outcome, ended_at=datetime.now(UTC), chance=random.random())  # noqa: S311  # spreads retries, keeps no secret
        return _Sent(settlement, row.kind, time.monotonic() - begun, notice.told.fetched_at if notice else None)

    async def _outcome(self, claim: Claim, notice: Notice, row: ChannelRow) -> Outcome:
        patience = self._settings.send_lease * LEASE_MARGIN
        try:
            return await asyncio.wait_for(self._channel(row).send(notice, attempt=claim.attempt), patience)
        except TimeoutError:
            return Outcome(kind="uncertain", reason="timeout", snippet=f"no answer within {patience:.0f} s")
        except asyncio.CancelledError:
            return Outcome(kind="uncertain", reason="other", snippet="the worker stopped before the answer came")
        except Misconfigured as error:
            return Outcome(kind="transient", reason="other", snippet=str(error))
        except Exception:  # noqa: BLE001  # a bug in one channel costs its own deliveries a retry, not the loop
            self._log.exception("a channel failed", channel=claim.channel, delivery=claim.id)
            return Outcome(kind="transient", reason="bug")

    def _channel(self, row: ChannelRow) -> Channel:
        """The open channel, in its newest version. An older one may still be sending; it is closed later."""
        version, channel = self._channels.get(row.id, (0, None))
        if channel is None or version != row.kept.version:
            self._retired += [(row.id, version, channel)] if channel else []
            channel = self._open_channel(row.kind, row.config, self._settings)
            self._channels[row.id] = (row.kept.version, channel)
        return channel

    async def _close_retired(self) -> None:
        """Older versions of channels, once nothing that they may be sending is in flight."""
        for retired in tuple(self._retired):
            name, version, channel = retired
            if not any(c.channel == name and c.channel_version <= version for c in self._in_flight.values()):
                self._retired.remove(retired)
                await channel.close()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), TICK)

    async def _drain(self) -> None:
        """What is in flight may end; what does not is noted as uncertain. Then every outcome is settled."""
        deadline = time.monotonic() + self._drain_seconds
        while self._in_flight and time.monotonic() < deadline:
            await asyncio.wait(list(self._in_flight), timeout=TICK)
            self._beat()
        for task in self._in_flight:
            task.cancel()
        if self._in_flight:
            await asyncio.wait(list(self._in_flight))
        await self._settle_last()
        await self._close_retired()
        for _, channel in self._channels.values():
            await channel.close()

    async def _settle_last(self) -> None:
        """An outcome that cannot be written within some tries is left to its lease, and sent again."""
        for _ in range(LAST_TRIES):
            await self._turn(claiming=False)
            if not self._ended:
                return
            await asyncio.sleep(TICK)

    def _report(self, ended: Sequence[_Sent], verdicts: Sequence[Verdict | None]) -> None:
        for sent, verdict in zip(ended, verdicts, strict=True):
            settlement, outcome = sent.settlement, sent.settlement.outcome
            is_sent = outcome.kind == "sent"
            self._log.log(
                logging.INFO if is_sent else logging.WARNING,
                "delivery attempted",
                delivery=settlement.claim.id,
                alert=settlement.claim.alert,
                channel=settlement.claim.channel,
                attempt=settlement.claim.attempt,
                outcome=outcome.kind,
                reason=outcome.reason,
                state=verdict.state if verdict else "taken over",
                seconds=round(sent.seconds, 3),
                **({} if is_sent else {"said": outcome.snippet}),
            )
            metrics.ATTEMPTS.labels(sent.kind, outcome.kind).inc()
            metrics.ATTEMPT_SECONDS.labels(sent.kind).observe(sent.seconds)
            if is_sent and sent.fetched_at is not None:
                waited = (settlement.ended_at - sent.fetched_at).total_seconds()
                metrics.FETCH_TO_ACCEPT.labels(sent.kind).observe(max(0.0, waited))

    def _note_away(self, why: str) -> None:
        """Say it once, not at every try. Trying is a sign of life."""
        if why and not self.away:
            self._log.warning("waiting", reason=why)
        self.away = why
        self._beat()


def _show_open(counted: Mapping[str, int]) -> None:
    for state in (*WAITING, "sending"):
        metrics.DELIVERIES.labels(state).set(counted.get(state, 0))
