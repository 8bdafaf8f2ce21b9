"""`newswatch up` and `newswatch run`: start everything, or one program."""

from importlib import import_module
from typing import Annotated, Literal

import typer

from wire import logs
from wire import settings as configuration
from wire.errors import Misconfigured, Transient
from wire.settings import Settings

LOOK_SECONDS = 2.0
Program = Literal["poll", "annotate", "cluster", "alert"]
MAINS = {
    "poll": "ingest.__main__:run",
    "annotate": "stream.shell.annotating:run_annotate",
    "cluster": "stream.shell.clustering:run_cluster",
    "alert": "alerts.__main__:run",
}


def run(program: Annotated[Program, typer.Argument(help="Which one.")]) -> None:
    """Start one program, as containers and units do. SIGTERM drains and stops it."""
    settings = configuration.load()
    logs.set_up(settings, program)
    _check_topics(settings)
    module, function = MAINS[program].split(":")
    raise typer.Exit(getattr(import_module(module), function)(settings))


def _check_topics(settings: Settings) -> None:
    """Say at once which topic would refuse our messages. No reason to stand still: most of them fit."""
    from wire.kafka import Admin

    try:
        with Admin(settings, timeout=LOOK_SECONDS) as admin:
            admin.check_limits()
    except Misconfigured as error:
        logs.get().warning("topics are not as we need them", why=str(error))
    except Transient:  # the program itself waits for Kafka, and says so
        return


def up() -> None:
    """Start everything on this machine, Kafka included. Ctrl-C drains and stops."""
    from newswatch.foreground import stay_up

    raise typer.Exit(stay_up(configuration.load()))
