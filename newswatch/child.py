"""How does a child process end with its parent?

A child outlives a `kill -9` of its parent unless it asks otherwise. `spawn` starts every child through this very
file, run as a script, which asks and then gets out of the way:

- On Linux it tells the kernel to send SIGTERM when the parent dies, and becomes the program (exec). The kernel
  means the *thread* that forked: all children are started by one thread, which lives as long as the process.
- Elsewhere it stays beside the program and watches a pipe that only the parent holds open.

Children live in a session of their own: Ctrl-C at the terminal reaches the parent alone, which decides the order.
"""

import ctypes
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1
GRACE = 30.0  # seconds that an orphan has for its own drain; the same as `up` promises for Ctrl-C
Output = int | IO[Any] | None


def spawn(
    args: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    stdout: Output = None,
    stderr: Output = None,
    cwd: Path | None = None,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program that receives SIGTERM when this process dies, however it dies.

    Args:
        keep: open file descriptors that the program inherits, e.g. of a lock that shall live as long as it does.
    """
    ask, asks = _by_kernel() if sys.platform == "linux" else _by_pipe()
    command = [sys.executable, "-I", "-S", __file__, *ask, *args]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=cwd,
            pass_fds=(*keep, *asks),
            start_new_session=True,
        )

    return _starter(os.getpid()).submit(start).result()


def _by_kernel() -> tuple[list[str], list[int]]:
    return ["kernel", str(os.getpid())], []


def _by_pipe() -> tuple[list[str], list[int]]:
    watched = _lifeline(os.getpid())[0]
    return ["pipe", str(watched)], [watched]


@functools.cache
def _starter(_pid: int) -> ThreadPoolExecutor:
    """The one thread that forks; another one in a forked copy of this process, which does not inherit it."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="children")


@functools.cache
def _lifeline(_pid: int) -> tuple[int, int]:
    """A pipe's two ends: watchers read the first and see its end when this process, holding the second, dies."""
    return os.pipe()


def end(process: subprocess.Popen[bytes], *, patience: float = GRACE) -> int:
    """Ask the child to stop, wait, then end it and all that it started. Returns its exit code."""
    process.terminate()
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        return kill(process)


def kill(process: subprocess.Popen[bytes]) -> int:
    """End the child and all that it started, at once. Returns its exit code."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _become(args: list[str], parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:  # else it died before the kernel knew of our wish
        os.execvp(args[0], args)  # noqa: S606 (becoming the program is the point)


def _stand_by(args: list[str], lifeline: int) -> int:
    os.set_inheritable(lifeline, False)
    program = subprocess.Popen(args, close_fds=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: program.send_signal(number))
    threading.Thread(target=_end_with_parent, args=(program, lifeline), daemon=True).start()
    code = program.wait()
    return code if code >= 0 else 128 - code


def _end_with_parent(program: subprocess.Popen[bytes], lifeline: int) -> None:
    os.read(lifeline, 1)  # nobody ever writes: this returns when the parent is gone
    program.terminate()
    time.sleep(GRACE)  # unless it ends, and with it this process
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[1] == "kernel":
        _become(sys.argv[3:], int(sys.argv[2]))
    else:
        sys.exit(_stand_by(sys.argv[3:], int(sys.argv[2])))
