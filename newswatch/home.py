"""Which folder is ours, and are we alone in it?"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import psutil

from wire.errors import Misconfigured

# Raised when what is kept in the home folder changes so that an older newswatch would misread it.
LAYOUT = 1


@contextmanager
def claimed(home: Path) -> Iterator[Path]:
    """The home folder, made if need be, for this process alone.

    The claim ends with the process, also with `kill -9`: it is a lock of the kernel's, the file only says whose.

    Raises:
        Misconfigured: the folder cannot be used, a newer newswatch wrote it, or another process has claimed it.
    """
    _make(home)
    _check_layout(home / "version")
    with locked(home / "lock") as lock:
        sign(lock, os.getpid())
        yield home


def _make(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "lock").touch()
    except OSError as error:
        raise Misconfigured(
            f"NEWSWATCH_HOME: cannot write in {home}: {error.strerror}. "
            "Set NEWSWATCH_HOME to a folder that this user may write to."
        ) from error


def _check_layout(file: Path) -> None:
    if not file.exists():
        _write_whole(file, f"{LAYOUT}\n")
    written = file.read_text("utf-8").strip()
    if not written.isdecimal():
        raise Misconfigured(f"{file} should hold a number and holds {written[:20]!r}. Restore it, or write {LAYOUT}.")
    if int(written) > LAYOUT:
        raise Misconfigured(
            f"NEWSWATCH_HOME: {file.parent} was written by a newer newswatch (layout {written}, this one knows up to "
            f"{LAYOUT}). Upgrade newswatch, or set NEWSWATCH_HOME to another folder. Nothing was changed."
        )


def _write_whole(file: Path, text: str) -> None:
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(text, "utf-8")
    draft.replace(file)


@contextmanager
def locked(path: Path, *, patience: float = 0.0) -> Iterator[TextIO]:
    """The file, locked. Whoever inherits its descriptor holds the lock, too, for as long as it lives.

    Raises:
        Misconfigured: somebody holds the lock for longer than `patience` seconds; names the process.
    """
    with path.open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + patience
        while not _try_lock(file):
            if time.monotonic() >= deadline:
                raise Misconfigured(_in_use(path, file))
            time.sleep(0.05)
        yield file


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sign(lock: TextIO, pid: int) -> None:
    """Write into a locked file who holds it, so that a second one can name it."""
    lock.seek(0)
    lock.truncate()
    lock.write(f"{pid}\n")
    lock.flush()


def _in_use(path: Path, file: TextIO) -> str:
    file.seek(0)
    pid = file.readline().strip()
    holder = describe(int(pid)) if pid.isdecimal() else "another process"
    return (
        f"{path.parent} is in use by {holder}. Stop that one first, or set NEWSWATCH_HOME to another folder for a "
        "second newswatch."
    )


def describe(pid: int) -> str:
    """A process as a person would look for it: its number and what it runs, where the system tells."""
    try:
        command = " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return f"process {pid}"
    return f"process {pid} ({command[:120]})" if command else f"process {pid}"
