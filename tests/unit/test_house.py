"""Does every module stand where the import contracts see it?"""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What does I/O, or is written around what does. A new module goes here, or onto the list of engines in pyproject.toml.
SHELLS = """
    wire wire.guard wire.dead wire.kafka wire.logs wire.metrics wire.service wire.settings wire.watchlist_file
    ingest ingest.__main__ ingest.feeds ingest.fetch ingest.outbox ingest.poller ingest.state ingest.worker
    stream stream.shell
    alerts alerts.__main__ alerts.answers alerts.applying alerts.catalog alerts.channels alerts.config
    alerts.conservation
    alerts.database alerts.difference alerts.edits alerts.inbox alerts.intake alerts.leases alerts.ledger alerts.memory
    alerts.migrations alerts.offsets alerts.publication alerts.publisher alerts.record alerts.routes alerts.schema
    alerts.secret alerts.sender alerts.show alerts.telling alerts.worker
""".split()


def modules() -> set[str]:
    """Every module of the programs; a folder that is listed as a whole covers what is in it."""
    files = [path for package in ("wire", "ingest", "stream", "alerts") for path in (ROOT / package).rglob("*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    return {name.removesuffix(".__init__") for name in names}


def contract(name: str) -> set[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (found,) = [set(each["source_modules"]) for each in contracts if each["name"] == name]
    return found


def covers(listed: set[str], module: str) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:length]) in listed for length in range(2 if len(parts) > 1 else 1, len(parts) + 1))


def test_every_module_is_an_engine_or_a_shell_and_none_is_both() -> None:
    engines, shells = contract("Engines are pure"), set(SHELLS)
    unlisted = {module for module in modules() if covers(engines, module) == covers(shells, module)}
    assert unlisted == set()


def test_no_list_names_a_module_that_is_gone() -> None:
    assert (contract("Engines are pure") | set(SHELLS)) - modules() == set()
