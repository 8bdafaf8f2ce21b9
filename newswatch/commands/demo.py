"""`newswatch demo`: a small newsroom, and the alerts that come of it."""

from typing import Annotated

import typer
from rich.console import Console

from newswatch.stopping import StopSignal


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End by itself: 0 when the newsroom's key is met, 1 when not.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the demo's folder behind, to look into it.")] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the newsroom on loopback; 0 picks a free one.")
    ] = 0,
) -> None:
    """Watch a newsroom of sample feeds: scoops, copies and traps, all of it on this machine. Needs no internet."""
    from newswatch.demo import run_demo

    raise typer.Exit(run_demo(console=Console(highlight=False), stop=StopSignal(), once=once, keep=keep, port=port))
