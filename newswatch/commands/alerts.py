"""`newswatch alerts`: which alerts are there, and what became of them?"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from alerts.inbox import ListedAlert, Trouble, list_alerts
from newswatch.commands.database import reading_alerts
from newswatch.commands.output import console
from wire import settings as configuration

app = typer.Typer(help="Look at the alerts.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group of its own, also while it has one command."""


@app.command("list")
def list_(
    held: Annotated[
        bool, typer.Option("--held", help="Only those that nobody was told of, with the reason (backfill, age, …).")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")] = False,
) -> None:
    """The newest alerts, each with its story's headline, its copies, and its deliveries or why it was held back."""
    with reading_alerts(configuration.load()) as connection:
        rows = list_alerts(connection, held=held, limit=limit) if connection else ()
    if as_json:
        for row in rows:
            print(json.dumps(asdict(row), ensure_ascii=False, default=str))
    elif not rows:
        print("No alert is held back." if held else "There is no alert yet.")
    else:
        _print_table(rows)


def _print_table(rows: Iterable[ListedAlert]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("alert", "fetched", "watchlist", "headline", "outlet", "copies", "told"):
        table.add_column(name, overflow="fold", justify="right" if name in {"alert", "copies"} else "left")
    for row in rows:
        fetched = f"{row.fetched_at.astimezone():%Y-%m-%d %H:%M}"
        cells = (row.alert, fetched, row.watchlist, row.title, row.outlet, row.copies, told_of(row))
        table.add_row(*(Text(str(cell)) for cell in cells))
    console().print(table)


def told_of(row: ListedAlert) -> str:
    """What became of an alert, in a few words; a channel that could not be told so far is named, with the reason."""
    if not row.deliveries:
        return f"held: {', '.join(row.held)}" if row.held else "nobody subscribes"
    smooth = Counter(row.deliveries) - Counter(trouble.state for trouble in row.troubles)
    told = [state if count == 1 else f"{count} {state}" for state, count in sorted(smooth.items())]
    return ", ".join([*told, *(_trouble(trouble) for trouble in row.troubles)])


def _trouble(trouble: Trouble) -> str:
    tried = f", attempt {trouble.attempt}" if trouble.attempt else ""
    why = trouble.said or trouble.reason if trouble.reason == "other" else trouble.reason
    return f"{trouble.channel}: {trouble.state} ({why}{tried})"
