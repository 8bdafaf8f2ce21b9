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
    """The document could not be parsed within its limits, or is no feed."""


class Request(msgspec.Struct, frozen=True):
    """What the child must know beside the body."""

    url: str
    content_type: str


class Parser:
    """The parent's side. Documents wait for each other: parsing is one core's work."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._decoder = msgspec.json.Decoder(Document)

    async def articles_in(self, body: bytes, *, url: str, content_type: str) -> Document:
        """As `ingest.parse.articles_in`, in the child.

        Raises:
            Unreadable: the child was ended by its limits.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(WALL_SECONDS):
                    answer = await self._ask(msgspec.json.encode(Request(url, content_type)), body)
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
                raise Unreadable("the document took more than its share of time or memory") from error
            finally:
                # An answer that was not read would be taken for the next document's.
                if self._process is not None and self._busy:
                    await self.close()
        return self._decoder.decode(answer)

    async def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
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
                sys.executable, "-m", "ingest.worker", stdin=PIPE, stdout=PIPE
            )
        return self._process

    _busy = False


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """The child's side: answer until there are no more requests."""
    while (head := _read(requests)) is not None:
        request = msgspec.json.decode(head, type=Request)
        body = _read(requests) or b""
        _limit_cpu(CPU_SECONDS)
        document = articles_in(body, url=request.url, content_type=request.content_type)
        _limit_cpu(0)
        answer = msgspec.json.encode(document)
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _read(requests: BinaryIO) -> bytes | None:
    head = requests.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return requests.read(_LENGTH.unpack(head)[0])


def _limit_cpu(seconds: float) -> None:
    """SIGPROF ends the process; nothing in Python needs to run for that."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def main() -> None:
    # A terminal's Ctrl-C reaches the whole group: the poller drains first, and closes our input when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
