"""`newswatch config show`: which settings are in force, and where does each come from?"""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wire import settings as configuration

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
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("setting", "value", "from", "meaning"):
        table.add_column(name, overflow="fold", no_wrap=name == "setting")
    for row in rows:
        table.add_row(row.name, Text(row.value), row.origin, row.description)
    Console(soft_wrap=False).print(table)
