"""What does somebody at the terminal see while everything runs?"""

import signal
import threading
import time
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from ingest.feeds import Feed
from ingest.feeds import load as load_feeds
from ingest.memory import Memory
from ingest.state import State
from newswatch.up import System
from wire.settings import Settings

READY_SECONDS = 120.0


def stay_up(settings: Settings) -> int:
    """Run everything until Ctrl-C or SIGTERM. Returns the exit code: 1 when a program could not live."""
    feeds = load_feeds(settings.feeds_file)  # mistakes are told before anything is started
    console = Console(stderr=True, highlight=False)
    stop = _stop_signal()
    with System.start(settings, report=lambda line: console.print(f"[dim]{line}[/]")) as system:
        console.print("[dim]waiting for the programs[/]")
        system.wait_until_ready(READY_SECONDS)
        console.print(_where_to_look(system))
        _tell_first_pass(console, settings, feeds, system, stop)
        while not stop.wait(0.5) and not system.failure:
            pass
        console.print("[dim]draining and stopping (at most half a minute)[/]")
    if system.failure:
        console.print(f"[red]{system.failure}[/]")
    return 1 if system.failure else 0


def _stop_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop


def _where_to_look(system: System) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    for heading in ("program", "process", "metrics and health", "log"):
        table.add_column(heading, overflow="fold")
    for each in system.children:
        pid = str(each.process.pid) if each.process else "–"
        table.add_row(each.name, pid, f"http://127.0.0.1:{each.port}/metrics", str(each.log))
    if system.broker is not None:
        table.add_row("kafka", str(system.broker.pid), system.broker.bootstrap, str(system.broker.log))
    table.add_row("home", "", "", str(system.settings.home))
    return table


def _tell_first_pass(
    console: Console, settings: Settings, feeds: tuple[Feed, ...], system: System, stop: threading.Event
) -> None:
    state = State(settings.ingest_url)
    try:
        while not stop.wait(0.3) and not system.failure:
            memories = state.memories()
            if all(feed.id in memories for feed in feeds):
                console.print(first_pass(feeds, memories, settings, time.time()))
                return
    finally:
        state.close()


def first_pass(feeds: tuple[Feed, ...], memories: Mapping[str, Memory], settings: Settings, now: float) -> str:
    """What the first reading of all feeds brought, and what comes next."""
    mine = [memories[feed.id] for feed in feeds]
    failing = [memory for memory in mine if memory.error]
    articles = sum(memory.articles for memory in mine)
    lines = [f"Read {len(mine) - len(failing)} of {len(mine)} feeds: {articles} articles."]
    lines += [f"  {memory.feed}: {memory.error}: {memory.error_detail}" for memory in failing]
    lines.append(
        "A feed's first reading is held, not alerted: [bold]newswatch alerts list --held[/] shows what would have been."
    )
    if mine:
        due = max(0.0, min(memory.next_poll for memory in mine) - now)
        lines.append(
            f"Next poll in {due:.0f} s. NEWSWATCH_POLL_INTERVAL (now {settings.poll_interval:g} s), or `interval` of a "
            "feed, makes it quicker."
        )
    return "\n".join(lines)
