"""A watchlist file is read as it lies on the disk, packed or not, or as it comes on standard input."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from wire.errors import Misconfigured
from wire.watchlist_file import load_watchlist

LINES = '{"id": "h", "type": "ORG", "name": "Helvion", "aliases": ["X"], "tickers": [], "group": "main"}\n'


def test_a_packed_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "w.jsonl.gz").write_bytes(gzip.compress(LINES.encode(), mtime=0))
    (entity,) = load_watchlist(tmp_path / "w.jsonl.gz")
    assert (entity.id, entity.aliases) == ("h", ("X",))


def test_standard_input_is_read_to_its_end() -> None:
    program = "from wire.watchlist_file import load_watchlist; print(load_watchlist('-')[0].name)"
    done = subprocess.run([sys.executable, "-c", program], input=LINES, capture_output=True, text=True, check=True)
    assert done.stdout == "Helvion\n"


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("w.yaml.gz", LINES.encode(), "w.yaml.gz:1: cannot be read: Not a gzipped file"),
        (
            "w.yaml.gz",
            gzip.compress(LINES.encode(), mtime=0)[:-9],
            "w.yaml.gz:1: ends in .gz and is not a whole gzip file",
        ),
        ("w.yaml", b"- name: ok\n- name: \xff\n", "w.yaml:2: is not UTF-8 here; save the file as UTF-8"),
        ("w.yaml", b"- name: ok\n- nme: no\n", "w.yaml:2: 'name' of an entity is missing; write 'name: …'"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(
    tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Misconfigured) as raised:
        load_watchlist(tmp_path / name)
    assert str(raised.value).startswith(f"{tmp_path}/{complaint}")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"w.yaml:1: cannot be read: No such file or directory"):
        load_watchlist(tmp_path / "w.yaml")
