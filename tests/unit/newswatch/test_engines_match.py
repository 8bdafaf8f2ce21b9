"""`newswatch match` on files: the contract of its lines, its errors and its exit codes."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from newswatch.commands import engines
from tests.newsdesk import COLUMN_TEXT, COLUMN_TITLE
from wire.errors import Misconfigured

KEYS = ["article", "entity", "score", "alias", "start", "end", "field", "zone", "why"]
WATCHLIST = [
    {"id": "p1", "type": "PER", "name": "Nora Valtier", "aliases": [], "tickers": [], "further": 1},
    {"id": "o1", "type": "ORG", "name": "Helmont", "aliases": ["Helmont Corporation"], "tickers": ["HLMT"]},
]
ARTICLES: list[dict[str, Any]] = [
    {"id": "a", "title": COLUMN_TITLE, "text": COLUMN_TEXT, "lang": "fra", "published": "2026-03-02", "source": "x"},
    {"id": "b", "title": "Nothing", "text": "Nobody is named.", "further": {"keys": []}},
    {"id": "c", "title": "", "text": "<p>Then Nora <b>Valt&shy;ier</b> spoke.</p>"},
]

app = typer.Typer(pretty_exceptions_enable=False)
app.command("match")(engines.match)
app.command("stories")(engines.stories)


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(app, arguments, input=stdin, catch_exceptions=True)


def lines(*objects: object) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


@pytest.fixture
def watchlist(tmp_path: Path) -> str:
    path = tmp_path / "watchlist.jsonl"
    path.write_bytes(lines(*WATCHLIST))
    return str(path)


@pytest.fixture
def articles(tmp_path: Path) -> str:
    path = tmp_path / "articles.jsonl"
    path.write_bytes(lines(*ARTICLES))
    return str(path)


def rows(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_mention_is_one_line_with_the_keys_of_the_contract(watchlist: str, articles: str) -> None:
    done = run("match", "--watchlist", watchlist, "--articles", articles)
    assert done.exit_code == 0
    found = rows(done)
    assert all(list(row) == KEYS for row in found)
    assert {(row["article"], row["entity"]) for row in found} == {("a", "p1"), ("a", "o1"), ("c", "p1")}


def test_offsets_point_into_the_field_as_given(watchlist: str, articles: str) -> None:
    given = {one["id"]: one for one in ARTICLES}
    shown = {
        given[row["article"]][row["field"]][row["start"] : row["end"]]
        for row in rows(run("match", "--watchlist", watchlist, "--articles", articles))
    }
    assert shown == {"Nora Valtier", "Helmont", "Helmont Corp", "HLMT", "Valtier", "Nora <b>Valt&shy;ier"}


def test_packed_files_standard_input_and_jobs_give_the_same_lines(watchlist: str, articles: str) -> None:
    plain = run("match", "--watchlist", watchlist, "--articles", articles)
    packed = Path(f"{articles}.gz")
    packed.write_bytes(gzip.compress(Path(articles).read_bytes()))
    assert run("match", "--watchlist", watchlist, "--articles", str(packed)).stdout == plain.stdout
    piped = run("match", "--watchlist", watchlist, "--articles", "-", stdin=Path(articles).read_bytes())
    assert piped.stdout == plain.stdout
    shared = run("match", "--watchlist", watchlist, "--articles", articles, "--jobs", "2")
    assert shared.stdout == plain.stdout


def test_bad_lines_are_named_counted_and_skipped(watchlist: str, articles: str) -> None:
    path = Path(articles)
    path.write_bytes(b'{"id": 7}\n\nnot json\n' + lines(ARTICLES[2]) + b'{"title": "no id"}\n\xff\n')
    done = run("match", "--watchlist", watchlist, "--articles", articles)
    assert done.exit_code == 1
    assert [row["article"] for row in rows(done)] == ["c"]
    assert [number for number in range(1, 8) if f"articles.jsonl:{number}:" in done.stderr] == [1, 3, 5, 6]
    assert "4 lines" in done.stderr


def test_a_missing_file_is_a_misconfiguration_that_names_it(watchlist: str, articles: str) -> None:
    for arguments in (
        ("--watchlist", "gone.jsonl", "--articles", articles),
        ("--watchlist", watchlist, "--articles", "gone"),
    ):
        done = run("match", *arguments)
        assert isinstance(done.exception, Misconfigured)
        assert "gone" in str(done.exception)


def test_a_file_that_only_claims_to_be_packed_is_named(watchlist: str, tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl.gz"
    path.write_bytes(gzip.compress(lines(*ARTICLES))[:-9])
    done = run("match", "--watchlist", watchlist, "--articles", str(path))
    assert isinstance(done.exception, Misconfigured)


def test_standard_input_can_be_only_one_of_both() -> None:
    assert isinstance(run("match", "--watchlist", "-", "--articles", "-").exception, Misconfigured)
