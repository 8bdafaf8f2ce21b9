from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from newswatch import article_lines
from newswatch.article_lines import ArticleLines


def read(path: Path) -> tuple[list[str], str]:
    """The ids, and what was complained of."""
    said = StringIO()
    lines = ArticleLines(str(path), console=Console(file=said))
    return [article.id for article in lines], said.getvalue()


@pytest.mark.parametrize("ending", [b"\n", b""])
def test_a_line_without_end_is_a_bad_line_and_the_next_one_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: bytes
) -> None:
    monkeypatch.setattr(article_lines, "LINE_LIMIT", 2**20)
    path = tmp_path / "articles.jsonl"
    path.write_bytes(b'{"id": "a"}\n' + b"\0" * (2**20 * 3) + b'\n{"id": "b"}' + ending)
    ids, said = read(path)
    assert ids == ["a", "b"]
    assert f"{path}:2: not an article: longer than 1 MB" in said


def test_a_line_that_just_fits_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = b'{"id": "a"}\n'
    monkeypatch.setattr(article_lines, "LINE_LIMIT", len(line))
    path = tmp_path / "articles.jsonl"
    path.write_bytes(line * 3)
    assert read(path) == (["a", "a", "a"], "")
