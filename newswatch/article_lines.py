"""Which articles does a file of JSON lines hold, and which of its lines are none?"""

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from wire.errors import Misconfigured

STDIN = "-"
LINE_LIMIT = 16 * 1024**2  # bytes: far above any article, far below any memory


class ArticleLine(msgspec.Struct, frozen=True, kw_only=True):
    """One article as people write it to a file; further keys are ignored."""

    id: str
    title: str = ""
    text: str = ""
    lang: str | None = None
    published: str | None = None
    source: str = ""

    @property
    def time(self) -> datetime | None:
        """When it was published, in UTC; a time without a zone is taken as UTC.

        Raises:
            ValueError: not an ISO 8601 time.
        """
        if not self.published:
            return None
        told = datetime.fromisoformat(self.published)
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


@dataclass
class ArticleLines:
    """The articles of one file, in order. Lines that are none go to `complain` and are counted in `bad`."""

    path: str
    console: Console = field(default_factory=lambda: Console(stderr=True))
    bad: int = 0

    @property
    def name(self) -> str:
        return "standard input" if self.path == STDIN else self.path

    def __iter__(self) -> Iterator[ArticleLine]:
        with _opened(self.path) as (lines, raw), self._progress() as progress:
            task = progress.add_task("", total=_size_of(self.path))
            number = 0
            for number, line in enumerate(lines, 1):
                article = self._read(line, number)
                if article is not None:
                    yield article
                progress.update(task, completed=raw.tell() if raw else 0, description=f"{number:,} lines")
            progress.update(task, description=f"{number:,} lines, {self.bad:,} not read" if self.bad else None)

    def _read(self, line: bytes, number: int) -> ArticleLine | None:
        if not line.strip():
            return None
        try:
            return _decoded(line)
        except (msgspec.MsgspecError, ValueError) as error:
            self.bad += 1
            complaint = f"{self.name}:{number}: not an article: {error}"
            self.console.print(complaint, style="red", markup=False, highlight=False, soft_wrap=True)
            return None

    def _progress(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )


_decoder = msgspec.json.Decoder(ArticleLine)


def _decoded(line: bytes) -> ArticleLine:
    if len(line) > LINE_LIMIT:
        raise ValueError(f"longer than {LINE_LIMIT // 1024**2} MB")
    article = _decoder.decode(line)
    _ = article.time  # one that is none is a mistake of this line
    return article


@contextmanager
def _opened(path: str) -> Iterator[tuple[Iterator[bytes], IO[bytes] | None]]:
    """The file's lines, and the file as it lies on disk, whose position tells how far we are."""
    if path == STDIN:
        yield _lines(sys.stdin.buffer), None
        return
    try:
        raw = Path(path).open("rb")  # noqa: SIM115  # closed below; only opening it may fail as a wrong path
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from error
    with raw:
        yield _unpacked(raw, path) if path.endswith(".gz") else _lines(raw), raw


def _lines(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    """Each line, at most one byte more than the limit of it: what is longer is told from what just fits."""
    while line := file.readline(LINE_LIMIT + 1):
        yield line
        if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
            _skip_line(file)


def _skip_line(file: IO[bytes] | gzip.GzipFile) -> None:
    while (rest := file.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
        pass


def _unpacked(raw: IO[bytes], path: str) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=raw) as lines:
            yield from _lines(lines)
    except (OSError, EOFError, zlib.error) as error:
        raise Misconfigured(f"{path}: ends in .gz and is not a whole gzip file: {error}") from error


def _size_of(path: str) -> int | None:
    return None if path == STDIN else Path(path).stat().st_size
