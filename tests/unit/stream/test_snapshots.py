"""How does the story window outlive its process?"""

import os
import signal
import socket
import sys
import time
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


def test_a_snapshot_of_a_window_under_other_limits_is_not_read(tmp_path: Path) -> None:
    Snapshots(tmp_path, LOG, "1000000 articles").save(3, b"too large for this machine")
    assert list(Snapshots(tmp_path, LOG, "1000 articles").newest_first()) == []
    Snapshots(tmp_path, LOG, "1000 articles").save(4, b"")
    assert list(Snapshots(tmp_path, LOG, "1000 articles").newest_first()) == [(4, b"")]


def test_a_background_copy_does_not_hold_the_port_of_its_parent(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, LOG)
    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()
    snapshots.begin(1, slow_dump)
    listening.close()

    def is_free() -> bool:
        try:
            socket.create_server(address).close()
        except OSError:
            return False
        return True

    try:
        assert wait_for(is_free, timeout=10, every=0.05)
    finally:
        snapshots.abandon()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_background_copy_ends_with_its_parent(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    parent = os.fork()
    if parent == 0:
        snapshots = Snapshots(tmp_path, LOG)
        snapshots.begin(1, slow_dump)
        assert snapshots._pending is not None
        os.write(write_end, str(snapshots._pending.child).encode())
        time.sleep(60)
        os._exit(0)
    child = int(os.read(read_end, 20))
    assert wait_for(lambda: any(tmp_path.glob("*.tmp")), timeout=10)  # which it opens after its wish is told
    assert is_running(child)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert wait_for(lambda: not is_running(child), timeout=10, every=0.05)


def slow_dump() -> bytes:
    time.sleep(60)
    return b""


def is_running(process: int) -> bool:
    """Whether it still does something: one that has ended may wait to be collected by whoever inherited it."""
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


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
