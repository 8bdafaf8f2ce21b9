"""What can a person type?"""

import errno
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from wire.errors import Misconfigured, NewerVersion, NewswatchError
from wire.service import EXIT_FAILED, EXIT_MISCONFIGURED, VERSION

EXIT_INTERRUPTED = 130
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # what a disk answers that takes no more of our output
# In the order in which `--help` shows them. `app` is a group of commands, anything else one command.
COMMANDS = {
    "up": "programs:up",
    "demo": "demo:demo",
    "run": "programs:run",
    "validate": "watchlists:validate",
    "apply": "watchlists:apply",
    "watchlists": "watchlists:app",
    "alerts": "alerts:app",
    "match": "engines:match",
    "stories": "engines:stories",
    "topics": "topics:topics",
    "dead": "dead:app",
    "doctor": "doctor:doctor",
    "config": "config:app",
}


def build(words: Sequence[str]) -> typer.Typer:
    """The command line; when `words` begin with a command, only with that one.

    A program that `up` starts is thereby spared what the other commands import.
    """
    app = typer.Typer(
        name="newswatch",
        help="Watches news feeds and alerts once per story.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback(invoke_without_command=True)(_root)
    asked = [name for name in COMMANDS if words and words[0] == name]
    for name in asked or COMMANDS:
        module, member = COMMANDS[name].split(":")
        found = getattr(import_module(f"newswatch.commands.{module}"), member)
        if member == "app":
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        print(f"newswatch {VERSION}")
        raise typer.Exit


def _run() -> None:
    try:
        build(sys.argv[1:])(prog_name="newswatch")
    except SystemExit:
        sys.stdout.flush()  # what is still held back fails here, where its failure has words
        raise


def main() -> None:
    """The command `newswatch`. Exit codes: 0 done, 1 it did not work, 2 something is misconfigured."""
    try:
        _run()
    except (Misconfigured, NewerVersion) as error:
        print(f"newswatch: {error}", file=sys.stderr)
        sys.exit(EXIT_MISCONFIGURED)
    except NewswatchError as error:
        print(f"newswatch: {error}", file=sys.stderr)
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has left: `newswatch … | head`
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in FULL:
            raise
        _give_up_writing(error)


def _give_up_writing(error: OSError) -> NoReturn:
    print(f"newswatch: cannot write: {error.strerror}", file=sys.stderr)
    with suppress(OSError):
        sys.stdout.close()  # or Python tries once more at its end, and says so in its own way
    sys.exit(EXIT_FAILED)
