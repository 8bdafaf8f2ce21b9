"""A file, a pipe and standard output get whole alerts, or the channel says that they did not."""

import asyncio
import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alerts.channels import check_config, open_channel, terminal
from alerts.outcome import Outcome
from tests.notices import HEADLINE, notice
from wire.settings import Settings


def sent(folder: Path, times: int = 1, **config: str) -> list[Outcome]:
    async def run() -> list[Outcome]:
        channel = open_channel("terminal", config, Settings(home=folder))
        return [await channel.send(notice(), attempt=1) for _ in range(times)]

    return asyncio.run(run())


def test_a_file_gets_text_for_people(tmp_path: Path) -> None:
    sent(tmp_path, path="alerts.txt")
    page = (tmp_path / "alerts.txt").read_text()
    assert page.startswith(f"{HEADLINE}\n  Orvanne Energy in the headline\n")
    assert "\x1b" not in page


def test_color_comes_when_asked_for(tmp_path: Path) -> None:
    sent(tmp_path, path="alerts.txt", color="always")
    assert "\x1b[1;30;43mOrvanne Energy" in (tmp_path / "alerts.txt").read_text()


def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    sent(tmp_path, path="alerts.jsonl", format="json")
    (tmp_path / "alerts.jsonl").rename(tmp_path / "old")
    sent(tmp_path, path="alerts.jsonl", format="json")
    assert len((tmp_path / "alerts.jsonl").read_text().splitlines()) == 1


def test_a_line_torn_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "alerts.jsonl"
    file.write_text('{"key":"to')
    sent(tmp_path, path="alerts.jsonl", format="json")
    torn, whole = file.read_text().splitlines()
    assert torn == '{"key":"to'
    assert json.loads(whole)["title"] == HEADLINE


def test_several_processes_append_whole_lines_to_one_file(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys, pathlib\n"
        "from alerts.channels import open_channel\n"
        "from tests.notices import notice\n"
        "from wire.settings import Settings\n"
        "settings = Settings(home=pathlib.Path(sys.argv[1]))\n"
        "channel = open_channel('terminal', {'path': 'alerts', 'format': 'json'}, settings)\n"
        "for n in range(50): asyncio.run(channel.send(notice(key=f'{sys.argv[2]}-{n}'), attempt=1))\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(n)]) for n in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    keys = {json.loads(line)["key"] for line in (tmp_path / "alerts").read_text().splitlines()}
    assert keys == {f"{process}-{n}" for process in range(3) for n in range(50)}


def test_a_pipe_without_reader_is_transient_and_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (outcome,) = sent(tmp_path, path="pipe")
    assert outcome.kind == "transient"


def test_a_pipes_reader_gets_the_alerts(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    outcomes = sent(tmp_path, times=2, path="pipe", format="json")
    written = os.read(reader, 100_000)
    os.close(reader)
    assert [outcome.kind for outcome in outcomes] == ["sent", "sent"]
    assert len([json.loads(line) for line in written.splitlines()]) == 2


def test_a_pipe_whose_reader_stopped_reading_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    outcomes = sent(tmp_path, times=200, path="pipe", format="json")
    os.close(reader)
    kinds = [outcome.kind for outcome in outcomes]
    assert kinds[0] == "sent"
    assert set(kinds[-5:]) <= {"transient", "uncertain"}


def test_an_alert_longer_than_a_pipe_holds_ends_when_nobody_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A blocking pipe, as standard output is one: a write of more than it can take would wait for ever."""
    monkeypatch.setattr(terminal, "PATIENCE", 0.05)
    reader, target = os.pipe()
    with pytest.raises(terminal._Torn, match="nobody reads"):
        terminal._write_all(target, b"x" * 200_000)
    assert len(os.read(reader, 200_000)) > 0
    os.close(reader)
    os.close(target)


def test_a_lock_that_somebody_keeps_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "PATIENCE", 0.05)
    with (tmp_path / "alerts").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        (refused,) = sent(tmp_path, path="alerts")
    (accepted,) = sent(tmp_path, path="alerts")
    assert (refused.kind, accepted.kind) == ("transient", "sent")


def test_a_pipe_that_nobody_reads_keeps_no_other_channel_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor anything else that asyncio does in its own threads."""
    monkeypatch.setattr(terminal, "PATIENCE", 3.0)
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)

    async def run() -> float:
        settings = Settings(home=tmp_path)
        pipe, file = (open_channel("terminal", {"path": name}, settings) for name in ("pipe", "file"))
        stuck = [asyncio.create_task(pipe.send(notice(), attempt=1)) for _ in range(400)]
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        await asyncio.to_thread(void)
        assert (await file.send(notice(), attempt=1)).kind == "sent"
        took = time.monotonic() - begun
        assert not all(task.done() for task in stuck)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
        return took

    assert asyncio.run(run()) < 2.0
    os.close(reader)


def void() -> None:
    """Any question in a thread."""


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """A limit on the file's size stands in for the disk: both end a write half-way."""
    program = (
        "import asyncio, pathlib, resource, signal, sys\n"
        "from alerts.channels import open_channel\n"
        "from tests.notices import notice\n"
        "from wire.settings import Settings\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "settings = Settings(home=pathlib.Path(sys.argv[1]))\n"
        "channel = open_channel('terminal', {'path': 'alerts', 'format': 'json'}, settings)\n"
        "for n in range(4): print(asyncio.run(channel.send(notice(), attempt=1)).kind)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    kinds = done.stdout.split()
    assert {"sent", "transient"} == set(kinds)
    lines = (tmp_path / "alerts").read_text().splitlines()
    assert [json.loads(line)["key"] for line in lines] == ["key-1"] * kinds.count("sent")


def test_standard_output_gets_what_has_no_path(tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from alerts.channels import open_channel\n"
        "from tests.notices import notice\n"
        "from wire.settings import Settings\n"
        "channel = open_channel('terminal', {}, Settings(home=pathlib.Path(sys.argv[1])))\n"
        "asyncio.run(channel.send(notice(), attempt=1))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{HEADLINE}\n")


def test_a_word_that_is_no_format_is_a_mistake() -> None:
    assert check_config("terminal", {"format": "xml", "color": "red"}) == [
        "format: unknown format 'xml'; known: text, json",
        "color: unknown color 'red'; known: auto, always, never",
    ]
