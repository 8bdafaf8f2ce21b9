import io

import pytest
from rich.console import Console

from newswatch.commands import config
from newswatch.commands.output import console
from wire.settings import Origin

ROW = Origin(name="NEWSWATCH_STORY_HOURS", value="72.0", origin="default", description="How long it is. " * 4)


def test_a_table_that_is_piped_keeps_each_row_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    config._print_table([ROW], console())
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_on_a_narrow_terminal_the_meaning_stands_under_its_setting() -> None:
    out = io.StringIO()
    config._print_list([ROW], Console(file=out, width=80))
    first, *others = out.getvalue().splitlines()
    assert first.rstrip() == "NEWSWATCH_STORY_HOURS = 72.0  (default)"
    assert others[0].startswith("    How long it is.")
