"""How does a terminal, a file or a pipe get an alert?

As text for a person, or as one JSON line for a program that follows. What is written is whole: a line is appended
under a lock and flushed to the disk before it counts as sent; a line that a crash tore is closed before the next one.
"""

import asyncio
import fcntl
import os
import select
import stat
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakValueDictionary

from alerts import render, show
from alerts.notice import Notice
from alerts.outcome import Outcome
from wire.settings import Settings

REQUIRED: tuple[str, ...] = ()
OPTIONAL: tuple[str, ...] = ("path", "format", "color")
SECRETS: tuple[str, ...] = ()
CHOICES = {"format": ("text", "json"), "color": ("auto", "always", "never")}
PATIENCE = 5.0  # seconds for a reader of a full pipe, or for another writer; the alerts behind it wait as long
LOCK_SECONDS = 0.02  # between two looks at another writer's lock

# One thread a target, None being standard output: several channels may share it, and a pipe that nobody reads keeps
# only them waiting. Each lives as long as a channel uses it.
_writers: WeakValueDictionary[Path | None, ThreadPoolExecutor] = WeakValueDictionary()


def check(config: Mapping[str, str]) -> list[str]:
    return [
        f"{key}: unknown {key} {config[key]!r}; known: {', '.join(known)}"
        for key, known in CHOICES.items()
        if key in config and config[key] not in known
    ]


def open_channel(config: Mapping[str, str], settings: Settings) -> "TerminalChannel":
    path = config.get("path", "")
    return TerminalChannel(
        settings.home / path if path else None,
        form=config.get("format", "text"),
        color=config.get("color", "auto"),
    )


class TerminalChannel:
    """Appends to `path` (made when missing; relative to the home folder; a FIFO needs a reader), or to standard output.

    The file is opened for each alert, so that it may be moved away or removed at any time.
    """

    def __init__(self, path: Path | None, *, form: str, color: str) -> None:
        self._path = path
        self._form = form
        self._color = color
        self._writer = _writer(path)

    async def send(self, notice: Notice, *, attempt: int) -> Outcome:  # noqa: ARG002  # each attempt looks the same
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._write, notice)
        except _Torn as error:
            return Outcome(kind="uncertain", reason="other", snippet=f"written in part: {error}"[:300])
        except OSError as error:
            return Outcome(kind="transient", reason="other", snippet=f"cannot write: {error.strerror or error}"[:300])
        return Outcome(kind="sent", reason="ok")

    async def close(self) -> None:
        """Nothing is held open between two alerts."""

    def _write(self, notice: Notice) -> None:
        if self._path is None:
            sys.stdout.flush()
            _write_all(sys.stdout.fileno(), self._shown(notice, sys.stdout.fileno()))
            return
        target = _open(self._path)
        try:
            _append(target, self._shown(notice, target))
        finally:
            os.close(target)

    def _shown(self, notice: Notice, target: int) -> bytes:
        now = datetime.now(UTC)
        if self._form == "json":
            return render.to_bytes(render.line(notice, now)) + b"\n"
        color = self._color == "always" or (self._color == "auto" and os.isatty(target))
        return show.page(notice, now, color=color).encode("utf-8", "replace")


class _Torn(Exception):
    """The reader has a part of it and perhaps all."""


def _writer(path: Path | None) -> ThreadPoolExecutor:
    writer = _writers.get(path)
    if writer is None:
        writer = _writers[path] = ThreadPoolExecutor(1, thread_name_prefix="terminal")
    return writer


def _open(path: Path) -> int:
    # Without O_NONBLOCK, a FIFO without a reader would hold this thread for ever; with O_RDWR, it would swallow alerts.
    is_fifo = path.is_fifo()
    access = os.O_WRONLY if is_fifo else os.O_RDWR
    return os.open(path, access | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o640)


def _append(target: int, shown: bytes) -> None:
    if not stat.S_ISREG(os.fstat(target).st_mode):
        _write_all(target, shown)
        return
    _lock(target)
    size = os.fstat(target).st_size
    is_torn = size > 0 and os.pread(target, 1, size - 1) != b"\n"
    try:
        _write_all(target, b"\n" * is_torn + shown)
    except _Torn as error:
        os.ftruncate(target, size)
        raise OSError(str(error)) from error


def _lock(target: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise TimeoutError("another program holds the file's lock") from error
            time.sleep(LOCK_SECONDS)
        else:
            return


def _write_all(target: int, shown: bytes) -> None:
    rest = memoryview(shown)
    ready = select.poll()
    ready.register(target, select.POLLOUT)
    try:
        while rest:
            if not ready.poll(PATIENCE * 1000):
                raise TimeoutError("nobody reads the pipe")
            # A pipe that is ready takes so much at once; of more, a blocking one would wait for its reader for ever.
            rest = rest[os.write(target, rest[: select.PIPE_BUF]) :]
    except OSError as error:
        if len(rest) == len(shown):
            raise
        raise _Torn(error.strerror or str(error)) from error
    if stat.S_ISREG(os.fstat(target).st_mode):
        os.fsync(target)
