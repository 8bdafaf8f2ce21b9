"""`validate`, `apply`, `watchlists list` and `alerts list` as a person types them, on a database in a folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from newswatch.cli import build
from wire.errors import NewswatchError

GOOD = """\
watchlists:
  - id: energy
    name: Energy firms
    entities:
      - {name: Helvion, type: ORG, aliases: [Helvion SA], tickers: [000660]}
  - {id: people, file: people.csv}
subscribers:
  - {id: anne, timezone: Europe/Paris}
channels:
  - {id: screen, subscriber: anne, kind: terminal}
subscriptions:
  - {watchlist: energy, channel: screen}
  - {watchlist: people, channel: screen}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good configuration, and a home folder that does not exist yet."""
    monkeypatch.setenv("NEWSWATCH_HOME", str(tmp_path / "home"))
    (tmp_path / "people.csv").write_text("name,type,aliases,tickers\nClaire Vasseur,PER,Vasseur,\n")
    written = tmp_path / "newswatch.yaml"
    written.write_text(GOOD)
    return written


def run(*words: object) -> Result:
    return CliRunner().invoke(build(()), [str(word) for word in words])


def said(*words: object) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


def watchlists() -> dict[str, int]:
    """Those in force, with their versions."""
    return {row["id"]: row["version"] for row in json.loads(said("watchlists", "list", "--json"))}


def test_validate_counts_what_it_read(file: Path) -> None:
    counted = "2 watchlists, 2 entities, 2 aliases, 1 ticker, 1 subscriber, 1 channel, 2 subscriptions"
    validated = run("validate", file)
    assert f"{file}: no mistakes; {counted}\n" in validated.output
    assert "the ticker 000660" in validated.output
    assert "advice on energy: the ticker 000660" in validated.stderr


def test_validate_shows_every_mistake_and_ends_with_2(file: Path) -> None:
    file.write_text(GOOD.replace("Helvion,", "x,").replace("kind: terminal", "kind: termnal"))
    result = run("validate", file)
    assert result.exit_code == 2
    assert [line.removeprefix(str(file)).split(":")[1] for line in result.stderr.splitlines()] == ["5", "10"]


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_file_with_mistakes_changes_nothing(file: Path, dry: list[str]) -> None:
    file.write_text(GOOD.replace("Helvion,", "x,"))
    assert run("apply", file, *dry).exit_code == 2
    assert watchlists() == {}


def test_a_dry_run_shows_the_difference_and_makes_not_even_a_folder(file: Path) -> None:
    shown = said("apply", file, "--dry-run")
    assert "+ watchlist 'energy': 1 entity, 1 alias" in shown
    assert "dry run" in shown
    assert not (file.parent / "home").exists()


def test_apply_puts_the_file_in_force_once(file: Path) -> None:
    assert "+ subscription 'energy/screen'" in said("apply", file)
    assert watchlists() == {"energy": 1, "people": 1}
    assert said("apply", file) == "Nothing to change.\n"
    assert watchlists() == {"energy": 1, "people": 1}


def test_only_what_changed_gets_a_new_version(file: Path) -> None:
    said("apply", file)
    file.write_text(GOOD.replace("Helvion SA", "Helvion AG"))
    assert "~ watchlist 'energy': 1 changed (Helvion)" in said("apply", file)
    assert watchlists() == {"energy": 2, "people": 1}


def test_what_the_file_no_longer_names_stays_until_pruned(file: Path) -> None:
    said("apply", file)
    file.write_text(
        GOOD.replace("  - {id: people, file: people.csv}\n", "").replace(
            "  - {watchlist: people, channel: screen}\n", ""
        )
    )
    assert "watchlist 'people' stays in force" in said("apply", file)
    assert "- watchlist 'people'" in said("apply", file, "--prune", "--dry-run")
    assert watchlists() == {"energy": 1, "people": 1}
    said("apply", file, "--prune")
    assert watchlists() == {"energy": 1}


def test_what_was_pruned_may_come_back(file: Path) -> None:
    said("apply", file)
    file.write_text(GOOD.replace("energy", "power"))
    said("apply", file, "--prune")
    file.write_text(GOOD)
    said("apply", file, "--prune")
    assert watchlists() == {"energy": 3, "people": 1}


def test_another_file_may_not_change_what_this_one_put_there(file: Path) -> None:
    said("apply", file)
    other = file.with_name("other.yaml")
    other.write_text(GOOD.replace("Helvion SA", "Helvion AG"))
    result = run("apply", other)
    assert isinstance(result.exception, NewswatchError)
    assert f"watchlist 'energy' was put in force by {file}" in str(result.exception)
    assert f"under a new name: --source {file}" in str(result.exception)
    assert watchlists() == {"energy": 1, "people": 1}


def test_a_file_that_moved_keeps_its_entries_by_the_name_of_its_source(file: Path) -> None:
    said("apply", file, "--source", "desk")
    moved = file.rename(file.with_name("moved.yaml"))
    moved.write_text(GOOD.replace("Helvion SA", "Helvion AG"))
    said("apply", moved, "--source", "desk")
    assert watchlists() == {"energy": 2, "people": 1}


def test_lists_of_a_home_without_database_are_empty_and_make_none(file: Path) -> None:
    assert "No watchlist is in force" in said("watchlists", "list")
    assert said("alerts", "list") == "There is no alert yet.\n"
    assert said("alerts", "list", "--held", "--json") == ""
    assert not (file.parent / "home").exists()


def test_watchlists_are_listed_with_their_channels(file: Path) -> None:
    said("apply", file)
    first = json.loads(said("watchlists", "list", "--json"))[0]
    assert first == {
        "id": "energy",
        "name": "Energy firms",
        "version": 1,
        "entities": 1,
        "aliases": 1,
        "channels": ["screen"],
        "source": str(file),
        "changed_in": str(file),
    }
    assert "Energy firms" in said("watchlists", "list")


@pytest.mark.parametrize(("change", "code"), [("kind: termnal", 2), ("kind: terminal, format: json", 1)])
def test_the_commands_exit_code_tells_a_mistake_from_a_refusal(file: Path, change: str, code: int) -> None:
    said("apply", file)
    other = file.with_name("other.yaml")
    other.write_text(GOOD.replace("kind: terminal", change))
    command = [sys.executable, "-m", "newswatch", "apply", str(other)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
