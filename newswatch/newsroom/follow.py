"""Which alerts have reached the terminal, and how long did each take?

The demo's channel appends one JSON line an alert to a file; here that file is followed.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from newswatch.newsroom.key import Told, page_of


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo needs of an alert's line (`alerts.render.line`)."""

    key: str
    kind: str
    watchlists: tuple[str, ...]
    feed: str
    link: str
    title: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An alert, and when it was there to be read."""

    line: Line
    accepted: datetime


class Follower:
    """Reads what is appended to a file. A line counts once it has its end; the file may not be there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def new_lines(self) -> Iterator[Line]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                yield msgspec.json.decode(line, type=Line)


def told(arrivals: Iterable[Arrival], ids: dict[str, str]) -> list[Told]:
    """First notifications, one a watchlist. `ids` leads from the watchlists' names to their ids."""
    return [
        Told(ids.get(name, name), page_of(arrival.line.link))
        for arrival in arrivals
        if arrival.line.kind == "first"
        for name in arrival.line.watchlists
    ]


def percentile(values: Iterable[float], share: float) -> float:
    """The least value that `share` of the values do not exceed; nan without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
