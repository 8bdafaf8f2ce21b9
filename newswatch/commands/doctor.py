"""`newswatch doctor`: is everything in place, and what is to be mended?"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from wire import settings as configuration
from wire import topics
from wire.errors import NewswatchError, Transient
from wire.kafka import Admin, topic_name
from wire.service import EXIT_FAILED
from wire.settings import Settings

FREE_BYTES = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    says: str


def doctor(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Check settings, home folder, feeds, databases, Kafka and topics, and say what to mend."""
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


def _settings(settings: Settings) -> str:
    return f"{len(settings.model_fields_set)} set, the others at their defaults (`newswatch config show`)"


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.home).free
    if free < FREE_BYTES:
        raise NewswatchError(f"{settings.home}: {free // 1024**2} MB free, less than a gigabyte. Free some space.")
    return f"{settings.home}, {free // 1024**3} GB free"


def _feeds(settings: Settings) -> str:
    from ingest.feeds import load

    return f"{len(load(settings.feeds_file))} feeds in {settings.feeds_file}"


def _ingest_database(settings: Settings) -> str:
    from ingest.state import State

    state = State(settings.ingest_url)
    memories = state.memories().values()
    state.close()
    failing = [f"{memory.feed} ({memory.error})" for memory in memories if memory.error]
    return f"{len(memories)} feeds polled so far" + (f"; failing: {', '.join(failing)}" if failing else "")


def _alerts_database(settings: Settings) -> str:
    from alerts import catalog
    from alerts.database import open_database, reading

    engine = open_database(settings.alerts_url)
    with reading(engine) as connection:
        found = catalog.read(connection)
    engine.dispose()
    if not found.subscriptions:
        raise NewswatchError("nobody is subscribed to anything yet: `newswatch apply FILE` brings watchlists in")
    return (
        f"{len(found.watchlists)} watchlists, {len(found.channels)} channels, {len(found.subscriptions)} subscriptions"
    )


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
    "Kafka": _kafka,
    "topics": _topics,
}
