"""Annotations, matches and snapshots are the same bytes whatever PYTHONHASHSEED says."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import hashlib
from stream.cluster import cluster
from stream.stories import StoryWindow
from tests.newsdesk import COLUMN_TEXT, COLUMN_TITLE, annotation, article, entity
from tests.wiretext import HARBOUR, HARBOUR_TITLE, ORCHARD, bulletin, edited, prose
from wire.codec import encode

watched = [
    entity("Oda Merrin", "PER"),
    entity("Port Ansel", "LOC", aliases=("Ansel", "The Port")),
    entity("Helmont", tickers=("HLMT",)),
]
texts = [HARBOUR, ORCHARD, COLUMN_TEXT, bulletin(1), edited(HARBOUR, 1), bulletin(2), prose(1), HARBOUR + ORCHARD]
window, said = StoryWindow(articles=7), hashlib.sha256()
for offset, text in enumerate(texts * 2):
    title = COLUMN_TITLE if text is COLUMN_TEXT else HARBOUR_TITLE
    read = annotation(article(title, text, name=str(offset), language=None), *watched)
    match = cluster(read, window, offset=offset, appended_at=read.fetched_at)
    said.update(encode(read) + (encode(match) if match else b"-"))
said.update(window.dump())
print(said.hexdigest())
"""


def said_with(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_no_hash_seed_changes_a_byte() -> None:
    assert len({said_with(seed) for seed in ("0", "1", "31337")}) == 1
