"""`newswatch match` and `newswatch stories`: what do the two engines say of the articles in a file?

The same functions that the stream calls, on JSON lines instead of Kafka.
"""

import multiprocessing
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated

import msgspec
import typer

from newswatch.article_lines import STDIN, ArticleLine, ArticleLines
from stream.annotate import annotate
from stream.clean import clean
from stream.matching import AliasIndex, find_mentions
from stream.stories import StoryWindow
from wire.article import Article, ArticleId, revision_of
from wire.errors import Misconfigured
from wire.watchlist import Watchlist, WatchlistId
from wire.watchlist_file import load_watchlist

CHUNK = 64  # articles that a worker process takes at once
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_encode = msgspec.json.Encoder().encode

_ARTICLES_HELP = "JSON lines of articles; `.gz` too, `-` is standard input."
Articles = Annotated[str, typer.Option("--articles", metavar="FILE", help=_ARTICLES_HELP)]


def match(
    watchlist: Annotated[str, typer.Option("--watchlist", metavar="FILE", help="YAML, CSV or JSON lines of entities.")],
    articles: Articles,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Processes to share the work among.")] = 1,
) -> None:
    """Say which watched entities each article mentions: JSON lines in, JSON lines out."""
    if watchlist == articles == STDIN:
        raise Misconfigured("both --watchlist and --articles are `-`: standard input can be only one of them")
    index = _index_of(watchlist)
    lines = ArticleLines(articles)
    for found in _matched(lines, index, jobs):
        sys.stdout.buffer.write(found)
    _end(lines)


def stories(
    articles: Articles,
    window: Annotated[
        str, typer.Option(metavar="SPAN", help="How long an article is remembered: 90m, 72h, 3d.")
    ] = "72h",
) -> None:
    """Say which story each article belongs to, in the order of the file: JSON lines in, JSON lines out."""
    placed = StoryWindow(hours=_span(window) / timedelta(hours=1))
    index = AliasIndex.build(())
    lines = ArticleLines(articles)
    for place, line in enumerate(lines):
        sys.stdout.buffer.write(_placed(line, placed, index, place))
    _end(lines)


def _end(lines: ArticleLines) -> None:
    sys.stdout.buffer.flush()
    if lines.bad:
        one = lines.bad == 1
        told = (
            f"1 line of {lines.name} was no article and was"
            if one
            else (f"{lines.bad} lines of {lines.name} were no articles and were")
        )
        print(f"newswatch: {told} skipped", file=sys.stderr)
        raise typer.Exit(1)


def _index_of(path: str) -> AliasIndex:
    entities = load_watchlist(path)
    return AliasIndex.build((Watchlist(id=WatchlistId(path), epoch=1, version=1, name=path, entities=entities),))


def _matched(lines: Iterable[ArticleLine], index: AliasIndex, jobs: int) -> Iterator[bytes]:
    """The output of each article, in the articles' order, whatever the number of jobs."""
    if jobs == 1:
        yield from (_mentions_of(line, index) for line in lines)
        return
    _shared.append(index)
    # Forked, so that the index is shared and not copied; where there is no fork it is built once a process.
    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
    with context.Pool(
        jobs, initializer=_share, initargs=(index,) if context.get_start_method() != "fork" else ()
    ) as pool:
        yield from (found for chunk in pool.imap(_mentions_of_chunk, _chunks(lines)) for found in chunk)


_shared: list[AliasIndex] = []  # one index a process


def _share(*index: AliasIndex) -> None:
    _shared.extend(index)


def _mentions_of_chunk(lines: list[ArticleLine]) -> list[bytes]:
    return [_mentions_of(line, _shared[-1]) for line in lines]


def _chunks(lines: Iterable[ArticleLine]) -> Iterator[list[ArticleLine]]:
    rest = iter(lines)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _mentions_of(line: ArticleLine, index: AliasIndex) -> bytes:
    article = clean(line.title, line.text, line.lang, outlet=line.source)
    return b"".join(
        _encode(
            {
                "article": line.id,
                "entity": watch.entity,
                "score": mention.score,
                "alias": mention.alias,
                "start": mention.start,
                "end": mention.end,
                "field": mention.field,
                "zone": mention.zone,
                "why": mention.why,
            }
        )
        + b"\n"
        for mention in find_mentions(article, index)
        for watch in mention.watches
    )


def _placed(line: ArticleLine, window: StoryWindow, index: AliasIndex, place: int) -> bytes:
    time = line.time or datetime.fromtimestamp(window.clock, tz=UTC)
    annotation = annotate(_article_of(line, time), index, partition=0, offset=place)
    decision = window.place(annotation, offset=place, appended_at=time)
    told = {
        "id": line.id,
        "story": decision.story,
        "relation": decision.relation,
        "of": decision.of,
        "related": decision.related,
        "score": decision.score,
        "why": decision.why,
    }
    return _encode(told) + b"\n"


def _article_of(line: ArticleLine, time: datetime) -> Article:
    return Article(
        id=ArticleId(line.id),
        revision=revision_of(line.title, line.text),
        event="new",
        feed=line.source,
        outlet=line.source,
        link="",
        canonical_url="",
        title=line.title,
        text=line.text,
        language=line.lang,
        published=time,
        first_seen=time,
        fetched_at=time,
    )


def _span(written: str) -> timedelta:
    found = _SPAN.fullmatch(written.strip())
    if found is None or float(found[1]) == 0:
        raise Misconfigured(f"--window {written}: write a number above 0 with m, h or d, e.g. 72h")
    return timedelta(**{_UNITS[found[2]]: float(found[1])})
