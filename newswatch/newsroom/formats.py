"""How does a feed look at a given second, as RSS 2.0, Atom or RSS 1.0 (RDF)?

Pure: the same second gives the same bytes, so a feed in which nothing happened can be answered with 304.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

from newswatch.newsroom.content import Feed, Item, Newsroom

SHOWN = 30  # items in one document, newest first
TRACKING = "?utm_source=feed&utm_medium=rss"  # hung on by half the feeds, as in life; the article is the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An item as it stands in its feed, or on its page, right now."""

    id: str
    link: str
    title: str
    paragraphs: tuple[str, ...]
    plain: bool
    published: datetime
    updated: datetime

    @property
    def html(self) -> str:
        if self.plain:
            return escape("\n\n".join(self.paragraphs), quote=False)
        return "".join(f"<p>{escape(part, quote=False)}</p>" for part in self.paragraphs)


def shown_items(newsroom: Newsroom, feed: Feed, *, second: float, opened: datetime, base: str) -> list[Shown]:
    """What `feed` shows at `second`, newest first. `opened` is the moment of second 0."""
    there = [item for item in newsroom.items if item.feed == feed.id and item.at <= second]
    there.sort(key=lambda item: (item.at, -item.age), reverse=True)
    return [_shown(item, feed, second, opened, base) for item in there[:SHOWN]]


def render_feed(feed: Feed, shown: Iterable[Shown], base: str) -> bytes:
    """The document, encoded as UTF-8."""
    document = {"rss": _rss, "atom": _atom, "rdf": _rdf}[feed.format](feed, list(shown), f"{base}/feeds/{feed.id}.xml")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{document}'.encode()


def render_page(shown: Shown) -> bytes:
    """The article's own page, for whoever opens its link."""
    body = shown.html if not shown.plain else f"<pre style='white-space: pre-wrap'>{shown.html}</pre>"
    title = _text(shown.title)
    return f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{body}".encode()


def _shown(item: Item, feed: Feed, second: float, opened: datetime, base: str) -> Shown:
    revision = item.revised if item.revised and item.revised.at <= second else None
    published = opened + timedelta(seconds=max(item.at, 0)) - item.age
    version = revision or item
    tracking = TRACKING if feed.format == "rss" else ""
    return Shown(
        id=f"{feed.id}:{item.id}",
        link=f"{base}/news/{item.page}{tracking}",
        title=version.title,
        paragraphs=version.paragraphs,
        plain=item.plain,
        published=published,
        updated=opened + timedelta(seconds=revision.at) if revision else published,
    )


def _rss(feed: Feed, shown: list[Shown], address: str) -> str:
    items = "\n".join(
        f"<item><title>{_text(each.title)}</title><link>{_text(each.link)}</link>"
        f'<guid isPermaLink="false">{each.id}</guid><pubDate>{format_datetime(each.published)}</pubDate>'
        f"<description>{_text(each.html)}</description></item>"
        for each in shown
    )
    return (
        f'<rss version="2.0"><channel><title>{_text(feed.title)}</title><link>{address}</link>'
        f"<description>{_text(feed.outlet)}</description><language>{feed.language}</language>\n{items}\n</channel></rss>"
    )


def _atom(feed: Feed, shown: list[Shown], address: str) -> str:
    entries = "\n".join(
        f"<entry><title>{_text(each.title)}</title><id>urn:newsroom:{each.id}</id>"
        f'<link href="{_text(each.link)}"/><published>{_stamp(each.published)}</published>'
        f"<updated>{_stamp(each.updated)}</updated>"
        f'<content type="html">{_text(each.html)}</content></entry>'
        for each in shown
    )
    newest = max((each.updated for each in shown), default=datetime.fromtimestamp(0, UTC))
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{feed.language}"><title>{_text(feed.title)}</title>'
        f'<id>urn:newsroom:{feed.id}</id><link rel="self" href="{address}"/><updated>{_stamp(newest)}</updated>'
        f"<author><name>{_text(feed.outlet)}</name></author>\n{entries}\n</feed>"
    )


def _rdf(feed: Feed, shown: list[Shown], address: str) -> str:
    contents = "".join(f'<rdf:li rdf:resource="{_text(each.link)}"/>' for each in shown)
    items = "\n".join(
        f'<item rdf:about="{_text(each.link)}"><title>{_text(each.title)}</title><link>{_text(each.link)}</link>'
        f"<dc:date>{_stamp(each.published)}</dc:date><description>{_text(each.html)}</description></item>"
        for each in shown
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{address}"><title>{_text(feed.title)}</title>'
        f"<link>{address}</link><description>{_text(feed.outlet)}</description><dc:language>{feed.language}</dc:language>"
        f"<items><rdf:Seq>{contents}</rdf:Seq></items></channel>\n{items}\n</rdf:RDF>"
    )


def _text(words: str) -> str:
    return escape(words, quote=True)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
