from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from newswatch.newsroom.follow import Arrival, Follower, Line, told
from newswatch.newsroom.key import Page, Told

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def line(key: str, *watchlists: str, kind: str = "first") -> Line:
    return Line(
        key=key,
        kind=kind,
        watchlists=watchlists,
        feed="tidewater",
        link=f"http://127.0.0.1:1/news/{key}?utm_source=feed",
        title="A headline",
        fetched_at=NOW,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "alerts.jsonl"


def append(file: Path, written: bytes) -> None:
    with file.open("ab") as target:
        target.write(written)


def test_file_that_is_not_there_yet_has_no_lines(file: Path) -> None:
    assert list(Follower(file).new_lines()) == []


def test_each_line_is_read_once(file: Path) -> None:
    follower = Follower(file)
    append(file, msgspec.json.encode(line("one")) + b"\n")
    assert [each.key for each in follower.new_lines()] == ["one"]
    append(file, msgspec.json.encode(line("two")) + b"\n")
    assert [each.key for each in follower.new_lines()] == ["two"]
    assert list(follower.new_lines()) == []


def test_half_a_line_waits_for_its_end(file: Path) -> None:
    follower, whole = Follower(file), msgspec.json.encode(line("one")) + b"\n"
    append(file, whole[:20])
    assert list(follower.new_lines()) == []
    append(file, whole[20:])
    assert [each.key for each in follower.new_lines()] == ["one"]


def test_notice_for_several_watchlists_tells_each() -> None:
    arrivals = [Arrival(line=line("one", "Companies", "People"), accepted=NOW)]
    ids = {"Companies": "c", "People": "p"}
    assert told(arrivals, ids) == [Told("c", Page("one")), Told("p", Page("one"))]


def test_update_is_no_first_notification() -> None:
    assert told([Arrival(line=line("one", "Companies", kind="update"), accepted=NOW)], {}) == []
