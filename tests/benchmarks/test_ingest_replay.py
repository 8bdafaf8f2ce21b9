"""Do five live news feeds, snapshot by snapshot, lose an item or show one twice?

    pytest tests/benchmarks/test_ingest_replay.py -s

An independent reader (ElementTree and the guid, nothing else) says which items the series hold.
"""

import os
import tarfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.feeds import Feed
from ingest.memory import Seen
from ingest.news import news_in
from ingest.parse import articles_in
from wire.article import ArticleId

DATA = Path(os.environ.get("NEWSWATCH_DATA", Path(__file__).parents[3] / "shared" / "data"))
SERIES = ("bbc", "cnn", "rnz", "smh", "straittimes")


def snapshots(series: str) -> Iterator[tuple[datetime, bytes]]:
    archive = DATA / "replay" / f"{series}.tar.xz"
    if not archive.exists():
        pytest.skip(f"{archive} is not here; NEWSWATCH_DATA names the folder of the development data")
    with tarfile.open(archive) as files:
        found = {member.name: files.extractfile(member) for member in files if member.name.endswith(".xml")}
        for name in sorted(found, key=lambda name: int(Path(name).stem)):
            file = found[name]
            assert file is not None
            yield datetime.fromtimestamp(int(Path(name).stem), UTC), file.read()


def guids(body: bytes) -> set[str]:
    return {found.text or "" for found in ET.fromstring(body).iter("guid")}


@pytest.mark.parametrize("series", SERIES)
def test_no_item_is_missed_and_none_is_news_twice(series: str) -> None:
    feed = Feed(id=series, url=f"https://{series}.example/rss", name=series)
    memory: dict[ArticleId, Seen] = {}
    shown: set[str] = set()
    new: Counter[ArticleId] = Counter()
    updated, seconds, count = 0, 0.0, 0
    for now, body in snapshots(series):
        shown |= guids(body)
        begun = time.process_time()
        news = news_in(articles_in(body, url=feed.url), feed=feed, known=memory, now=now, backfill=not count)
        seconds += time.process_time() - begun
        memory |= {seen.article: seen for seen in news.seen}
        new.update(article.id for article in news.articles if article.event == "new")
        updated += sum(article.event == "updated" for article in news.articles)
        count += 1
    again = sum(times - 1 for times in new.values())

    print(
        f"{series}: {count} snapshots, {len(shown)} items, missed {len(shown) - len(new)}, taken as new again {again},"
        f" updates {updated}, {1000 * seconds / count:.1f} ms a snapshot"
    )
    assert (len(new), again) == (len(shown), 0)
