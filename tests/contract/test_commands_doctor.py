"""`doctor` and the lists on homes that are empty, damaged, or whose channels cannot work."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from newswatch.cli import build
from newswatch.commands.doctor import CHECKS
from wire.errors import Misconfigured

FILE = """\
watchlists:
  - {id: energy, name: Energy, entities: [{name: Helvion, type: ORG}]}
subscribers:
  - {id: anne, timezone: Europe/Paris}
channels:
  - {id: mail, subscriber: anne, kind: email, to: anne@news.example}
  - {id: screen, subscriber: anne, kind: terminal}
subscriptions:
  - {watchlist: energy, channel: mail}
  - {watchlist: energy, channel: screen}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that does not exist yet; Kafka is not looked at."""
    monkeypatch.setenv("NEWSWATCH_HOME", str(tmp_path / "home"))
    for name in ("Kafka", "topics"):
        monkeypatch.delitem(CHECKS, name)
    return tmp_path / "home"


def run(*words: object) -> Result:
    return CliRunner().invoke(build(()), [str(word) for word in words])


def findings() -> dict[str, tuple[bool, str]]:
    return {found["name"]: (found["ok"], found["says"]) for found in json.loads(run("doctor", "--json").stdout)}


def apply(home: Path) -> Result:
    file = home.with_name("newswatch.yaml")
    file.write_text(FILE)
    return run("apply", file)


def test_a_fresh_home_is_told_what_comes_next_and_stays_untouched(home: Path) -> None:
    found = findings()
    assert not found["alerts' database"][0]
    assert "none yet: `newswatch apply FILE`" in found["alerts' database"][1]
    assert found["poller's database"][1].startswith("none yet")
    assert found["home folder"][0]
    assert not home.exists()


def test_a_home_that_cannot_be_made_is_to_be_mended(home: Path) -> None:
    home.write_text("a file")
    assert "cannot write" in findings()["home folder"][1]


def test_a_channel_that_cannot_send_is_named(home: Path) -> None:
    apply(home)
    assert findings()["channels"] == (
        False,
        "mail: NEWSWATCH_SMTP_HOST is not set: e-mail channels need a mail server",
    )


def test_channels_that_can_be_opened_are_well(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(home)
    monkeypatch.setenv("NEWSWATCH_SMTP_HOST", "mail.example")
    monkeypatch.setenv("NEWSWATCH_SMTP_FROM", "newswatch@news.example")
    assert findings()["channels"][0]


def test_apply_warns_of_a_channel_that_cannot_send_and_applies_it(home: Path) -> None:
    applied = apply(home)
    assert applied.exit_code == 0
    assert "warning: channel mail: NEWSWATCH_SMTP_HOST is not set" in applied.stderr
    assert "in force" in applied.stdout


@pytest.mark.parametrize("name", ["alerts.sqlite", "ingest.sqlite"])
def test_a_damaged_database_is_a_finding_that_names_it(home: Path, name: str) -> None:
    home.mkdir()
    (home / name).write_text("garbage\n" * 200)
    which = "alerts' database" if name.startswith("alerts") else "poller's database"
    ok, says = findings()[which]
    assert not ok
    assert f"{home / name}: damaged" in says


def test_lists_say_that_their_database_is_damaged(home: Path) -> None:
    home.mkdir()
    (home / "alerts.sqlite").write_text("garbage\n" * 200)
    assert isinstance(run("alerts", "list").exception, Misconfigured)
