"""How is a hostile document read without stopping the rest?

One child process parses, one document at a time; the kernel ends it after `CPU_SECONDS` of work on one document, the
parent after `WALL_SECONDS`. It is started again for the next document, and ends when its parent does: its standard
input closes then. Frames are four bytes of length and JSON or the raw body.
"""

import asyncio
import contextlib
import resource
import signal
import struct
import sys
from asyncio.subprocess import PIPE, Process
from typing import BinaryIO

import msgspec

from ingest.parse import Document, articles_in
from wire.errors import NewswatchError

CPU_SECONDS = 5.0  # the slowest of 200 real documents takes 1.4 s, hostile ones have no end
WALL_SECONDS = 30.0  # only ever met by a child that waits for its turn on a machine out of breath
MEMORY_BYTES = 1024**3
_LENGTH = struct.Struct(">I")


class Unreadable(NewswatchError):
    """The document could not be parsed within its limits."""


class Request(msgspec.Struct, frozen=True):
    """What the child must know beside the body."""

    url: str
    content_type: str


class Answer(msgspec.Struct, frozen=True):
    """What the child found, or what went wrong while it looked."""

    document: Document | None = None
    trouble: str = ""


class Parser:
    """The parent's side. Documents wait for each other: parsing is one core's work."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._busy = False
        self._turn = asyncio.Lock()
        self._decoder = msgspec.json.Decoder(Answer)

    async def articles_in(self, body: bytes, *, url: str, content_type: str) -> Document:
        """As `ingest.parse.articles_in`, in the child.

        Raises:
            Unreadable: the child was ended by its limits, or the parser failed.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(WALL_SECONDS):
                    frame = await self._ask(msgspec.json.encode(Request(url, content_type)), body)
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
                raise Unreadable("the document took more than its share of time or memory") from error
            finally:
                if self._busy:  # an answer that was not read would be taken for the next document's
                    await self.close()
        answer = self._decoder.decode(frame)
        if answer.document is None:
            raise Unreadable(f"the parser failed: {answer.trouble}")
        return answer.document

    async def close(self) -> None:
        """End the child."""
        process, self._process, self._busy = self._process, None, False
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _ask(self, *frames: bytes) -> bytes:
        process = await self._child()
        self._busy = True
        assert process.stdin is not None  # noqa: S101  # both are pipes
        assert process.stdout is not None  # noqa: S101
        for frame in frames:
            process.stdin.write(_LENGTH.pack(len(frame)) + frame)
        await process.stdin.drain()
        (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
        answer = await process.stdout.readexactly(length)
        self._busy = False
        return answer

    async def _child(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "ingest.worker"),
                stdin=PIPE,
                stdout=PIPE,
                start_new_session=True,  # a terminal's Ctrl-C is the poller's: it drains, then closes our input
            )
        return self._process


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """The child's side: answer until there are no more requests."""
    while (head := _read(requests)) is not None:
        request = msgspec.json.decode(head, type=Request)
        body = _read(requests) or b""
        _limit_cpu(CPU_SECONDS)
        frame = msgspec.json.encode(_answer(request, body))
        _limit_cpu(0)
        answers.write(_LENGTH.pack(len(frame)) + frame)
        answers.flush()


def _answer(request: Request, body: bytes) -> Answer:
    try:
        return Answer(document=articles_in(body, url=request.url, content_type=request.content_type))
    except Exception as error:  # noqa: BLE001  # whatever a document provokes in the parser is said about that document
        return Answer(trouble=f"{type(error).__name__}: {error}"[:300])


def _read(requests: BinaryIO) -> bytes | None:
    head = requests.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return requests.read(_LENGTH.unpack(head)[0])


def _limit_cpu(seconds: float) -> None:
    """SIGPROF ends the process; nothing in Python needs to run for that."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def main() -> None:
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
