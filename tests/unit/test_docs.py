"""Do the documents say what the code says?"""

import re
from pathlib import Path

from newswatch.cli import COMMANDS
from wire.settings import Settings, origins

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "docs" / "settings.md"


def settings_page() -> str:
    """What docs/settings.md has to be: write it anew with `python -m tests.unit.test_docs`."""
    rows = [
        f"| `{each.name}` | {_default(each.name, each.value)} | {each.description} |" for each in origins(Settings())
    ]
    head = (
        "# Settings\n\nEach is an environment variable. A secret (`…_PASSWORD`) or a database address may stand in a "
        "file instead: `NEWSWATCH_…_FILE` names it.\n`newswatch config show` lists them with the values in force and "
        "where each came from; `newswatch doctor` checks them.\n\n| setting | default | meaning |\n|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def _default(name: str, value: str) -> str:
    if name == "NEWSWATCH_HOME":
        return "the user's data folder"
    return f"`{value}`" if value else "–"


def test_the_page_of_settings_is_what_the_code_reads() -> None:
    assert SETTINGS.read_text(encoding="utf-8") == settings_page()


def test_the_readme_names_only_commands_and_folders_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`newswatch ([a-z]+)", readme)) <= set(COMMANDS)
    folders = set(re.findall(r"^\| `([a-z]+)/` \|", readme, re.MULTILINE))
    assert folders >= {"newswatch", "ingest", "stream", "alerts", "wire", "tests", "docs"}
    assert all((ROOT / folder).is_dir() for folder in folders)


if __name__ == "__main__":
    SETTINGS.write_text(settings_page(), encoding="utf-8")
