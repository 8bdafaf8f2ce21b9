"""How does the story window outlive its process?"""

import os
from pathlib import Path

import pytest

from stream.shell.snapshots import KEPT, SUFFIX, Snapshots
from tests.stream_rig import wait_for

LOG = "cluster-id/annotations"


def settled(snapshots: Snapshots, committed: int) -> int | None:
    found: list[int | None] = []

    def look() -> bool:
        found.append(snapshots.settle(committed))
        return found[-1] is not None

    return found[-1] if wait_for(look, timeout=10, every=0.01) else None


def test_what_was_saved_is_read_newest_first(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, LOG)
    for offset in (5, 900, 70):
        snapshots.save(offset, b"window at %d\nand more" % offset)
    assert list(Snapshots(tmp_path, LOG).newest_first()) == [
        (900, b"window at 900\nand more"),
        (70, b"window at 70\nand more"),
        (5, b"window at 5\nand more"),
    ]


def test_three_are_kept(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, LOG)
    for offset in range(KEPT + 2):
        snapshots.save(offset, b"")
    assert [offset for offset, _ in snapshots.newest_first()] == [4, 3, 2]


def test_a_damaged_snapshot_is_set_aside_for_the_one_before(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, LOG)
    snapshots.save(1, b"old")
    snapshots.save(2, b"new")
    (newest,) = tmp_path.glob(f"*2{SUFFIX}")
    newest.write_bytes(newest.read_bytes()[:-1])
    assert list(snapshots.newest_first()) == [(1, b"old")]
    assert [path.suffix for path in tmp_path.iterdir() if "2" in path.stem] == [".bad"]


@pytest.mark.parametrize("content", [b"", b"not json\nbody", b'{"format":2,"log":"l","offset":7,"sha256":""}\n'])
def test_what_is_no_snapshot_is_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"7{SUFFIX}").write_bytes(content)
    assert list(Snapshots(tmp_path, LOG).newest_first()) == []


def test_a_snapshot_of_another_log_is_not_read(tmp_path: Path) -> None:
    Snapshots(tmp_path, "another/annotations").save(3, b"")
    assert list(Snapshots(tmp_path, LOG).newest_first()) == []


def test_a_background_snapshot_is_kept_only_once_its_offset_is_committed(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, LOG)
    snapshots.begin(10, lambda: b"window")
    assert wait_for(lambda: any(path.stat().st_size > 90 for path in tmp_path.glob("*.tmp")), timeout=10)
    assert snapshots.settle(9) is None
    assert list(snapshots.newest_first()) == []
    assert settled(snapshots, 10) == 10
    assert list(snapshots.newest_first()) == [(10, b"window")]


def test_a_background_snapshot_sees_the_window_as_it_was(tmp_path: Path) -> None:
    window = [b"before"]
    snapshots = Snapshots(tmp_path, LOG)
    snapshots.begin(1, lambda: window[0])
    window[0] = b"after"
    assert settled(snapshots, 1) == 1
    assert list(snapshots.newest_first()) == [(1, b"before")]


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, LOG)
    snapshots.begin(1, lambda: os._exit(3))
    assert not wait_for(lambda: snapshots.settle(1) is not None, timeout=1, every=0.01)
    snapshots.begin(2, lambda: b"next")
    assert settled(snapshots, 2) == 2
    assert [offset for offset, _ in snapshots.newest_first()] == [2]


def test_an_abandoned_copy_leaves_nothing(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, LOG)
    snapshots.begin(1, lambda: b"window")
    snapshots.abandon()
    assert list(tmp_path.iterdir()) == []


def test_left_over_files_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    (tmp_path / "00000000000000000001.tmp").touch()
    Snapshots(tmp_path, LOG)
    assert list(tmp_path.iterdir()) == []
