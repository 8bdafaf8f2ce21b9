"""What do they read?

Pure: a notice in, words out. Titles, quotes, outlets and links come from strangers: whatever leaves here is free of
control and bidirectional characters, escaped where it is HTML, and its links are http or https.
"""

import json
import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from html import escape
from urllib.parse import quote, urlsplit

from alerts.notice import Notice
from alerts.phrases import Phrases, clock, is_same_day, moment, phrases_for
from wire.messages import Copy, Mention, Zone

PAYLOAD_SCHEMA = 1
PAYLOAD_LIMIT = 20_000  # bytes; Standard Webhooks asks receivers for no more
LISTED = 20  # copies and mentions in a payload
FITS = 2  # one of each is always small enough
LONGEST_TEXT = 300
LONGEST_NAME = 100
QUOTED = 240  # characters on each side of the words found; a mention brings no more
LONGEST_SUBJECT = 180
LONGEST_LINK = 2_000
NAMES_SHOWN = 8
REASONS_SHOWN = 5
CLOCK_SKEW = timedelta(minutes=5)  # a publisher's clock that is further ahead says nothing

TYPE = "alert.created"
_ZONES: tuple[Zone, ...] = ("title", "lead", "body", "boilerplate")
BLANKS = re.compile(r"[^\S\u00a0\u202f]+")  # French sets no-break spaces before ":" and within « »
_JOINERS = "\u200c\u200d"  # Persian words and emoji need them; they cannot reorder text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a story is told: who is named in it, where, in which words; `is_headline` when those are the headline."""

    entity: str
    place: str
    before: str
    found: str
    after: str
    is_headline: bool = False

    @property
    def quote(self) -> str:
        return f"{self.before}{self.found}{self.after}"


def clean(text: str) -> str:
    """The text without characters that act on a terminal, hide or reorder others; runs of blanks become one."""
    visible = "".join(character for character in text if _is_visible(character))
    return BLANKS.sub(" ", visible)


def shorten(text: str, limit: int) -> str:
    """The text within `limit` characters; what is cut is cut between words where one ends nearby."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    words, blank, _ = cut.rpartition(" ")
    return f"{words if blank and len(words) > limit // 2 else cut}…"


def link(address: str) -> str:
    """The address when a reader may be sent there, else nothing: http and https only, no password trick in front."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        return ""
    safe = quote(clean(address.strip()), safe="!#$%&()*+,/:;=?@[]~-._")
    return safe if len(safe) <= LONGEST_LINK else ""


def headline(notice: Notice) -> str:
    return shorten(clean(notice.told.title).strip(), LONGEST_TEXT) or phrases_for(notice.language).no_headline


def reasons(notice: Notice) -> tuple[Reason, ...]:
    """One an entity, its best mention: nearest to the title, then surest."""
    places = phrases_for(notice.language).places
    best: dict[str, Mention] = {}
    for mention in sorted(notice.mentions, key=lambda m: (_ZONES.index(m.zone), -m.score)):
        best.setdefault(clean(mention.entity).strip(), mention)
    found = [_reason(entity, mention, places[mention.zone]) for entity, mention in best.items()]
    title = headline(notice)
    return tuple(replace(reason, is_headline=reason.quote.strip() == title) for reason in found)


