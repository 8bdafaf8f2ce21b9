"""`newswatch stories` on files: the contract of its lines, and the order of the file as the order of the news."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from newswatch.commands import engines
from tests.wiretext import HARBOUR, HARBOUR_TITLE, ORCHARD, ORCHARD_TITLE, edited
from wire.errors import Misconfigured

ARTICLES: list[dict[str, Any]] = [
    {"id": "a", "title": HARBOUR_TITLE, "text": HARBOUR, "lang": "en", "published": "2026-03-02T10:00:00Z"},
    {"id": "b", "title": ORCHARD_TITLE, "text": ORCHARD, "published": "2026-03-02T12:00:00+01:00", "source": "x"},
    {"id": "c", "title": "Night work", "text": edited(HARBOUR, 1), "published": "2026-03-03T10:00:00"},
    {"id": "d", "title": HARBOUR_TITLE, "text": HARBOUR},
]

app = typer.Typer(pretty_exceptions_enable=False)
app.command("match")(engines.match)
app.command("stories")(engines.stories)


def run(path: Path, *arguments: str) -> Result:
    path.write_text("".join(json.dumps(one) + "\n" for one in ARTICLES), encoding="utf8")
    return CliRunner().invoke(app, ["stories", "--articles", str(path), *arguments])


def rows(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_article_is_one_line_with_the_keys_of_the_contract(tmp_path: Path) -> None:
    done = run(tmp_path / "articles.jsonl")
    assert done.exit_code == 0
    placed = rows(done)
    assert all(list(row) == ["id", "story", "relation", "of", "related", "score", "why"] for row in placed)
    assert [(row["id"], row["story"], row["relation"]) for row in placed] == [
        ("a", "a", "new"),
        ("b", "b", "new"),
        ("c", "a", "copy"),
        ("d", "a", "copy"),
    ]
    assert placed[0]["of"] is None
    assert placed[3]["of"] == "a"


def test_the_window_is_as_long_as_asked(tmp_path: Path) -> None:
    assert [row["story"] for row in rows(run(tmp_path / "articles.jsonl", "--window", "90m"))] == ["a", "b", "c", "c"]
    assert [row["story"] for row in rows(run(tmp_path / "articles.jsonl", "--window", "2d"))] == ["a", "b", "a", "a"]


@pytest.mark.parametrize("span", ["72", "0h", "h", "-1h", "1w"])
def test_a_window_that_is_no_span_is_refused(tmp_path: Path, span: str) -> None:
    done = run(tmp_path / "articles.jsonl", f"--window={span}")
    assert isinstance(done.exception, Misconfigured)
    assert span in str(done.exception)


def test_a_time_that_is_none_makes_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_text('{"id": "a", "published": "yesterday"}\n{"id": "b"}\n', encoding="utf8")
    done = CliRunner().invoke(app, ["stories", "--articles", str(path)])
    assert done.exit_code == 1
    assert "articles.jsonl:1:" in done.stderr
    assert [row["id"] for row in rows(done)] == ["b"]
