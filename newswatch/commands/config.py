"""`newswatch config show`: which settings are in force, and where does each come from?"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from newswatch.commands.output import console
from wire import settings as configuration

TABLE_WIDTH = 140  # columns below which the meanings would run down the screen a few words a line

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group of its own, also while it has one command."""


@app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Every setting with its value (secrets hidden) and its origin."""
    rows = configuration.origins(configuration.load())
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    out = console()
    if out.width < TABLE_WIDTH:
        _print_list(rows, out)
    else:
        _print_table(rows, out)


def _print_table(rows: Iterable[configuration.Origin], out: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("setting", "value", "from", "meaning"):
        table.add_column(name, overflow="fold", no_wrap=name == "setting")
    for row in rows:
        table.add_row(row.name, Text(row.value), row.origin, row.description)
    out.print(table)


def _print_list(rows: Iterable[configuration.Origin], out: Console) -> None:
    for row in rows:
        out.print(Text.assemble((row.name, "bold"), f" = {row.value}  ", (f"({row.origin})", "dim")))
        out.print(Padding(Text(row.description), (0, 0, 0, 4)))
