"""`newswatch doctor`: is everything in place, and what is to be mended?"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from newswatch.commands.database import is_missing, reading_alerts
from wire import settings as configuration
from wire import topics
from wire.errors import NewswatchError, Transient
from wire.kafka import Admin, topic_name
from wire.service import EXIT_FAILED
from wire.settings import Settings

if TYPE_CHECKING:
    from alerts.catalog import Catalog

FREE_BYTES = 1024**3
NONE_YET = "none yet: `newswatch apply FILE` makes it and brings watchlists in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    says: str


def doctor(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Check settings, home folder, feeds, databases, channels, Kafka and topics, and say what to mend."""
    findings = examine()
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for finding in findings:
            mark = "[green]ok  [/]" if finding.ok else "[red]mend[/]"
            console.print(f"{mark} [bold]{finding.name}[/]  {escape(finding.says)}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(EXIT_FAILED)


def examine() -> list[Finding]:
    """Every check, in the order in which one rests on the other."""
    try:
        settings = configuration.load()
    except NewswatchError as error:
        return [Finding(name="settings", ok=False, says=str(error))]
    return [_look(name, check, settings) for name, check in CHECKS.items()]


def _look(name: str, check: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(name=name, ok=True, says=check(settings))
    except (NewswatchError, OSError) as error:
        return Finding(name=name, ok=False, says=str(error))
    except Exception as error:  # noqa: BLE001  # one check that fails in an unforeseen way must not hide the others
        return Finding(name=name, ok=False, says=f"{type(error).__name__}: {error}")


def _settings(settings: Settings) -> str:
    return f"{len(settings.model_fields_set)} set, the others at their defaults (`newswatch config show`)"


def _home(settings: Settings) -> str:
    there = next(folder for folder in (settings.home, *settings.home.absolute().parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise NewswatchError(
            f"{settings.home}: this user cannot write in {there}. Set NEWSWATCH_HOME to another folder."
        )
    free = shutil.disk_usage(there).free
    if free < FREE_BYTES:
        raise NewswatchError(f"{settings.home}: {free // 1024**2} MB free, less than a gigabyte. Free some space.")
    made = "" if there == settings.home else " (made when it is needed)"
    return f"{settings.home}{made}, {free // 1024**3} GB free"


def _feeds(settings: Settings) -> str:
    from ingest.feeds import load

    return f"{len(load(settings.feeds_file))} feeds in {settings.feeds_file}"


def _ingest_database(settings: Settings) -> str:
    from ingest.state import State

    if is_missing(settings.ingest_url):
        return "none yet: the poller makes it when it starts (`newswatch up`)"
    state = State(settings.ingest_url)
    memories = state.memories().values()
    state.close()
    failing = [f"{memory.feed} ({memory.error})" for memory in memories if memory.error]
    return f"{len(memories)} feeds polled so far" + (f"; failing: {', '.join(failing)}" if failing else "")


def _alerts_database(settings: Settings) -> str:
    found = _in_force(settings)
    if found is None:
        raise NewswatchError(NONE_YET)
    if not found.subscriptions:
        raise NewswatchError("nobody is subscribed to anything yet: `newswatch apply FILE` brings watchlists in")
    return (
        f"{len(found.watchlists)} watchlists, {len(found.channels)} channels, {len(found.subscriptions)} subscriptions"
    )


def _channels(settings: Settings) -> str:
    from newswatch.commands.channels import problems

    found = _in_force(settings)
    if found is None:
        return "none yet"
    wrong = problems(found.channels, settings)
    if wrong:
        raise NewswatchError("\n      ".join(wrong))
    return f"{len(found.channels)} can be opened, with the settings of this shell"


def _deliveries(settings: Settings) -> str:
    from alerts.conservation import MISSING, balance

    with reading_alerts(settings) as connection:
        if connection is None:
            return "none yet"
        books = balance(connection, now=datetime.now(UTC))
    if not books.is_kept:
        raise NewswatchError(
            f"of {books.owed} deliveries {books.states.get(MISSING, 0)} are in no state, {books.overdue} are overdue. "
            "While the alert program runs, that is a fault of newswatch: please report it."
        )
    return f"each of {books.owed} is in exactly one state"


def _in_force(settings: Settings) -> "Catalog | None":
    from alerts import catalog

    with reading_alerts(settings) as connection:
        return catalog.read(connection) if connection else None


def _kafka(settings: Settings) -> str:
    with _admin(settings) as admin:
        return f"{settings.bootstrap}, cluster {admin.cluster_id()}"


def _admin(settings: Settings) -> Admin:
    try:
        return Admin(settings)
    except Transient as error:
        advice = (
            "Is it running, and is NEWSWATCH_KAFKA right?" if settings.kafka else "It runs while `newswatch up` does."
        )
        raise NewswatchError(f"{error}. {advice}") from error


def _topics(settings: Settings) -> str:
    with _admin(settings) as admin:
        missing = {topic_name(settings, topic) for topic in topics.ALL} - admin.topics()
        if missing:
            raise NewswatchError(f"missing: {', '.join(sorted(missing))}. `newswatch topics` makes them.")
        admin.check_limits()
    return f"all {len(topics.ALL)} there, with LogAppendTime and the sizes that we send"


CHECKS: dict[str, Callable[[Settings], str]] = {
    "settings": _settings,
    "home folder": _home,
    "feeds": _feeds,
    "poller's database": _ingest_database,
    "alerts' database": _alerts_database,
    "channels": _channels,
    "deliveries": _deliveries,
    "Kafka": _kafka,
    "topics": _topics,
}
