"""Which dead letters were sent back already?

A file in the home folder, one line a letter. It is a help for people and not a book of record: a letter that it
misses is sent once more, which changes nothing downstream.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from wire.errors import NewswatchError

NAME = "replayed.jsonl"


def read(home: Path) -> dict[str, str]:
    """When each letter that was ever sent back was so last, by its mark."""
    try:
        lines = (home / NAME).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise NewswatchError(f"{home / NAME}: cannot be read: {error}. Move it away to start anew.") from error
    found: dict[str, str] = {}
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):  # a line that a crash cut off
            row = json.loads(line)
            found[str(row["letter"])] = str(row["at"])
    return found


def add(home: Path, marks: Iterable[str]) -> None:
    """Note that these were sent back just now."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    lines = "".join(json.dumps({"letter": mark, "at": at}) + "\n" for mark in marks)
    if not lines:
        return
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / NAME).open("a", encoding="utf-8") as file:
            file.write(lines)
    except OSError as error:
        raise NewswatchError(f"sent, but {home / NAME} cannot be written: {error.strerror}") from error
