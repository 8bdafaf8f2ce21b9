"""`newswatch validate`, `newswatch apply`, `newswatch watchlists`: whom do we watch, and who hears of it?"""

import getpass
import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alerts import catalog
from alerts.applying import accepted, apply_configuration
from alerts.catalog import Catalog
from alerts.config import load_config
from alerts.database import open_database
from alerts.difference import Difference, compare, counted
from alerts.edits import Author
from newswatch.commands.channels import problems
from newswatch.commands.database import reading_alerts
from newswatch.commands.output import console
from wire import settings as configuration
from wire.errors import Misconfigured
from wire.service import EXIT_MISCONFIGURED

app = typer.Typer(help="Look at the watchlists in force.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="YAML file of watchlists, subscribers, channels and subscriptions.")]
COLORS = {"+": "green", "~": "yellow", "-": "red"}


@app.callback()
def _group() -> None:
    """A group of its own, also while it has one command."""


def validate(file: File) -> None:
    """Check a configuration file: every mistake at once, with its line; advise on risky names. Changes nothing."""
    from stream.matching.advice import advice_on

    wanted = _load(file)
    print(f"{file}: no mistakes; {count(wanted)}")
    for watchlist in wanted.watchlists:
        for line in advice_on(watchlist.entities):
            print(f"{file}: advice on {watchlist.id}: {line}", file=sys.stderr)


def apply(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also remove what this file put in force and no longer names.")
    ] = False,
    source: Annotated[
        str, typer.Option(help="Name under which this file's entries are kept. Default: its full path.")
    ] = "",
) -> None:
    """Put a configuration file in force: show what changes, and change all of it or nothing."""
    wanted = _load(file)
    settings = configuration.load()
    place = source or str(file.resolve())
    if dry_run:
        with reading_alerts(settings) as connection:
            in_force = catalog.read(connection) if connection else Catalog()
        _show(accepted(compare(wanted, in_force, source=place, prune=prune)), done=False)
        return
    author = Author(place=place, person=_person())
    engine = open_database(settings.alerts_url)
    _show(apply_configuration(engine, wanted, author=author, prune=prune), done=True)
    for problem in problems(wanted.channels, settings):
        print(f"newswatch: warning: channel {problem}", file=sys.stderr)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Every watchlist in force: how many names, where it came from, which channels hear of it."""
    with reading_alerts(configuration.load()) as connection:
        rows = _rows(catalog.read(connection) if connection else Catalog())
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif not rows:
        print("No watchlist is in force. Write one (see README) and `newswatch apply` it.")
    else:
        _print_table(rows)


def count(found: Catalog) -> str:
    """How much a configuration holds, in a phrase."""
    entities = [entity for watchlist in found.watchlists for entity in watchlist.entities]
    return ", ".join(
        (
            counted(len(found.watchlists), "watchlist"),
            counted(len(entities), "entity", "entities"),
            counted(sum(len(entity.aliases) for entity in entities), "alias", "aliases"),
            counted(sum(len(entity.tickers) for entity in entities), "ticker"),
            counted(len(found.subscribers), "subscriber"),
            counted(len(found.channels), "channel"),
            counted(len(found.subscriptions), "subscription"),
        )
    )


def _load(file: Path) -> Catalog:
    try:
        return load_config(file)
    except Misconfigured as error:
        print(error, file=sys.stderr)  # line by line as FILE:LINE: …, so that editors can follow it
        raise typer.Exit(EXIT_MISCONFIGURED) from error


def _show(difference: Difference, *, done: bool) -> None:
    plain = Console(highlight=False, soft_wrap=True)
    for line in difference.lines:
        plain.print(Text(line, style=COLORS[line[0]]))
    for name in difference.left:
        plain.print(Text(f"  {name} stays in force though the file no longer names it; --prune removes it", "dim"))
    if not difference.lines:
        print("Nothing to change.")
    elif not done:
        print("Nothing was changed: this was a dry run.")
    else:
        print(f"{counted(len(difference.lines), 'change')} in force.")


def _rows(found: Catalog) -> list[dict[str, object]]:
    channels: dict[str, list[str]] = defaultdict(list)
    for subscription in found.subscriptions:
        channels[subscription.watchlist].append(subscription.channel)
    return [
        {
            "id": watchlist.id,
            "name": watchlist.name,
            "version": watchlist.kept.version,
            "entities": len(watchlist.entities),
            "aliases": sum(len(entity.aliases) for entity in watchlist.entities),
            "channels": channels[watchlist.id],
            "source": watchlist.kept.source,
            "changed_in": watchlist.kept.changed_in,
        }
        for watchlist in found.watchlists
    ]


def _print_table(rows: Iterable[dict[str, object]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("watchlist", "name", "version", "entities", "aliases", "channels", "from"):
        table.add_column(
            name, overflow="fold", justify="right" if name in {"version", "entities", "aliases"} else "left"
        )
    for row in rows:
        channels = row["channels"]
        listed = ", ".join(channels) if isinstance(channels, list) else ""
        came_from = Path(str(row["source"])).name  # the full path is in --json
        cells = (row["id"], row["name"], row["version"], row["entities"], row["aliases"], listed or "–", came_from)
        table.add_row(*(Text(str(cell)) for cell in cells))
    console().print(table)


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return "unknown"
