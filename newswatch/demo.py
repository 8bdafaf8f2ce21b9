"""What does newswatch make of a morning's news, and does it tell what it should?

The newsroom's feeds go through a whole newswatch of its own: broker, programs and ledger, in a folder that is thrown
away. Each alert is shown as it arrives; at the end, what was told is held against the newsroom's answer key.
"""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text
from sqlalchemy import Engine

from alerts import show
from alerts.database import open_database
from alerts.render import clean
from newswatch.newsroom.content import read_newsroom
from newswatch.newsroom.follow import Arrival, Follower, told
from newswatch.newsroom.key import Verdict, judge, page_of
from newswatch.newsroom.ledger import joined_copies, read_notice, silenced_copies
from newswatch.newsroom.prepare import apply_watchlists, demo_settings, write_feeds
from newswatch.newsroom.server import Server
from newswatch.newsroom.table import closing
from newswatch.stopping import StopSignal
from newswatch.up import System
from wire import settings as configuration
from wire.errors import Misconfigured
from wire.settings import Settings

READY_SECONDS = 120.0
FIRST_PASS_SECONDS = 60.0
LOOK_EVERY = 0.1  # seconds between two looks at what has been told
PATIENCE = 15.0  # seconds after the last item within which all that is wanted must have come
UNDER_WAY = 4.0  # seconds: what appeared within them is not asked for yet, and unwanted alerts may still come


@dataclass
class Demo:
    """One run: the newsroom that is served, the newswatch that reads it, and what has arrived."""

    console: Console
    stop: threading.Event
    server: Server
    settings: Settings
    names: dict[str, str]  # of watchlists, to their ids
    database: Engine
    began: float
    arrivals: list[Arrival] = field(default_factory=list)
    silenced: set[str] = field(default_factory=set)  # copies that have been shown

    @property
    def since_last_item(self) -> float:
        return self.server.clock.second - self.server.newsroom.length

    def say(self, words: str) -> None:
        self.console.print(Text(f"{time.monotonic() - self.began:5.1f} s  {words}", style="dim"), soft_wrap=True)

    def verdict(self) -> Verdict:
        by = self.server.clock.second - UNDER_WAY
        return judge(self.server.newsroom, told(self.arrivals, self.names), joined_copies(self.database), by=by)

    def seconds(self, arrival: Arrival) -> float | None:
        """From an article's appearance in its feed to its notification; None when it is not the newsroom's."""
        item = self.server.newsroom.item(arrival.line.feed, page_of(arrival.line.link))
        return (arrival.accepted - self.server.visible_at(item)).total_seconds() if item else None


def run_demo(*, console: Console, stop: StopSignal, once: bool = False, keep: bool = False, port: int = 0) -> int:
    """Show it. Returns the exit code: 0 when the key is met, 1 when not.

    Args:
        once: end when the newsroom has told everything, instead of at `stop`.
        keep: leave the folder with the broker's data, databases and logs behind.
        port: where the newsroom is served on loopback; 0 picks one.
    """
    configuration.load()  # mistakes in the environment are told before anything starts
    with (
        _newsroom_at(port) as server,
        _home(console, keep=keep) as home,
        _prepared(console, stop, home, server) as demo,
    ):
        demo.say("starting a newswatch of its own")
        with System.start(demo.settings, report=demo.say) as system:
            stop.interrupts = False
            _wait_for_programs(demo, system)
            verdict = None if stop.is_set() else _tell(demo, system, once=once)
            demo.say("stopping" if verdict else "stopping before the newsroom has opened")
    return 0 if verdict and not verdict.differences else 1


@contextmanager
def _home(console: Console, *, keep: bool) -> Iterator[Path]:
    """A folder for this run. It stays when something went wrong: the logs are in it."""
    home = Path(tempfile.mkdtemp(prefix="newswatch-demo-"))
    try:
        yield home
    except BaseException:
        console.print(Text(f"Kept, with its logs: {home}", style="dim"))
        raise
    if keep:
        console.print(
            Text(f"Kept: {home}. To look into it: NEWSWATCH_HOME='{home}' newswatch alerts list", style="dim")
        )
    else:
        shutil.rmtree(home, ignore_errors=True)


