"""Which size does a drill have, and where is the report of the long one kept?

`NEWSWATCH_TEST_PROOFS=1`, set by `make proofs`, runs every drill in full and writes what it measured to docs/proofs/.
"""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wire.service import VERSION

PROOFS = os.environ.get("NEWSWATCH_TEST_PROOFS") == "1"
LONG = pytest.mark.skipif(not PROOFS, reason="a long drill: `make proofs` runs it")
FOLDER = Path(__file__).parent.parent / "docs" / "proofs"


def record_proof(name: str, **measured: object) -> None:
    """Keep what a full drill measured; a short one only says it."""
    print(f"{name}: {measured}")
    if PROOFS:
        FOLDER.mkdir(exist_ok=True)
        report = {
            "proof": name,
            "version": VERSION,
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "measured": measured,
        }
        (FOLDER / f"{name}.json").write_text(json.dumps(report, indent=2, sort_keys=True) + "\n")
