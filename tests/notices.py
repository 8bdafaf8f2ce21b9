"""Notices to tell, of which a test says only what it is about."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.notice import Notice
from wire.article import ArticleId, Revision
from wire.messages import Copy, Mention, Watch, Zone
from wire.watchlist import EntityId, WatchlistId

FETCHED = datetime(2023, 11, 20, 14, 4, 5, tzinfo=UTC)
HEADLINE = "Orvanne Energy loses its chief to a rival"


def copy_in(outlet: str, title: str = HEADLINE, **facts: Any) -> Copy:
    name = re.sub("[^a-z0-9]+", "-", outlet.lower())[:40]
    told: dict[str, Any] = {
        "article": ArticleId(f"article-{name}"),
        "revision": Revision("r1"),
        "feed": f"feed-{name}",
        "link": f"https://{name}.example/story",
        "language": "en",
        "relation": "copy",
        "published": FETCHED - timedelta(minutes=6),
        "fetched_at": FETCHED,
    }
    return Copy(outlet=outlet, title=title, **(told | facts))


def mention_of(entity: str, quote: str, surface: str = "", zone: Zone = "lead", **facts: Any) -> Mention:
    """`surface` (the entity's name where nothing else is said) stands in `quote`."""
    words = surface or entity
    start = quote.index(words)
    told: dict[str, Any] = {
        "type": "ORG",
        "watches": (Watch(watchlist=WatchlistId("energy"), version=1, entity=EntityId(entity)),),
        "alias": words,
        "field": "text",
        "start": start,
        "end": start + len(words),
        "score": 1.0,
        "why": "alias",
    }
    return Mention(
        entity=entity,
        surface=words,
        zone=zone,
        quote=quote,
        quote_start=start,
        quote_end=start + len(words),
        **(told | facts),
    )


def notice(
    *copies: Copy,
    mentions: tuple[Mention, ...] | None = None,
    **facts: Any,
) -> Notice:
    """By default: one English copy, whose headline names the one entity."""
    told = copies or (copy_in("Morning Ledger", relation="new"),)
    found = (mention_of("Orvanne Energy", HEADLINE, zone="title"),) if mentions is None else mentions
    defaults: dict[str, Any] = {
        "key": "key-1",
        "occasion": "first",
        "alert": 1,
        "story": "story-1",
        "watchlists": ("Energy",),
        "copy_count": len(told),
        "outlet_count": len({copy.outlet for copy in told}),
        "matched_at": FETCHED + timedelta(seconds=1),
    }
    return Notice(mentions=found, copies=told, **(defaults | facts))
