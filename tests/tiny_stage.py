"""What does a stage with the simplest engine do? Run by tests as a process: `articles` are echoed to `annotations`.

The engine does what the message says, so that a test can make it fail in every way.
"""

import os
import re
import sys
import time
from pathlib import Path

from stream.shell.app import Stage
from stream.shell.handling import Decided
from stream.shell.running import exit_code, run_stage
from wire import logs
from wire.errors import Misconfigured, NewerVersion, Rejected
from wire.kafka import Incoming, Record
from wire.service import Service
from wire.settings import Settings, load
from wire.topics import ANNOTATIONS, ARTICLES

PROGRAM = "annotate"


def decide(incoming: Incoming) -> Decided:
    """Do what the message says."""
    value = incoming.value or b""
    word = value.split(b" ")[0]
    if word == b"raise":
        raise ValueError("the engine has a bug")
    if word == b"broken" and "NEWSWATCH_TEST_MENDED" not in os.environ:
        raise ValueError("a bug that the next version does not have")
    if word == b"reject":
        raise Rejected("undecodable", "not a message")
    if word == b"newer":
        raise NewerVersion("upgrade this program first")
    if word == b"misfit":
        raise Misconfigured("mend the settings first")
    if word == b"exit":
        os._exit(7)
    while word == b"loop":
        pass
    if word == b"regex":  # holds the interpreter's lock: no other Python thread runs
        re.match(rb"(a|a)*b", b"a" * 40)
    if word == b"slow":
        time.sleep(float(os.environ.get("NEWSWATCH_TEST_SLOW", "0.02")))
    size = int(value.split(b" ")[1]) if word == b"big" else 0
    return Decided(records=(Record(topic=ANNOTATIONS, key=None, value=value + b"." * size),))


class FailsOnce:
    """A failure outside the engine: a lost connection, or a loop that never ends. Once in an installation's life."""

    def __init__(self, settings: Settings) -> None:
        self._marker: Path = settings.home / "failed"

    def __call__(self, incoming: Incoming) -> None:
        word = (incoming.value or b"").split(b" ")[0]
        if word not in {b"stumble", b"stick"} or self._marker.exists():
            return
        self._marker.touch()
        while word == b"stick":
            pass
        raise OSError("the world failed")


def main() -> int:
    settings = load()
    logs.set_up(settings, PROGRAM)
    stage = Stage(
        program=PROGRAM,
        source=ARTICLES,
        told="echoed",
        decide=decide,
        prepare=FailsOnce(settings),
        session=float(os.environ.get("NEWSWATCH_TEST_SESSION", "10")),
    )
    with Service(PROGRAM, settings) as service:
        return exit_code(service, lambda: _run(settings, stage, service))


def _run(settings: Settings, stage: Stage, service: Service) -> None:
    run_stage(settings, stage, service)


if __name__ == "__main__":
    sys.exit(main())
