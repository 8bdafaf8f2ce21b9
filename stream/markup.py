"""Which characters of a feed's markup are words, and where did they stand?

Feeds send HTML, escaped HTML and plain text under one name. Only known tags count as markup, so that "<BAC>" in a wire
text stays a word. nh3 makes HTML safe but forgets where things stood; this scanner keeps the place of every character.
"""

# columns of quoted words read worse than running text

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from stream.text import OffsetMap

_BLOCK = frozenset(
    """
    address article aside blockquote br button caption center dd details div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 head header hr html body iframe li main nav ol option p pre section select
    summary table tbody td tfoot th thead title tr ul video audio object embed
    """.split()
)
_INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd label link mark meta q rp rt
    ruby s samp small source span strike strong sub sup time track tt u var wbr svg path g picture base
    """.split()
)
# A hostile text costs one pass, never a second try: possessive repeats, and what is left open ends with the text.
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<!\[CDATA\[|\]\]>"
    r"|<![a-zA-Z][^<>]*+>"
    r"|<(?P<hidden>script|style|noscript|template)\b[^>]*+>.*?(?:</(?P=hidden)\s*+>|\Z)"
    r"""|</?(?P<tag>[a-zA-Z][\w:-]*+)(?:[^<>"']|"[^"<>]*+"|'[^'<>]*+')*+>"""
    r"|</?(?P<loose>[a-zA-Z][\w:-]*+)(?:\s[^<>]*+)?>"
    r"|&(?:amp;)?(?P<entity>\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});"
    r"|(?P<invisible>[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b\x0c\x0e-\x1f]+)"
    r"|(?P<marked>[^\W\d_][\u0300-\u036f]+)",
    re.DOTALL | re.IGNORECASE,
)
# Most texts hold none of it; to know that is far cheaper than to search them for each.
_ANY_MARKUP = re.compile(
    r"[<&\]\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b\x0c\x0e-\x1f]"
)
_BREAK = "\n\n"


class _Piece(NamedTuple):
    text: str
    start: int
    end: int
    verbatim: bool


def strip_markup(raw: str) -> tuple[str, OffsetMap]:
    """The words a reader sees, and the way back to where they stood.

    Block ends become an empty line, inline tags vanish without a trace. In a text with block tags a line break is
    only a space, as in a browser.
    """
    if not _ANY_MARKUP.search(raw):
        return raw, OffsetMap(raw_ends=(len(raw),))
    pieces = [piece for piece in _pieces(raw) if piece.text]
    has_blocks = any(piece.text == _BREAK and not piece.verbatim for piece in pieces)
    text = "".join(
        piece.text.replace("\n", " ").replace("\r", " ") if has_blocks and piece.verbatim else piece.text
        for piece in pieces
    )
    return text, _map_of(pieces)


def _map_of(pieces: list[_Piece]) -> OffsetMap:
    if not pieces:
        return OffsetMap()
    starts, at = [], 0
    for piece in pieces:
        starts.append(at)
        at += len(piece.text)
    return OffsetMap(
        starts=tuple(starts),
        raw_starts=tuple(piece.start for piece in pieces),
        raw_ends=tuple(piece.end for piece in pieces),
        verbatim=tuple(piece.verbatim for piece in pieces),
    )


def _pieces(raw: str) -> Iterator[_Piece]:
    at = 0
    for found in _MARKUP.finditer(raw):
        replacement = _replacement(found)
        if replacement is None:
            continue
        yield _Piece(raw[at : found.start()], at, found.start(), True)
        yield _Piece(replacement, found.start(), found.end(), False)
        at = found.end()
    yield _Piece(raw[at:], at, len(raw), True)


def _replacement(found: re.Match[str]) -> str | None:
    """What the reader sees in place of the markup; None when it is no markup after all."""
    if found["entity"]:
        return _character(found["entity"])
    if found["marked"]:
        composed = unicodedata.normalize("NFC", found[0])
        return composed if composed != found[0] else None
    if found["hidden"]:
        return _BREAK
    name = (found["tag"] or found["loose"] or "").lower()
    return _in_place_of_tag(name) if name else ""


def _in_place_of_tag(name: str) -> str | None:
    if name in _BLOCK:
        return _BREAK
    is_tag = name in _INLINE or ":" in name or "-" in name
    return "" if is_tag else None


def _character(entity: str) -> str | None:
    seen = html.unescape(f"&{entity};")
    if seen.startswith("&") and seen.endswith(";") and len(seen) > 1:
        return None  # no entity that HTML knows: "&foo;" is text
    return "" if seen in "\u00ad\u200b\u200c\u200d\u2060\ufeff" else seen
