"""Which articles are in these bytes? (the only importer of feedparser)

Title and text stay as received, markup included: cleaning is the stream's. What must not travel at all is taken out
here: control characters, bodies without end, addresses that no browser should open. `bozo` is asked only where
nothing was found: of 112 real documents that feedparser calls ill-formed, 79 carry their entries.
"""

import re
import warnings
from calendar import timegm
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from typing import Any
from xml.sax import SAXException

import feedparser
import msgspec
from msgspec import structs

from ingest.identity import absolute_link, canonical_url, identity_of, place_of
from wire.article import Revision, cut_text, revision_of

TITLE_LIMIT = 2000  # characters; entity bombs grew titles of 300,000
GUID_LIMIT = 4096
DATE_LIMIT = 100
FLAW_LIMIT = 200

_NEVER = datetime.min.replace(tzinfo=UTC)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r"<[^<>]*>")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?=$|[-_])")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An article as one document shows it: our clock and our memory of the feed are still missing.

    `identity` is what the feed knows it by. `shared` says that other articles of the document claim the same one;
    `place` (of the address) then tells them apart.
    """

    identity: str
    shared: bool = False
    place: str
    link: str
    canonical_url: str
    title: str
    text: str
    truncated: bool = False
    published: datetime | None = None
    published_raw: str = ""
    revision: Revision


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What one feed document says. `format` is empty when it is no feed at all.

    `flaw` is what is wrong with the XML, when that may be why there is no article in it.
    """

    format: str
    flaw: str = ""
    title: str = ""
    language: str | None = None
    drafts: tuple[Draft, ...] = ()


def articles_in(body: bytes, *, url: str, content_type: str = "") -> Document:
    """Every article in a feed document that came from `url`, in its order, each once.

    Time grows with the document, steeply for hostile ones: to be called in a process that can be killed.
    """
    with warnings.catch_warnings():
        # feedparser warns of its own renamed fields; which ones we read is ours to choose.
        warnings.simplefilter("ignore", DeprecationWarning)
        return _document(_parsed(body, content_type), url)


def _parsed(body: bytes, content_type: str) -> Any:
    # BytesIO, because a body in raw bytes is tried as a file name first. No address goes in: feedparser would resolve
    # ids against it, and they would change with every redirect. Markup is not touched: its sanitizer lets scripts pass.
    utf8 = _as_utf8(body)
    headers = {"content-type": "application/xml; charset=utf-8" if utf8 is not None else content_type}
    stream = BytesIO(body if utf8 is None else utf8)
    return feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def _as_utf8(body: bytes) -> bytes | None:
    """The body when its bytes prove to be UTF-8, whatever its labels say; None when they prove nothing.

    Valid UTF-8 beyond ASCII is never something else by accident. Text in another encoding hardly holds a valid
    character, so a document with thrice as many valid ones as broken ones is UTF-8 still; the broken are replaced.
    """
    if body.isascii() or body[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in body[:1024]:
        return None
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd") - body.count(b"\xef\xbf\xbd")
    if not broken:
        return body
    valid = sum(1 for character in text if character > "\x7f") - broken
    return text.encode() if broken * 3 <= valid else None


def _document(parsed: Any, url: str) -> Document:
    head = parsed.get("feed", {})
    drafts = [_draft(entry, url) for entry in parsed.entries]
    form = parsed.get("version", "") or ("unknown" if drafts else "")
    return Document(
        format=form,
        flaw=_flaw(parsed) if form and not drafts else "",
        title=_line(head.get("title", ""), TITLE_LIMIT),
        language=_language(head.get("language", "")),
        drafts=tuple(_distinct([draft for draft in drafts if draft.title or draft.text or draft.link])),
    )


def _flaw(parsed: Any) -> str:
    """The XML parser's words. That a label or an encoding is wrong, which is bozo too, costs no articles."""
    error = parsed.get("bozo_exception")
    # Not the line: feedparser puts one of its own before the document.
    return _line(error.getMessage(), FLAW_LIMIT) if isinstance(error, SAXException) else ""


def _draft(entry: Any, url: str) -> Draft:
    guid = _plain(entry.get("id", ""))[:GUID_LIMIT].strip()
    link = absolute_link(entry.get("link", "") or _guid_link(guid), url)
    canonical = canonical_url(link)
    title = _line(entry.get("title", ""), TITLE_LIMIT)
    text, truncated = cut_text(_plain(_best_text(entry)))
    published_raw, published = _published(entry)
    revision = revision_of(_words(title), _words(text))
    return Draft(
        identity=identity_of(guid, canonical, title, published_raw, revision),
        place=place_of(canonical),
        link=link,
        canonical_url=canonical,
        title=title,
        text=text,
        truncated=truncated,
        published=published,
        published_raw=published_raw,
        revision=revision,
    )


def _distinct(drafts: list[Draft]) -> Iterator[Draft]:
    """Each article once. One id over several addresses, or over altogether different words, are several articles.

    Whichever comes first in the document must not matter: the next poll finds it turned over.
    """
    groups: dict[tuple[str, str], list[Draft]] = defaultdict(list)
    for draft in drafts:
        groups[draft.identity, draft.place].append(draft)
    found = [draft for group in groups.values() for draft in _unlike(group)]
    claims = Counter(draft.identity for draft in found)
    for draft in found:
        yield structs.replace(draft, shared=True) if claims[draft.identity] > 1 else draft


def _unlike(group: list[Draft]) -> list[Draft]:
    """Of drafts with one identity at one address the latest wording of each text; the oldest text keeps the place."""
    if len(group) == 1:
        return group
    texts: list[Draft] = []
    for draft in sorted(group, key=lambda draft: (draft.published or _NEVER, draft.title, draft.text)):
        at = next((i for i, kept in enumerate(texts) if draft.title == kept.title or draft.text == kept.text), None)
        if at is None:
            place = place_of(draft.canonical_url, draft.title) if texts else draft.place
            texts.append(structs.replace(draft, place=place))
        else:
            texts[at] = structs.replace(draft, place=texts[at].place)
    return texts


def _best_text(entry: Any) -> str:
    """The fullest text: feeds with a content repeat its beginning as a summary, some the other way round."""
    candidates = [entry.get("summary", "") or "", *(part.get("value", "") or "" for part in entry.get("content", ()))]
    return max(candidates, key=len)


def _published(entry: Any) -> tuple[str, datetime | None]:
    for name in ("published", "updated", "created"):
        raw = _line(entry.get(name, ""), DATE_LIMIT)
        if raw:
            return raw, _moment(entry.get(f"{name}_parsed"))
    return "", None


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _guid_link(guid: str) -> str:
    return guid if guid.startswith(("http://", "https://")) else ""


def _language(declared: str) -> str | None:
    found = _LANGUAGE.match(declared.strip().lower()) if isinstance(declared, str) else None
    return found[0] if found else None


def _plain(text: str) -> str:
    return _CONTROL.sub("", text) if isinstance(text, str) else ""


def _line(text: str, limit: int) -> str:
    return " ".join(_plain(text)[: limit * 4].split())[:limit]


def _words(text: str) -> str:
    """What a reader sees change: markup, entities and blanks left aside."""
    return " ".join(unescape(_TAG.sub(" ", text)).split())
