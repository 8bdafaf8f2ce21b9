"""How do time, memory and building grow with the number of watched names, ours beside the usual ways?

    python tests/benchmarks/matching/bench_scale.py [--names 1000 10000 100000 1000000] [--articles 200]

All read the same texts in one run: `find_mentions`, pyahocorasick on folded text (exact; when it is installed) and
RapidFuzz `partial_ratio` of every name against every text (up to 1,000 names). Times are CPU time per 4 KB, the least
of three readings of each text, so that a busy machine disturbs little. Memory is what the process grew by meanwhile.
Texts come from `../shared/data` (or NEWSWATCH_DATA), names are made up here.
"""

import argparse
import gc
import gzip
import importlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

sys.path.insert(0, str(Path(__file__).parents[3]))

from stream.clean import CleanArticle, clean
from stream.matching import AliasIndex, find_mentions
from wire.watchlist import Entity, EntityId, Watchlist, WatchlistId

DATA = Path(os.environ.get("NEWSWATCH_DATA", Path(__file__).parents[4] / "shared" / "data"))
FUZZY_UP_TO = 1000
HEADS = [a + b for a in "b d f g h k l m n p r s t v z br dr gr st tr".split() for b in "a e i o u ai ei".split()]
TAILS = [a + b for a in "l m n r s t ll nd rt ss".split() for b in "a o e in us ik ow er".split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--articles", type=int, default=200)
    asked = parser.parse_args()
    articles = texts(asked.articles)
    print(f"{'way':<24}{'names':>10}{'build s':>9}{'MB':>7}{'p50 ms':>9}{'p99 ms':>9}")
    for size in asked.names:
        entities = [Entity(id=EntityId(str(at)), type=kind, name=name) for at, (kind, name) in enumerate(made_up(size))]
        measure("newswatch", size, articles, partial(ours, entities))
        if importlib.util.find_spec("ahocorasick"):
            measure("pyahocorasick", size, articles, partial(automaton, entities))
        if size <= FUZZY_UP_TO:
            measure("RapidFuzz partial_ratio", size, articles[:20], partial(ratios, entities))


def texts(count: int) -> list[CleanArticle]:
    path = DATA / "matching" / "articles.jsonl.gz"
    if not path.exists():
        sys.exit(f"no texts: {path} is missing; set NEWSWATCH_DATA to where the development data lies")
    with gzip.open(path, "rt", encoding="utf8") as lines:
        read = [json.loads(line) for line in lines]
    return [clean(one["title"], one["text"], one["lang"]) for one in read if one["set"].startswith("ntrex_")][:count]


def made_up(size: int) -> list[tuple[Any, str]]:
    """Persons and, every second one, companies; no name twice."""
    words = [(head + tail).capitalize() for head in HEADS for tail in TAILS]
    names = []
    for at in range(size):
        first, last = words[at % len(words)], words[(at * 7919 + at // len(words)) % len(words)]
        other = words[(at * 104729 + at // 977) % len(words)]
        names.append(
            ("PER", f"{first} {last}{other.lower()}") if at % 2 else ("ORG", f"{last}{first.lower()} {other} Inc.")
        )
    return names


def ours(entities: list[Entity]) -> Callable[[CleanArticle], object]:
    listed = Watchlist(id=WatchlistId("bench"), epoch=1, version=1, name="bench", entities=tuple(entities))
    index = AliasIndex.build([listed])
    return lambda article: find_mentions(article, index)


def automaton(entities: list[Entity]) -> Callable[[CleanArticle], object]:
    trie = importlib.import_module("ahocorasick").Automaton()
    for entity in entities:
        trie.add_word(f" {entity.name.lower()} ", entity.id)
    trie.make_automaton()
    return lambda article: list(trie.iter(f" {' '.join(article.text.tokens.words)} "))


def ratios(entities: list[Entity]) -> Callable[[CleanArticle], object]:
    names = [entity.name.lower() for entity in entities]
    return lambda article: [fuzz.partial_ratio(name, article.text.folded, score_cutoff=90) for name in names]


def measure(
    way: str, size: int, articles: list[CleanArticle], build: Callable[[], Callable[[CleanArticle], object]]
) -> None:
    gc.collect()
    before, start = resident(), time.process_time()
    read = build()
    built, grown = time.process_time() - start, resident() - before
    times = sorted(min(timed(read, article) for _ in range(3)) for article in articles)
    middle, worst = times[len(times) // 2], times[int(len(times) * 0.99)]
    print(f"{way:<24}{size:>10,}{built:>9.2f}{grown:>7.0f}{middle:>9.2f}{worst:>9.2f}", flush=True)


def timed(read: Callable[[CleanArticle], object], article: CleanArticle) -> float:
    """Milliseconds of CPU time per 4 KB."""
    start = time.process_time()
    read(article)
    return (time.process_time() - start) * 1e3 * 4096 / max(1000, len(article.text.text))


def resident() -> float:
    """Megabytes that the process holds in memory (Linux)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
