"""`newswatch up`, as somebody at a terminal or a unit runs it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.drill import FeedHouse, drill_settings, make_world, wait_for
from wire.settings import Settings, environment

UP = [sys.executable, "-m", "newswatch", "up"]


@pytest.fixture
def house() -> Iterator[FeedHouse]:
    with FeedHouse(make_world(seed=1, articles=10, feeds=2, seconds=1.0)) as house:
        yield house


@pytest.fixture
def settings(tmp_path: Path, house: FeedHouse) -> Settings:
    home = tmp_path / "dossier à moi"
    home.mkdir()
    settings = drill_settings(home, house)
    house.write_feeds(settings.feeds_file)
    return settings


@contextmanager
def running(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(UP, env=os.environ | environment(settings), stdout=out, stderr=out)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def is_up(log: Path) -> bool:
    return re.search(r"^Read \d of \d feeds", log.read_text(), re.MULTILINE) is not None


def gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


@pytest.mark.timeout(300)
def test_a_killed_up_leaves_no_orphan_and_the_next_one_goes_on(tmp_path: Path, settings: Settings) -> None:
    with running(settings, tmp_path / "first") as first:
        assert wait_for(lambda: is_up(tmp_path / "first"), 120), (tmp_path / "first").read_text()
        second = subprocess.run(UP, env=os.environ | environment(settings), capture_output=True, check=False, text=True)
        assert second.returncode == 2
        assert str(first.pid) in second.stderr
        children = family(first)
        assert len(children) >= 5
        first.kill()
        assert wait_for(lambda: gone(children), 40)
    with running(settings, tmp_path / "again") as again:
        assert wait_for(lambda: is_up(tmp_path / "again"), 120), (tmp_path / "again").read_text()
        children = family(again)
        asked = time.monotonic()
        again.send_signal(signal.SIGINT)
        assert again.wait(60) == 0
        assert time.monotonic() - asked < 30 + 10
        assert gone(children)


@pytest.mark.timeout(120)
def test_ctrl_c_during_the_start_leaves_nothing_behind(tmp_path: Path, settings: Settings) -> None:
    with running(settings, tmp_path / "log") as process:
        assert wait_for(lambda: "starting Kafka" in (tmp_path / "log").read_text(), 60)
        assert wait_for(lambda: bool(family(process)), 60)
        children = family(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) not in {0, None}
        assert wait_for(lambda: gone(children), 10)


@pytest.mark.timeout(60)
def test_mistakes_are_told_before_anything_starts(tmp_path: Path, settings: Settings) -> None:
    settings.feeds_file.write_text("feeds:\n  - {ulr: https://a.example/rss}\n")
    ended = subprocess.run(UP, env=os.environ | environment(settings), capture_output=True, check=False, text=True)
    assert ended.returncode == 2
    assert f"{settings.feeds_file}:2: " in ended.stderr
    assert not (settings.home / "kafka").exists()
