"""Children end with their parent, on both ways that `newswatch.child` has for it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psutil
import pytest

from newswatch import child

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)",
]
PARENT = """
import sys, threading, time
from newswatch import child
if {by_pipe}:
    child._by_kernel = child._by_pipe
pids = []
start = lambda: pids.append(child.spawn({args!r}).pid)
starter = threading.Thread(target=start)
starter.start() if {from_thread} else start()
starter.join() if {from_thread} else None
time.sleep({nap})
print(pids[0], flush=True)
time.sleep(60)
"""
NAP = 0.5  # longer than the launcher needs to become the program


def start_parent(*, by_pipe: bool = False, from_thread: bool = False) -> tuple[subprocess.Popen[str], psutil.Process]:
    """A process that spawned a sleeper and goes on; and the sleeper."""
    code = PARENT.format(by_pipe=by_pipe, from_thread=from_thread, args=SLEEP, nap=NAP)
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    started = psutil.Process(int(parent.stdout.readline()))
    return parent, next(iter(started.children()), started)


def ends(process: psutil.Process, *, within: float = 5.0) -> bool:
    return eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, within)


def eventually(holds: Callable[[], bool], within: float) -> bool:
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("by_pipe", [False, True])
@pytest.mark.parametrize("from_thread", [False, True])
def test_a_child_ends_when_its_parent_is_killed(by_pipe: bool, from_thread: bool) -> None:
    parent, sleeper = start_parent(by_pipe=by_pipe, from_thread=from_thread)
    with parent:
        assert sleeper.is_running()
        parent.kill()
    assert ends(sleeper)


def test_a_child_outlives_the_thread_that_asked_for_it() -> None:
    started: list[subprocess.Popen[bytes]] = []
    thread = threading.Thread(target=lambda: started.append(child.spawn(SLEEP)))
    thread.start()
    thread.join()
    [sleeper] = started
    with pytest.raises(subprocess.TimeoutExpired):
        sleeper.wait(NAP)
    assert child.end(sleeper) == -signal.SIGTERM


def test_a_deaf_child_is_killed_with_all_it_started() -> None:
    family = [sys.executable, "-c", f"import subprocess; subprocess.run({DEAF!r})"]
    parent = child.spawn(family, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        parent.stdout.readline()
    [grandchild] = psutil.Process(parent.pid).children()
    child.kill(parent)
    assert ends(grandchild)


def test_a_child_that_ignores_the_request_is_ended_with_force() -> None:
    deaf = child.spawn(DEAF, stdout=subprocess.PIPE)
    assert deaf.stdout is not None
    with deaf.stdout:
        deaf.stdout.readline()
    assert child.end(deaf, patience=0.1) == -signal.SIGKILL


def test_ctrl_c_reaches_the_parent_alone() -> None:
    sleeper = child.spawn(SLEEP)
    assert os.getpgid(sleeper.pid) != os.getpgid(0)
    child.end(sleeper)


def test_a_program_that_does_not_exist_ends_at_once() -> None:
    absent = child.spawn(["/does/not/exist"], stderr=subprocess.DEVNULL)
    assert absent.wait(5) != 0