def _newsroom_at(port: int) -> Server:
    try:
        return Server(read_newsroom(), port=port)
    except OSError as error:
        raise Misconfigured(f"--port {port}: the newsroom cannot be served there: {error.strerror}") from error


@contextmanager
def _prepared(console: Console, stop: threading.Event, home: Path, server: Server) -> Iterator[Demo]:
    """The demo with feeds and watchlists in force, before anything is started."""
    began = time.monotonic()
    settings = demo_settings(home, server)
    write_feeds(settings.feeds_file, server)
    database = open_database(settings.alerts_url)
    try:
        yield Demo(
            console=console,
            stop=stop,
            server=server,
            settings=settings,
            names=apply_watchlists(home / "watchlists.yaml", database),
            database=database,
            began=began,
        )
    finally:
        database.dispose()


def _wait_for_programs(demo: Demo, system: System) -> None:
    demo.say("waiting until every program is ready")
    system.wait_until_ready(READY_SECONDS, demo.stop)
    feeds = len(demo.server.newsroom.feeds)
    demo.say(f"reading {feeds} feeds for the first time: what they hold already is kept back, not alerted")
    until = time.monotonic() + FIRST_PASS_SECONDS
    while (unread := demo.server.unread()) and not demo.stop.wait(LOOK_EVERY):
        _check(system)
        if time.monotonic() > until:
            raise Misconfigured(f"not read within {FIRST_PASS_SECONDS:.0f} s: {', '.join(unread)}; see {_logs(system)}")


def _tell(demo: Demo, system: System, *, once: bool) -> Verdict:
    """Let the newsroom publish, show what is told, and judge it."""
    demo.server.clock.open()
    demo.say(f"the newsroom opens at {demo.server.base}: {_programme(demo)}")
    demo.console.print()
    follower = Follower(demo.settings.home / "alerts.jsonl")
    while not demo.stop.is_set() and not _is_over(demo):
        _show_news(demo, system, follower)
    verdict = demo.verdict()
    demo.console.print(closing(verdict, [seconds for each in demo.arrivals if (seconds := demo.seconds(each))]))
    if not once and not demo.stop.is_set():
        demo.say("the newsroom has told everything; polling goes on until Ctrl-C")
    while not once and not demo.stop.is_set():
        _show_news(demo, system, follower)
    return verdict


def _programme(demo: Demo) -> str:
    newsroom = demo.server.newsroom
    articles = sum(item.at >= 0 for item in newsroom.items)
    outlets = len({feed.outlet for feed in newsroom.feeds})
    return f"{articles} articles of {outlets} outlets within {newsroom.length:.0f} s"


def _is_over(demo: Demo) -> bool:
    """All that is wanted has come and nothing else is on its way, or time is up."""
    if demo.since_last_item < UNDER_WAY:
        return False
    return demo.since_last_item > PATIENCE or not demo.verdict().differences


def _show_news(demo: Demo, system: System, follower: Follower) -> None:
    _check(system)
    for line in follower.new_lines():
        _show_arrival(demo, Arrival(line=line, accepted=datetime.now(UTC)))
    for copy in silenced_copies(demo.database):
        if copy.article not in demo.silenced:
            demo.silenced.add(copy.article)
            words = (
                f"· {clean(copy.outlet)}: “{clean(copy.title)}”\n  not told again, same story as “{clean(copy.told)}”\n"
            )
            demo.console.print(Text(words, style="dim"), soft_wrap=True)
    demo.stop.wait(LOOK_EVERY)


def _show_arrival(demo: Demo, arrival: Arrival) -> None:
    """As the terminal channel shows it, with the time that it took from the feed."""
    demo.arrivals.append(arrival)
    notice = read_notice(demo.database, arrival.line.key)
    page = show.page(notice, arrival.accepted, color=demo.console.is_terminal)
    demo.console.print(Text.from_ansi(page.rstrip()), soft_wrap=True)
    seconds = demo.seconds(arrival)
    if seconds is not None:
        demo.console.print(Text(f"  told {seconds:.1f} s after it appeared in its feed\n", style="green"))


def _check(system: System) -> None:
    if system.failure:
        raise Misconfigured(system.failure)


def _logs(system: System) -> Path:
    return system.settings.home / "logs"
