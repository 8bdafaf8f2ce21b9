"""How a process really ends: asked to, and when it hangs."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wire.service import EXIT_STALLED

START = """
import re, sys, threading, time
from pathlib import Path
from wire import logs
from wire.service import Service
from wire.settings import Settings
settings = Settings(stall_seconds=float(sys.argv[1]), log_format="json")
note = Path(sys.argv[2])
logs.set_up(settings, "test")
with Service("test", settings) as service:
    print(service.port, flush=True)
"""


def started(body: str, tmp_path: Path, *, stall: float = 30.0) -> subprocess.Popen[str]:
    """A process that runs `body` inside its service."""
    indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return subprocess.Popen(
        [sys.executable, "-c", START + indented, str(stall), str(tmp_path / "note")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_for_a_drain_and_wakes_who_sleeps(tmp_path: Path, number: signal.Signals) -> None:
    body = """
woken = threading.Event()
service.when_stopping(woken.set)
assert woken.wait(20) and service.stopping.is_set()
print("drained", flush=True)
"""
    process = started(body, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    told, log = process.communicate(timeout=20)
    assert (process.returncode, told) == (0, "drained\n"), log
    assert '"event": "started"' in log
    assert '"event": "stopped"' in log


def test_a_stalled_process_ends_with_its_stacks_and_its_note(tmp_path: Path) -> None:
    body = """
service.watch(lambda: True, lambda: note.write_text("offset 7"))
def hang_on_article(): time.sleep(60)
hang_on_article()
"""
    begun = time.monotonic()
    process = started(body, tmp_path, stall=0.4)
    _, log = process.communicate(timeout=50)
    assert process.returncode == EXIT_STALLED == 75
    assert time.monotonic() - begun < 40
    assert (tmp_path / "note").read_text() == "offset 7"
    assert '"event": "stalled"' in log
    assert "in hang_on_article" in log


def test_a_note_that_hangs_or_fails_does_not_keep_the_process(tmp_path: Path) -> None:
    process = started("service.watch(lambda: True, lambda: time.sleep(60)); time.sleep(60)", tmp_path, stall=0.2)
    _, log = process.communicate(timeout=20)
    assert process.returncode == EXIT_STALLED, log
    process = started("service.watch(lambda: True, lambda: 1 / 0); time.sleep(60)", tmp_path, stall=0.2)
    _, log = process.communicate(timeout=20)
    assert process.returncode == EXIT_STALLED, log


def test_a_process_whose_stderr_nobody_reads_ends_too(tmp_path: Path) -> None:
    body = "service.watch(lambda: True)\nwhile True: sys.stderr.write('x' * 65536)"
    process = started(body, tmp_path, stall=0.4)
    assert process.wait(timeout=20) == EXIT_STALLED
    process.communicate()


def test_code_that_holds_the_interpreter_is_ended_with_its_stacks(tmp_path: Path) -> None:
    """A regular expression that backtracks for ever lets no other thread run, the watchdog's neither."""
    body = """
service.watch(lambda: True)
re.match(r"(a+)+$", "a" * 64 + "b")
"""
    process = started(body, tmp_path, stall=0.4)
    _, log = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "re/__init__.py" in log or "re.py" in log


def test_progress_keeps_a_busy_process_alive(tmp_path: Path) -> None:
    body = """
service.watch(lambda: True)
for _ in range(80):
    time.sleep(0.1)
    service.progress()
"""
    process = started(body, tmp_path, stall=4)
    _, log = process.communicate(timeout=40)
    assert process.returncode == 0, log


def test_a_slow_answer_whether_there_is_work_ends_nobody(tmp_path: Path) -> None:
    """Kafka may take its time. The timer behind the watchdog (8 s here) is for code that lets no thread run."""
    body = """
service.watch(lambda: time.sleep(5) or True)
for _ in range(95):
    time.sleep(0.1)
    service.progress()
"""
    process = started(body, tmp_path, stall=3)
    _, log = process.communicate(timeout=40)
    assert process.returncode == 0, log


def test_work_after_a_long_rest_has_its_whole_time(tmp_path: Path) -> None:
    body = """
busy = threading.Event()
service.watch(busy.is_set)
time.sleep(5.5)
busy.set()
time.sleep(1.2)
busy.clear()
time.sleep(1)
"""
    process = started(body, tmp_path, stall=4)
    _, log = process.communicate(timeout=40)
    assert process.returncode == 0, log


def test_who_cannot_say_whether_there_is_work_must_show_progress(tmp_path: Path) -> None:
    process = started("service.watch(lambda: 1 / 0)\ntime.sleep(60)", tmp_path, stall=0.2)
    _, log = process.communicate(timeout=20)
    assert process.returncode == EXIT_STALLED, log
