"""What in this document is news?

Pure: a document and what we remember of its feed go in; the articles to publish and what to remember of them come out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingest.feeds import Feed
from ingest.identity import is_front_page
from ingest.memory import TOUCH_AFTER, Seen
from ingest.parse import Document, Draft
from wire.article import Article, ArticleId, article_id

MOST_UPDATES = 24  # of one article; beyond, its feed counts or advertises in the text (reader keeps the same limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What to publish, and what to remember once it is published."""

    articles: tuple[Article, ...]
    seen: tuple[Seen, ...]


def names_of(draft: Draft, feed: str) -> tuple[ArticleId, ArticleId]:
    """The ids under which we may remember this article: by the feed's id for it, and by that and its address."""
    return article_id(feed, draft.identity), article_id(feed, f"{draft.identity}\n{draft.place}")


def news_in(document: Document, *, feed: Feed, known: Mapping[ArticleId, Seen], now: datetime, backfill: bool) -> News:
    """The articles of a document that are new or whose words have changed.

    Args:
        known: what the feed has shown before, by every id in `names_of` each draft.
        backfill: it is the feed's very first poll: to be read, not to be alerted.
    """
    articles: list[Article] = []
    seen: list[Seen] = []
    for draft in document.drafts:
        name, memory = _recognise(draft, feed.id, known)
        event = _event(draft, memory)
        if event:
            articles.append(
                Article(
                    id=name,
                    revision=draft.revision,
                    event=event,
                    feed=feed.id,
                    outlet=feed.name,
                    link=draft.link,
                    canonical_url=_address(draft, name),
                    title=draft.title,
                    text=draft.text,
                    language=feed.language or document.language,
                    published=min(draft.published, now) if draft.published else None,
                    published_raw=draft.published_raw,
                    first_seen=memory.first_seen_at if memory else now,
                    fetched_at=now,
                    backfill=backfill,
                    truncated=draft.truncated,
                )
            )
        if _worth_noting(draft, memory, event, now):
            seen.append(_noted(draft, name, memory, event, now))
    return News(articles=tuple(articles), seen=tuple(seen))


def _recognise(draft: Draft, feed: str, known: Mapping[ArticleId, Seen]) -> tuple[ArticleId, Seen | None]:
    """The draft's id and what we remember under it.

    Where several articles of a document claim one identity, the one that stands at the remembered address keeps it
    and the others go by identity and address, however the document is ordered and whoever leaves it first.
    """
    plain, placed = names_of(draft, feed)
    if placed in known:
        return placed, known[placed]
    memory = known.get(plain)
    if not draft.shared or (memory and memory.place == draft.place):
        return plain, memory
    return placed, None


def _event(draft: Draft, memory: Seen | None) -> Literal["new", "updated"] | None:
    if memory is None:
        return "new"
    changed = memory.revision != draft.revision and memory.updates < MOST_UPDATES
    return "updated" if changed else None


def _worth_noting(draft: Draft, memory: Seen | None, event: str | None, now: datetime) -> bool:
    if memory is None or event:
        return True
    return memory.place != draft.place or now.timestamp() - memory.last_seen > TOUCH_AFTER


def _noted(draft: Draft, name: ArticleId, memory: Seen | None, event: str | None, now: datetime) -> Seen:
    at = now.timestamp()
    return Seen(
        article=name,
        place=draft.place,
        revision=draft.revision if event or memory is None else memory.revision,
        updates=(memory.updates if memory else 0) + (event == "updated"),
        first_seen=memory.first_seen if memory else at,
        last_seen=at,
    )


def _address(draft: Draft, name: ArticleId) -> str:
    """Copies meet by this address, so it must be the article's own: the site's front page is nobody's."""
    shareable = draft.canonical_url and not is_front_page(draft.canonical_url)
    return draft.canonical_url if shareable else f"newswatch:{name}"
