"""What does somebody at the terminal see while everything runs?"""

import threading
import time
from collections.abc import Callable, Mapping

from rich.console import Console

from alerts.inbox import list_alerts
from ingest.feeds import Feed
from ingest.feeds import load as load_feeds
from ingest.memory import Memory
from ingest.state import State
from newswatch.commands.database import reading_alerts
from newswatch.stopping import StopSignal
from newswatch.up import System
from wire.errors import NewswatchError
from wire.service import EXIT_FAILED
from wire.settings import Settings

READY_SECONDS = 120.0
SETTLE_SECONDS, STILL_LOOKS = 20.0, 6  # looks half a second apart
COUNTED = 10_000
LOOK_EVERY = 1.0


def stay_up(settings: Settings) -> int:
    """Run everything until Ctrl-C or SIGTERM. Returns the exit code: 1 when a program could not live."""
    feeds = load_feeds(settings.feeds_file)  # mistakes are told before anything is started
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    stop = StopSignal()
    with System.start(settings, report=lambda line: console.print(line, style="dim")) as system:
        stop.interrupts = False
        console.print("waiting for the programs", style="dim")
        system.wait_until_ready(READY_SECONDS, stop)
        console.print(_where_to_look(system))
        _tell_first_pass(console, settings, feeds, system, stop)
        while not stop.wait(0.5) and not system.failure:
            pass
        console.print("draining and stopping (at most half a minute)", style="dim")
    if system.failure:
        console.print(system.failure, style="red")
    return EXIT_FAILED if system.failure else 0


def _where_to_look(system: System) -> str:
    """Short lines: paths and addresses are there to be copied, and must not be broken."""
    home = system.settings.home
    lines = ["program      process   /healthz /readyz /metrics"]
    for each in system.children:
        pid = str(each.process.pid) if each.process else "-"
        lines.append(f"{each.name:12} {pid:9} http://127.0.0.1:{each.port}")
    if system.broker is not None:
        lines.append(f"{'kafka':12} {system.broker.pid:<9} {system.broker.bootstrap}")
    return "\n".join([*lines, f"home         {home}", f"logs         {home / 'logs'}"])


def _tell_first_pass(
    console: Console, settings: Settings, feeds: tuple[Feed, ...], system: System, stop: threading.Event
) -> None:
    """Once; a database that does not answer now costs this message and nothing else."""
    try:
        memories = _read_memories(settings, feeds, system, stop)
        if memories is not None:
            is_first = any((memories[feed.id].last_success or 0) >= system.began for feed in feeds)
            held = _settled(lambda: _held(settings), stop) if is_first else 0
            console.print(first_pass(feeds, memories, settings, held=held, now=time.time()))
    except NewswatchError as error:
        console.print(f"what the first reading brought is not known: {error}", style="dim")


def _read_memories(
    settings: Settings, feeds: tuple[Feed, ...], system: System, stop: threading.Event
) -> Mapping[str, Memory] | None:
    """What the poller remembers once it has read every feed; None when we stop before."""
    state = State(settings.ingest_url)
    try:
        while not stop.wait(LOOK_EVERY) and not system.failure:
            memories = state.memories()
            if all(feed.id in memories for feed in feeds):
                return memories
    finally:
        state.close()
    return None


def _held(settings: Settings) -> int:
    with reading_alerts(settings) as connection:
        return len(list_alerts(connection, held=True, limit=COUNTED)) if connection else 0


def _settled(count: Callable[[], int], stop: threading.Event) -> int:
    """The count once it has stood still: what was read is on its way through three programs."""
    found, still, until = count(), 0, time.monotonic() + SETTLE_SECONDS
    while still < STILL_LOOKS and time.monotonic() < until and not stop.wait(0.5):
        last, found = found, count()
        still = still + 1 if found == last else 0
    return found


def first_pass(
    feeds: tuple[Feed, ...], memories: Mapping[str, Memory], settings: Settings, *, held: int, now: float
) -> str:
    """What the feeds have brought so far, what is held of it, and what comes next."""
    mine = [memories[feed.id] for feed in feeds]
    failing = [memory for memory in mine if memory.error]
    articles = sum(memory.articles for memory in mine)
    lines = [f"Read {len(mine) - len(failing)} of {len(mine)} feeds: {articles} articles so far."]
    lines += [f"  {memory.feed}: {memory.error}: {memory.error_detail}" for memory in failing]
    if held:
        stories = "1 story names" if held == 1 else f"{held} stories name"
        lines.append(
            f"A feed's first reading is held, not alerted: {stories} somebody watched. newswatch alerts list --held"
        )
    if mine:
        due = min(memory.next_poll for memory in mine) - now
        when = f"in {due:.0f} s" if due >= 1 else "now"
        lines.append(
            f"Next poll {when}. NEWSWATCH_POLL_INTERVAL ({settings.poll_interval:g} s), or `interval` of a feed, "
            "makes it quicker."
        )
    return "\n".join(lines)
