"""Which message ended this process last time?

An engine that crashes or loops for ever on one message would be given the same message after every restart. So a
small file says what is being worked on. It costs some 5 microseconds a write, survives a killed process (not a power
cut, which is nobody's message), and makes the second stop at the same message the last:

1. A batch is noted before it is worked on. A stop leaves its messages *suspected*.
2. After the restart suspected messages go one by one, each noted before. A stop there leaves one message *blamed*.
3. A blamed message is never worked on again: it is dead-lettered unread.
"""

import contextlib
import faulthandler
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self, TextIO

import msgspec

from wire.messages import DeadReason

Place = tuple[int, int]  # partition, offset
NOTE_BYTES = 4096  # one page, written at once
STACKS_SHOWN = 4000


class Blame(msgspec.Struct, frozen=True):
    """A message that ended the process while it was the only one being worked on."""

    partition: int
    offset: int
    reason: DeadReason
    detail: str


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says. `working` and `suspects` are `partition → (first, last)`, all of them places in `log`."""

    log: str = ""
    working: dict[int, tuple[int, int]] = {}
    alone: bool = False
    suspects: dict[int, tuple[int, int]] = {}
    blamed: tuple[Blame, ...] = ()


class CrashNotes:
    """The note of one process. `path` is its own: no two processes share one."""

    def __init__(self, path: Path, *, patience: float, log: str) -> None:
        """Read what the last process left.

        Args:
            path: where the note is kept; `<path>.stacks` beside it receives the stacks of a process that hangs.
            log: the identity of the log that is worked on. What is noted of another says nothing about its messages.
            patience: seconds that one message may take before the process is ended as hung.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        stacks = path.with_suffix(".stacks")
        self._patience = patience
        self._alarm_set = 0.0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        found = _read(self._file)
        told = stacks.read_text("utf-8", "replace") if stacks.exists() else ""
        self._note = conclude(found, told) if found.log == log else Note(log=log)
        self._stacks: TextIO = stacks.open("w", encoding="utf-8")
        self._write()

    @property
    def suspects(self) -> int:
        """How many messages go one by one because the last process stopped near them."""
        return sum(last - first + 1 for first, last in self._note.suspects.values())

    def blame(self, partition: int, offset: int) -> Blame | None:
        """Whether this message must not be worked on again, and why."""
        return next((b for b in self._note.blamed if (b.partition, b.offset) == (partition, offset)), None)

    def suspected(self, partition: int, offset: int) -> bool:
        """Whether this message must be worked on alone."""
        first, last = self._note.suspects.get(partition, (0, -1))
        return first <= offset <= last

    @contextlib.contextmanager
    def working(self, places: Sequence[Place]) -> Iterator[None]:
        """Note these messages while they are worked on, and end the process when one of them takes too long.

        Publishing what they gave rise to is not part of it.
        """
        self._note = msgspec.structs.replace(self._note, working=_ranges(places), alone=len(places) == 1)
        self._write()
        self._set_alarm()
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            self._note = msgspec.structs.replace(self._note, working={}, alone=False)
            self._write()

    def begin(self) -> None:
        """The next message of the batch: it has a time of its own, of which it may lose a quarter."""
        if time.monotonic() - self._alarm_set > self._patience / 4:
            self._set_alarm()

    def _set_alarm(self) -> None:
        """The limit is kept by C code that needs neither the interpreter nor its lock.

        It also ends a regular expression that never returns. Setting it anew for every message would cost a thread
        each: 30 microseconds, on a busy machine ten times that.
        """
        self._alarm_set = time.monotonic()
        faulthandler.dump_traceback_later(self._patience, exit=True, file=self._stacks)

    def hung(self) -> None:
        """The watchdog is about to end this process: tell the next one that it hung. Callable from any thread."""
        faulthandler.dump_traceback(file=self._stacks, all_threads=True)

    def settled(self, partition: int, offset: int) -> None:
        """Everything below `offset` is committed: no suspicion there matters any more."""
        first, last = self._note.suspects.get(partition, (0, -1))
        blamed = tuple(b for b in self._note.blamed if b.partition != partition or b.offset >= offset)
        if last < 0 and len(blamed) == len(self._note.blamed):
            return
        suspects = {**self._note.suspects, partition: (max(first, offset), last)}
        kept = {number: span for number, span in suspects.items() if span[0] <= span[1]}
        self._note = msgspec.structs.replace(self._note, suspects=kept, blamed=blamed)
        self._write()

    def close(self) -> None:
        """A clean stop."""
        os.close(self._file)
        self._stacks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self) -> None:
        line = msgspec.json.encode(self._note) + b"\n"
        os.pwrite(self._file, line.ljust(NOTE_BYTES), 0)


def conclude(note: Note, stacks: str) -> Note:
    """What the last note means for this process. `stacks` is what a hanging process wrote before it was ended."""
    if not note.working:
        return msgspec.structs.replace(note, alone=False)
    if not note.alone or not _covered(note):
        return Note(log=note.log, suspects=note.suspects | note.working, blamed=note.blamed)
    ((partition, (offset, _)),) = note.working.items()
    reason: DeadReason = "hung" if stacks.strip() else "crashed"
    detail = stacks[-STACKS_SHOWN:] if stacks.strip() else "the process ended while it worked on this message alone"
    return Note(log=note.log, suspects=note.suspects, blamed=(*note.blamed, Blame(partition, offset, reason, detail)))


def _covered(note: Note) -> bool:
    """Whether the message worked on was already suspected: then this was the second stop."""
    return all(
        note.suspects.get(partition, (0, -1))[0] <= offset <= note.suspects.get(partition, (0, -1))[1]
        for partition, (offset, _) in note.working.items()
    )


def _ranges(places: Sequence[Place]) -> dict[int, tuple[int, int]]:
    ranges: dict[int, tuple[int, int]] = {}
    for partition, offset in places:
        first, last = ranges.get(partition, (offset, offset))
        ranges[partition] = (min(first, offset), max(last, offset))
    return ranges


def _read(file: int) -> Note:
    """The note; an empty one when there is none or it is unreadable, which costs a message one stop more."""
    line = os.pread(file, os.fstat(file).st_size, 0).partition(b"\n")[0]
    try:
        return msgspec.json.decode(line, type=Note)
    except msgspec.MsgspecError:
        return Note()
