"""The sending loop over a real database, to channels that misbehave."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select
from structlog.testing import capture_logs

from alerts import edits, ledger, schema
from alerts.catalog import Changes, read
from alerts.channels import Channel
from alerts.conservation import balance
from alerts.database import reading, writing
from alerts.inbox import Trouble, list_alerts
from alerts.notice import Notice
from alerts.outcome import Outcome
from alerts.policy import Rules
from alerts.record import record
from alerts.routes import read_routes
from alerts.sender import Sender
from newswatch.commands.alerts import told_of
from tests.matches import FILE, match, newsroom
from wire.errors import Misconfigured
from wire.settings import Settings

SENT = Outcome(kind="sent", reason="ok")
Answer = Callable[[Notice, int], Awaitable[Outcome]]


@dataclass
class Receiver:
    """A channel that answers as a test says, and remembers what it was told."""

    answer: Answer
    told: list[tuple[str, int]] = field(default_factory=list)
    closed: bool = False

    async def send(self, notice: Notice, *, attempt: int) -> Outcome:
        self.told.append((notice.key, attempt))
        return await self.answer(notice, attempt)

    async def close(self) -> None:
        self.closed = True


async def accept(notice: Notice, attempt: int) -> Outcome:
    del notice, attempt
    return SENT


async def hang(notice: Notice, attempt: int) -> Outcome:
    del notice, attempt
    await asyncio.Event().wait()
    return SENT


@dataclass
class Desk:
    """The sender at work against receivers by kind, until all is settled or a test says stop."""

    engine: Engine
    receivers: Mapping[str, Receiver]
    settings: Settings = field(default_factory=lambda: Settings(send_parallel=4, send_lease=2.0))
    stopping: threading.Event = field(default_factory=threading.Event)

    def open(self, kind: str, config: Mapping[str, object], settings: Settings) -> Channel:
        del config, settings
        return self.receivers[kind]

    def sender(self, worker: str = "alert-1") -> Sender:
        return Sender(
            self.engine,
            self.settings,
            worker=worker,
            opener=self.open,
            stopping=self.stopping.is_set,
            drain_seconds=1.0,
        )

    def run_until(self, is_done: Callable[[Counter[str]], bool], seconds: float = 20.0) -> None:
        asyncio.run(self._run_until(is_done, seconds))

    async def _run_until(self, is_done: Callable[[Counter[str]], bool], seconds: float) -> None:
        sender = self.sender()
        running = asyncio.create_task(sender.run())
        async with asyncio.timeout(seconds):
            while not is_done(states(self.engine)):  # noqa: ASYNC110  # another thread's work ends it
                await asyncio.sleep(0.02)
        self.stopping.set()
        sender.wake()
        await running


def owe(engine: Engine, stories: int, **kinds: str) -> None:
    """Each channel (`name=kind`) is owed so many stories."""
    now = datetime.now(UTC)
    with writing(engine) as connection:
        changes = newsroom(*(f"ferries>{name}" for name in kinds), kinds=kinds)
        edits.write(connection, changes, author=FILE, now=now)
        found = [match(f"a{n}", "ferries", story=f"s{n}", fetched_at=now) for n in range(stories)]
        record(connection, found, routes=read_routes(connection), now=now, rules=Rules())


def states(engine: Engine, channel: str | None = None) -> Counter[str]:
    table = schema.delivery
    with reading(engine) as connection:
        rows = connection.execute(select(table.c.channel, table.c.state))
        return Counter(state for name, state in rows if channel in {None, name})


def repeats(receiver: Receiver) -> dict[str, int]:
    counted = Counter(key for key, _ in receiver.told)
    return {key: count for key, count in counted.items() if count > 1}


def test_a_channel_that_was_edited_is_closed_while_work_goes_on(engine: Engine) -> None:
    opened: list[Receiver] = []

    def open_anew(kind: str, config: Mapping[str, object], settings: Settings) -> Channel:
        del kind, config, settings
        opened.append(Receiver(accept))
        return opened[-1]

    async def run() -> None:
        stopping = threading.Event()
        sender = Sender(engine, Settings(), worker="alert-1", opener=open_anew, stopping=stopping.is_set)
        running = asyncio.create_task(sender.run())
        async with asyncio.timeout(20):
            while states(engine)["sent"] < 1:  # noqa: ASYNC110  # another thread's work ends it
                await asyncio.sleep(0.02)
            with writing(engine) as connection:
                (row,) = read(connection).channels
                edited = Changes(put=(replace(row, config={"path": "elsewhere"}),))
                edits.write(connection, edited, author=FILE, now=datetime.now(UTC))
                late = match("late", "ferries", story="late", fetched_at=datetime.now(UTC))
                routes = read_routes(connection)
                record(connection, [late], routes=routes, now=datetime.now(UTC), rules=Rules())
            while not opened[0].closed:  # noqa: ASYNC110  # the sender ends it
                await asyncio.sleep(0.02)
        assert not opened[1].closed
        stopping.set()
        await running

    owe(engine, 1, desk="terminal")
    asyncio.run(run())


def test_everything_owed_is_sent_once(engine: Engine) -> None:
    owe(engine, 60, desk="terminal", phone="webhook")
    desk, phone = Receiver(accept), Receiver(accept)
    Desk(engine, {"terminal": desk, "webhook": phone}).run_until(lambda found: found["sent"] == 120)
    assert (len(desk.told), len(phone.told)) == (60, 60)
    assert repeats(desk) == repeats(phone) == {}
    assert desk.closed
    assert phone.closed
    with reading(engine) as connection:
        assert balance(connection, now=datetime.now(UTC)).states == {"sent": 120}


def test_a_channel_that_hangs_keeps_nobody_else_waiting(engine: Engine) -> None:
    owe(engine, 40, stuck="webhook", desk="terminal")
    stuck, desk = Receiver(hang), Receiver(accept)
    work = Desk(engine, {"webhook": stuck, "terminal": desk}, settings=Settings(send_parallel=4, send_lease=60.0))
    work.run_until(lambda _: states(engine, "desk")["sent"] == 40, seconds=15)
    assert len(stuck.told) == work.settings.send_parallel
    assert states(engine, "stuck")["uncertain"] == len(stuck.told)  # asked to stop, it did not wait for them


def test_a_send_without_an_answer_is_uncertain_and_repeated_under_its_key(engine: Engine) -> None:
    owe(engine, 1, desk="terminal")

    async def answer_the_second_time(notice: Notice, attempt: int) -> Outcome:
        return await (hang(notice, attempt) if attempt == 1 else accept(notice, attempt))

    desk = Receiver(answer_the_second_time)
    Desk(engine, {"terminal": desk}, settings=Settings(send_lease=1.1)).run_until(lambda found: found["sent"] == 1)
    assert [attempt for _, attempt in desk.told] == [1, 2]
    assert len({key for key, _ in desk.told}) == 1


def test_a_bug_in_a_channel_costs_its_own_deliveries_a_retry(engine: Engine) -> None:
    owe(engine, 3, desk="terminal", phone="webhook")

    async def fail(notice: Notice, attempt: int) -> Outcome:
        raise RuntimeError(notice.key, attempt)

    desk = Receiver(accept)
    work = Desk(engine, {"terminal": desk, "webhook": Receiver(fail)})
    work.run_until(lambda found: found["sent"] == 3 and found["due"] == 0 and found["sending"] == 0)
    assert states(engine, "phone")["retry"] == 3
    assert len(desk.told) == 3


def test_a_channel_that_cannot_be_opened_is_tried_again_and_says_why(engine: Engine) -> None:
    owe(engine, 1, desk="unheard-of")

    def refuse(kind: str, config: Mapping[str, object], settings: Settings) -> Channel:
        del config, settings
        raise Misconfigured(f"{kind} has no secret")

    work = Desk(engine, {})
    work.open = refuse  # type: ignore[method-assign]  # this desk's only channel
    with capture_logs() as lines:
        work.run_until(lambda found: found["retry"] == 1)
    (told,) = [line for line in lines if line["event"] == "delivery attempted"]
    assert (told["log_level"], told["said"]) == ("warning", "unheard-of has no secret")
    with reading(engine) as connection:
        assert connection.execute(select(schema.attempt.c.snippet)).scalars().all() == ["unheard-of has no secret"]
        (listed,) = list_alerts(connection, held=False, limit=1)
    assert listed.troubles == (
        Trouble(channel="desk", state="retry", reason="other", attempt=1, said="unheard-of has no secret"),
    )
    assert "desk: retry (unheard-of has no secret, attempt 1)" in told_of(listed)


def test_a_channel_that_was_edited_is_opened_anew(engine: Engine) -> None:
    owe(engine, 1, desk="old")
    old, new = Receiver(accept), Receiver(accept)
    Desk(engine, {"old": old}).run_until(lambda found: found["sent"] == 1)
    with writing(engine) as connection:
        (row,) = read(connection).channels
        edits.write(connection, Changes(put=(replace(row, kind="new"),)), author=FILE, now=datetime.now(UTC))
        again = [match("b1", "ferries", story="s9", fetched_at=datetime.now(UTC))]
        record(connection, again, routes=read_routes(connection), now=datetime.now(UTC), rules=Rules())
    Desk(engine, {"new": new}).run_until(lambda found: found["sent"] == 2)
    assert (len(old.told), len(new.told)) == (1, 1)


def test_a_stop_finishes_what_is_in_flight_and_claims_nothing_more(engine: Engine) -> None:
    owe(engine, 50, desk="terminal")

    async def take_a_while(notice: Notice, attempt: int) -> Outcome:
        del notice, attempt
        await asyncio.sleep(0.3)
        return SENT

    desk = Receiver(take_a_while)
    Desk(engine, {"terminal": desk}).run_until(lambda found: found["sending"] == 4)
    assert states(engine) == {"sent": len(desk.told), "due": 50 - len(desk.told)}
    assert len(desk.told) < 50


def test_a_worker_that_was_killed_repeats_only_what_was_in_flight(engine: Engine) -> None:
    owe(engine, 20, desk="terminal")
    desk = Receiver(accept)
    with writing(engine) as connection:  # its last life claimed five, and told two of them
        lost = ledger.claim(
            connection,
            worker="alert-1",
            now=datetime.now(UTC),
            lease=timedelta(hours=1),
            in_flight={},
            per_channel=5,
            limit=5,
        )
    desk.told += [(claimed.key, claimed.attempt) for claimed in lost[:2]]
    Desk(engine, {"terminal": desk}).run_until(lambda found: found["sent"] == 20)
    assert repeats(desk) == {claimed.key: 2 for claimed in lost[:2]}
    assert len({key for key, _ in desk.told}) == 20