def marked_headline(notice: Notice) -> tuple[tuple[str, bool], ...]:
    """The headline in pieces, and of each whether it is one of the words found."""
    title = headline(notice)
    found = sorted({reason.found.strip() for reason in reasons(notice)} - {""}, key=len, reverse=True)
    if not found:
        return ((title, False),)
    pattern = re.compile(r"(?<!\w)(" + "|".join(map(re.escape, found)) + r")(?!\w)")
    pieces = pattern.split(title)
    return tuple((piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece)


def subject(notice: Notice) -> str:
    """One line: the headline, with the names before it when it does not say them itself."""
    words = phrases_for(notice.language)
    marked = any(is_found for _, is_found in marked_headline(notice))
    names = [reason.entity for reason in reasons(notice)]
    prefix = "" if marked or not names else shorten(", ".join(names[:3]), 60) + words.colon
    return shorten(f"{prefix}{headline(notice)}", LONGEST_SUBJECT)


def also_in(notice: Notice) -> str:
    """The other outlets, counted and named; empty when there is none."""
    words = phrases_for(notice.language)
    names = _other_outlets(notice)
    others = max(notice.outlet_count - 1, len(names))
    if others < 1:
        return ""
    shown = names[:NAMES_SHOWN]
    hidden = others - len(shown)
    listed = ", ".join(shown) + (f" {words.more(hidden)}" if hidden and shown else "")
    copies = f" ({words.copies(notice.copy_count)})" if notice.copy_count > others + 1 else ""
    return words.also(others) + (words.colon + listed if listed else "") + copies


def times(notice: Notice) -> str:
    """When it was published, if the publisher's clock can be believed, and when we saw it."""
    words, told, zone = phrases_for(notice.language), notice.told, notice.timezone
    seen_on = f"{words.seen_on} {moment(told.fetched_at, zone, words)}"
    if told.published is None or told.published > told.fetched_at + CLOCK_SKEW:
        return seen_on
    seen = f"{words.seen} {clock(told.fetched_at, zone)}"
    published = f"{words.published} {moment(told.published, zone, words)}"
    return f"{published}, {seen if is_same_day(told.published, told.fetched_at, zone) else seen_on}"


def outlet(notice: Notice) -> str:
    return clean(notice.told.outlet).strip() or clean(notice.told.feed).strip()


def watchlists(notice: Notice) -> str:
    return ", ".join(clean(name).strip() for name in notice.watchlists)


def text(notice: Notice) -> str:
    """The alert as plain text, for mail; evidence stands between asterisks."""
    words = phrases_for(notice.language)
    lines = [headline(notice), ""]
    for reason in reasons(notice)[:REASONS_SHOWN]:
        quoted = [] if reason.is_headline else [f"  {_starred(reason, words)}"]
        lines += [f"{reason.entity} ({reason.place}){words.colon.rstrip() if quoted else ''}", *quoted]
    lines += ["", outlet(notice), times(notice), also_in(notice), link(notice.told.link), "", "-- "]
    lines.append(_because(notice, words))
    return "\n".join(_without_repeated_gaps(lines)) + "\n"


def html(notice: Notice) -> str:
    """The alert as a mail that reads well on a phone: one column, no picture, no script, nothing fetched."""
    words, address = phrases_for(notice.language), link(notice.told.link)
    title = "".join(_mark(piece) if found else escape(piece) for piece, found in marked_headline(notice))
    head = f'<a href="{escape(address)}" style="color:#0b3d66;text-decoration:none">{title}</a>' if address else title
    rows = [_html_reason(reason, words) for reason in reasons(notice)[:REASONS_SHOWN]]
    facts = [f"<b>{escape(outlet(notice))}</b>", escape(times(notice)), escape(also_in(notice))]
    button = _BUTTON.format(address=escape(address), read=escape(words.read)) if address else ""
    return _PAGE.format(
        language=words.language,
        title_language=escape(_language_code(notice.told.language) or words.language),
        headline=head,
        reasons="\n".join(rows),
        facts="<br>\n".join(fact for fact in facts if fact),
        button=button,
        because=escape(_because(notice, words)),
    )


def payload(notice: Notice) -> dict[str, object]:
    """The alert for machines, at most `PAYLOAD_LIMIT` bytes as JSON; the same facts give the same payload."""
    copies = [_copy_facts(copy) for copy in notice.copies[:LISTED]]
    mentions = [_mention_facts(mention) for mention in notice.mentions[:LISTED]]
    while True:
        body = _payload(notice, copies, mentions)
        if len(to_bytes(body)) <= PAYLOAD_LIMIT or len(copies) + len(mentions) <= FITS:
            return body
        (copies if len(copies) >= len(mentions) else mentions).pop()


def to_bytes(facts: dict[str, object]) -> bytes:
    """Compact JSON in UTF-8, on one line."""
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def line(notice: Notice, sent_at: datetime) -> dict[str, object]:
    """The alert as one flat line, for programs that follow a terminal channel."""
    told = notice.told
    return {
        "key": notice.key,
        "alert": notice.alert,
        "kind": "first",  # followers tell first alerts from what may come later
        "occasion": notice.occasion,
        "story": notice.story,
        "watchlists": [clean(name) for name in notice.watchlists],
        "entities": [reason.entity for reason in reasons(notice)],
        "evidence": [asdict(reason) for reason in reasons(notice)[:REASONS_SHOWN]],
        "article": told.article,
        "title": headline(notice),
        "link": link(told.link),
        "feed": told.feed,
        "outlet": outlet(notice),
        "language": _language_code(told.language),
        "copies": notice.copy_count,
        "outlets": notice.outlet_count,
        "published": _iso(told.published),
        "fetched_at": _iso(told.fetched_at),
        "matched_at": _iso(notice.matched_at),
        "sent_at": _iso(sent_at),
    }


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return character.isspace() or character in _JOINERS or category not in {"Cc", "Cf", "Cs", "Co"}


def _reason(entity: str, mention: Mention, place: str) -> Reason:
    start, end, whole = mention.quote_start, mention.quote_end, mention.quote
    if not 0 <= start < end <= len(whole):
        return Reason(entity=entity, place=place, before="", found=clean(mention.surface).strip(), after="")
    before, after = clean(whole[:start]).lstrip()[-QUOTED:], clean(whole[end:]).rstrip()[:QUOTED]
    if mention.zone != "title":
        before = before if not before or before[0].isupper() or not before[0].isalpha() else f"…{before}"
        after = after if not after or not after[-1].isalnum() else f"{after}…"
    return Reason(
        entity=entity, place=place, before=before, found=shorten(clean(whole[start:end]), QUOTED), after=after
    )


def _other_outlets(notice: Notice) -> list[str]:
    """Names of the other outlets as they came; the language is told where it is another one."""
    told = notice.told
    names: dict[str, str] = {}
    for copy in notice.copies[1:]:
        name = shorten(clean(copy.outlet).strip(), 60)
        if name and copy.outlet != told.outlet:
            code = _language_code(copy.language)
            names.setdefault(name, f"{name} ({code})" if code and copy.language != told.language else name)
    return list(names.values())


def _language_code(language: str) -> str:
    """The code, or nothing where a feed's word for it is none."""
    return language if re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", language) else ""


def _because(notice: Notice, words: Phrases) -> str:
    before, after = words.quotes
    names = ", ".join(f"{before}{clean(name).strip()}{after}" for name in notice.watchlists)
    return f"{words.because(len(notice.watchlists))} {names}."


def _starred(reason: Reason, words: Phrases) -> str:
    before, after = words.quotes
    return f"{before}{reason.before}*{reason.found}*{reason.after}{after}"


def _without_repeated_gaps(lines: list[str]) -> list[str]:
    return [here for number, here in enumerate(lines) if here or (number and lines[number - 1])]


def _html_reason(reason: Reason, words: Phrases) -> str:
    who = f'<b>{escape(reason.entity)}</b> <span style="color:#666">{escape(reason.place)}</span>'
    before, after = words.quotes
    quoted = f"{before}{escape(reason.before)}{_mark(reason.found)}{escape(reason.after)}{after}"
    quote_line = "" if reason.is_headline else f'<br>\n<span dir="auto">{quoted}</span>'
    return f'<p style="margin:0 0 12px">{who}{quote_line}</p>'


def _mark(found: str) -> str:
    return f'<mark style="background:#ffe88a;color:#111">{escape(found)}</mark>'


def _payload(notice: Notice, copies: list[dict[str, object]], mentions: list[dict[str, object]]) -> dict[str, object]:
    told = notice.told
    return {
        "type": TYPE,
        "schema": PAYLOAD_SCHEMA,
        "timestamp": _iso(notice.matched_at),
        "data": {
            "key": notice.key,
            "alert": notice.alert,
            "occasion": notice.occasion,
            "story": notice.story,
            "watchlists": [shorten(clean(name), LONGEST_NAME) for name in notice.watchlists[:LISTED]],
            "headline": headline(notice),
            "link": link(told.link),
            "outlet": shorten(outlet(notice), LONGEST_TEXT),
            "language": _language_code(told.language),
            "published": _iso(told.published),
            "fetched_at": _iso(told.fetched_at),
            "copy_count": notice.copy_count,
            "outlet_count": notice.outlet_count,
            "mentions": mentions,
            "copies": copies,
        },
    }


def _copy_facts(copy: Copy) -> dict[str, object]:
    return {
        "article": copy.article,
        "outlet": shorten(clean(copy.outlet), LONGEST_TEXT),
        "title": shorten(clean(copy.title), LONGEST_TEXT),
        "link": link(copy.link),
        "language": _language_code(copy.language),
        "relation": copy.relation,
        "published": _iso(copy.published),
        "fetched_at": _iso(copy.fetched_at),
    }


def _mention_facts(mention: Mention) -> dict[str, object]:
    reason = _reason("", mention, "")
    return {
        "entity": shorten(clean(mention.entity), LONGEST_TEXT),
        "type": mention.type,
        "alias": shorten(clean(mention.alias), LONGEST_TEXT),
        "score": mention.score,
        "why": shorten(clean(mention.why), LONGEST_TEXT),
        "zone": mention.zone,
        "quote": reason.quote,
        "quote_start": len(reason.before),
        "quote_end": len(reason.before) + len(reason.found),
    }


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_BUTTON = """\
<p style="margin:16px 0"><a href="{address}" style="display:inline-block;padding:10px 18px;border-radius:6px;\
background:#0b3d66;color:#fff;text-decoration:none">{read}</a></p>"""

_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light">
</head>
<body style="margin:0;padding:16px;background:#fff;color:#111;\
font:16px/1.45 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div style="max-width:600px;margin:0 auto">
<h1 lang="{title_language}" dir="auto" style="font-size:21px;line-height:1.25;margin:0 0 14px">{headline}</h1>
{reasons}
<p style="margin:0 0 12px;color:#333">{facts}</p>
{button}
<p style="margin:20px 0 0;padding-top:10px;border-top:1px solid #ddd;color:#666;font-size:13px">{because}</p>
</div>
</body>
</html>
"""
