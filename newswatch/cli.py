"""What can a person type?"""

import sys
from typing import Annotated

import typer

from newswatch.commands import alerts, config, dead, demo, doctor, engines, programs, topics, watchlists
from wire.errors import Misconfigured, NewerVersion, NewswatchError
from wire.service import EXIT_FAILED, EXIT_MISCONFIGURED, VERSION

app = typer.Typer(
    name="newswatch",
    help="Watches news feeds and alerts once per story.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("up")(programs.up)
app.command("demo")(demo.demo)
app.command("run")(programs.run)
app.command("validate")(watchlists.validate)
app.command("apply")(watchlists.apply)
app.add_typer(watchlists.app, name="watchlists")
app.add_typer(alerts.app, name="alerts")
app.add_typer(dead.app, name="dead")
app.command("match")(engines.match)
app.command("stories")(engines.stories)
app.command("topics")(topics.topics)
app.command("doctor")(doctor.doctor)
app.add_typer(config.app, name="config")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        print(f"newswatch {VERSION}")
        raise typer.Exit


def main() -> None:
    """The command `newswatch`. Exit codes: 0 done, 1 it did not work, 2 something is misconfigured."""
    try:
        app()
    except (Misconfigured, NewerVersion) as error:
        print(f"newswatch: {error}", file=sys.stderr)
        sys.exit(EXIT_MISCONFIGURED)
    except NewswatchError as error:
        print(f"newswatch: {error}", file=sys.stderr)
        sys.exit(EXIT_FAILED)
    except BrokenPipeError:  # the reader of our output has left: `newswatch … | head`
        sys.stderr.close()
        sys.exit(0)
