"""How does the story window outlive its process?

A snapshot is a file: one line that says of which log, up to which offset and with which hash, then the window's own
bytes. It is renamed into place only once its offset is committed, so that it never knows more than the group does.
"""

import contextlib
import ctypes
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from wire.logs import get

FORMAT = 1
KEPT = 3
SUFFIX = ".window"
LAST_STANDARD = 2  # of the three file numbers that every process has
PR_SET_PDEATHSIG = 1
WRITE_PATIENCE = 120.0  # seconds that a background copy may take; a million articles take a few


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a snapshot.

    `log` names the Kafka and the topic that `offset` counts in, `limits` how much the window was allowed to hold.
    """

    format: int = FORMAT
    log: str
    limits: str = ""
    offset: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A snapshot that a child process is writing, or has written."""

    offset: int
    path: Path
    child: int
    started: float


class Snapshots:
    """The snapshot files of one process.

    Args:
        folder: where they are; no other process's are there.
        log: the identity of the log that they belong to.
        limits: of the window that they are for. One made under others is not read: who lowers them, for want of
            memory, must not be given the old window again.
    """

    def __init__(self, folder: Path, log: str, limits: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._log = log
        self._limits = limits
        self._pending: Pending | None = None
        for left_over in folder.glob("*.tmp"):
            left_over.unlink()

    def newest_first(self) -> Iterator[tuple[int, bytes]]:
        """Offset and bytes of each good snapshot; a bad one is set aside and said."""
        for path in reversed(self._files()):
            found = self._read(path)
            if found is not None:
                yield found

    def set_aside(self, offset: int, why: str) -> None:
        """This snapshot is of no use: keep it for a look, never read it again."""
        _set_aside(self._path(offset), why)

    def save(self, offset: int, body: bytes) -> None:
        """Write and keep a snapshot whose offset is committed."""
        temporary = self._temporary(offset)
        with temporary.open("wb") as file:
            self._write(file, offset, body)
        self._keep(temporary, offset)

    def begin(self, offset: int, dump: Callable[[], bytes]) -> None:
        """Start to write a snapshot in a copy of this process, which sees the window as it is now.

        The kernel copies pages only when one side changes them, so that decisions pause for the fork alone.
        """
        if self._pending is not None:
            return
        path = self._temporary(offset)
        libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # here: the child shall load nothing
        started = time.monotonic()
        child = os.fork()
        if child == 0:
            self._write_and_exit(path, offset, dump, libc)
        self._pending = Pending(offset, path, child, started)

    def settle(self, committed: int) -> int | None:
        """Keep the snapshot under way, once it is written and its offset is committed. Returns its offset then."""
        pending = self._pending
        if pending is None or committed < pending.offset:
            return None
        child, status = os.waitpid(pending.child, os.WNOHANG)
        if child == 0:
            if time.monotonic() - pending.started > WRITE_PATIENCE:
                os.kill(pending.child, signal.SIGKILL)
            return None
        self._pending = None
        if os.waitstatus_to_exitcode(status) != 0:
            get().error("snapshot not written", offset=pending.offset)
            pending.path.unlink(missing_ok=True)
            return None
        self._keep(pending.path, pending.offset)
        return pending.offset

    def abandon(self) -> None:
        """Give up the snapshot under way: the process is about to end."""
        pending, self._pending = self._pending, None
        if pending is not None:
            os.kill(pending.child, signal.SIGKILL)
            os.waitpid(pending.child, 0)
            pending.path.unlink(missing_ok=True)

    def _write_and_exit(self, path: Path, offset: int, dump: Callable[[], bytes], libc: ctypes.CDLL | None) -> None:
        """In the child: nothing of the parent's may run, neither handlers nor clean-up."""
        code = 1
        try:
            if libc is not None:
                libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            with path.open("wb") as file:  # first: a number that is free again may be closed by whoever had it
                _let_go_of_all_but(file.fileno())
                self._write(file, offset, dump())
            code = 0
        finally:
            os._exit(code)

    def _write(self, file: BinaryIO, offset: int, body: bytes) -> None:
        digest = hashlib.sha256(body).hexdigest()
        header = Header(log=self._log, limits=self._limits, offset=offset, sha256=digest)
        file.write(msgspec.json.encode(header) + b"\n")
        file.write(body)
        file.flush()
        os.fsync(file.fileno())

    def _keep(self, temporary: Path, offset: int) -> None:
        temporary.rename(self._path(offset))
        for old in self._files()[:-KEPT]:
            old.unlink()

    def _read(self, path: Path) -> tuple[int, bytes] | None:
        line, _, body = path.read_bytes().partition(b"\n")
        try:
            header = msgspec.json.decode(line, type=Header)
            problem = self._problem(header, body)
        except msgspec.MsgspecError as error:
            problem = f"its first line is unreadable: {error}"
        if problem:
            _set_aside(path, problem)
            return None
        return header.offset, body

    def _problem(self, header: Header, body: bytes) -> str:
        if header.format != FORMAT:
            return f"it has format {header.format}; this program reads {FORMAT}"
        if header.log != self._log:
            return f"it belongs to the log {header.log}, not to {self._log}"
        if header.limits != self._limits:
            return f"it was made under other limits ({header.limits}, now {self._limits}): the log is read instead"
        if hashlib.sha256(body).hexdigest() != header.sha256:
            return "its bytes do not have the hash that its first line tells"
        return ""

    def _files(self) -> list[Path]:
        return sorted(path for path in self._folder.glob(f"*{SUFFIX}") if path.stem.isdigit())

    def _path(self, offset: int) -> Path:
        return self._folder / f"{offset:020d}{SUFFIX}"

    def _temporary(self, offset: int) -> Path:
        return self._folder / f"{offset:020d}.tmp"


def _let_go_of_all_but(kept: int) -> None:
    """The parent's sockets: a copy that outlives it must not hold its port, nor its connections."""
    for path in list(Path("/dev/fd").iterdir()):
        if (number := int(path.name)) > LAST_STANDARD and number != kept:
            with contextlib.suppress(OSError):  # the one that listed them
                os.close(number)


def _set_aside(path: Path, why: str) -> None:
    get().error("snapshot set aside", file=path.name, error=why)
    path.rename(path.with_suffix(".bad"))
