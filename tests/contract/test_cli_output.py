"""What does a command say when its output or input is not what it should be? Whole processes."""

import json
import subprocess
import sys
from pathlib import Path

ARTICLE = json.dumps({"id": "a", "title": "Ferry stuck", "text": "It is stuck."}) + "\n"
NEWSWATCH = (sys.executable, "-m", "newswatch")


def test_a_full_disk_is_said_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_text(ARTICLE)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*NEWSWATCH, "stories", "--articles", str(file)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "newswatch: cannot write: No space left on device\n")


def test_a_bad_line_of_standard_input_is_named_so() -> None:
    done = subprocess.run(
        [*NEWSWATCH, "stories", "--articles", "-"], input="nonsense\n", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "standard input:1: not an article" in done.stderr
    assert "1 line of standard input was no article and was skipped" in done.stderr
