"""How do time and memory grow from 20,000 to 1,000,000 live articles?

    python -m tests.benchmarks.stories.bench_growth 20000 200000 [1000000]

Fills a window with articles of made-up words (their rarity spread as in a language), half of them short forms, measures
decisions on the way at each size, one in five a copy, then writes and reads a snapshot. One process, one core.
"""

import random
import resource
import sys
import time
from datetime import UTC, datetime, timedelta

from stream.stories import Decision, StoryWindow, fingerprint_of
from stream.stories.record import Record, record_of
from wire.article import ArticleId, Revision
from wire.messages import Annotation, StoryId

START = datetime(2026, 3, 2, tzinfo=UTC)
MEASURED = 400
WORDS = 60_000


def main(sizes: list[int]) -> None:
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghilmnoprstuv", k=draw.randrange(4, 10))) for _ in range(WORDS)]
    window = StoryWindow(articles=max(sizes) + 1)
    print(f"{'live':>9} {'p50 ms':>7} {'p99 ms':>7} {'MB':>6}")
    offset, recent = 0, ""
    for size in sorted(sizes):
        while offset < size - MEASURED:
            told = annotation(offset, text_of(draw, words))
            # Filed as `place` files it, without the decision: a fill of a million takes minutes instead of hours.
            window._keep(record(told, offset), told.fingerprint)
            window._file(told.fingerprint, told.canonical_url, offset)
            offset += 1
        took = []
        for turn in range(MEASURED):
            recent = recent if turn % 5 == 4 else text_of(draw, words)
            told = annotation(offset, recent)
            begun = time.process_time()
            window.place(told, offset=offset, appended_at=told.fetched_at)
            took.append((time.process_time() - begun) * 1000)
            offset += 1
        took.sort()
        half, most = took[MEASURED // 2], took[MEASURED * 99 // 100]
        print(f"{len(window):>9} {half:>7.2f} {most:>7.2f} {resident():>6.0f}", flush=True)
    begun = time.perf_counter()
    data = window.dump()
    written = time.perf_counter() - begun
    begun = time.perf_counter()
    assert len(StoryWindow.load(data)) == len(window)
    print(f"snapshot of {len(data) / 1e6:.0f} MB: made in {written:.1f} s, read in {time.perf_counter() - begun:.1f} s")


def text_of(draw: random.Random, words: list[str]) -> str:
    length = draw.choice((35, 35, 400))
    return " ".join(words[min(int(draw.paretovariate(0.6)) * draw.randrange(1, 4), WORDS) - 1] for _ in range(length))


def annotation(offset: int, text: str) -> Annotation:
    when = START + timedelta(seconds=offset / 100)
    title, url = " ".join(text.split()[:9]), f"https://news.example/{offset}"
    return Annotation(
        id=ArticleId(f"{offset:032x}"),
        revision=Revision("0123456789abcdef"),
        event="new",
        partition=0,
        offset=offset,
        feed="https://feeds.example/all",
        outlet="The Harbour Times",
        link=url,
        canonical_url=url,
        title=title,
        language="en",
        words=len(text.split()),
        first_seen=when,
        fetched_at=when,
        fingerprint=fingerprint_of(title, text, "en"),
    )


def record(told: Annotation, offset: int) -> Record:
    decision = Decision(story=StoryId(told.id), relation="new", score=1.0, why="nothing like it in the window")
    return record_of(told, decision, offset=offset, time=told.fetched_at.timestamp())


def resident() -> float:
    """Megabytes that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [20_000, 200_000])
