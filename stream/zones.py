"""Which lines of a text are not the story?

Outlets wrap a story in bylines, "read more" links, newsletters, copyright lines and teasers of other stories. A name
that stands only there must alert nobody. The rules know English, French, German and Spanish, and go by lines: a cue at
a line's start, or a run of teasers at the text's end.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from stream.text import fold
from wire.messages import Zone

TEASER_LENGTH = 160  # a linked headline is shorter; a paragraph that opens with "More on" is longer
LEAD_LENGTH = 40  # a first paragraph below this is a dateline or a kicker, not the lead


class Span(NamedTuple):
    """`start:end` of a clean text stands in `zone`."""

    start: int
    end: int
    zone: Zone


# Folded, at the start of a line. What follows on the line goes with it.
_CUES = (
    # English
    r"read (?:more|also|next|the full)\b",
    r"also read\b|see also\b|more (?:on|from|about) ",
    r"related\b[^.]{0,20}:|related (?:articles|stories|coverage|links|topics)\b",
    r"you may also like|recommended (?:for you|reading|stories)|don't miss\b|most (?:read|popular)\b|trending\b",
    r"up next\b|next:|watch:|video:|listen:",
    r"(?:sign up|subscribe|register)\b.{0,60}\b(?:newsletter|alerts?|inbox|updates|today|now|here)\b",
    r"(?:follow|like|join) us (?:on|at)\b|click here\b|share this\b|advertisement\b|(?:photo|image|picture) credit\b",
    r"(?:additional )?(?:reporting|editing|writing) by\b",
    r"this (?:article|column|story) (?:was|does|originally|first)\b|the views expressed\b",
    # French
    r"en savoir plus\b|(?:a )?lire (?:aussi|egalement|la suite)\b|(?:a )?voir (?:aussi|egalement)\b",
    r"pour aller plus loin\b|sur le meme (?:sujet|theme)\b|(?:nos )?articles? (?:lies|recommandes)\b",
    r"(?:inscrivez|abonnez)[- ]vous\b|decouvrez (?:aussi|egalement)\b|suivez[- ]nous\b|a decouvrir\b",
    r"partager (?:cet article|sur)\b|publicite\b|recevez\b.{0,60}\b(?:newsletter|lettre|infos?)\b|cette chronique\b",
    # German
    r"lesen sie (?:auch|mehr|hier|dazu)\b|mehr (?:zum thema|dazu|lesen|aus)\b|weiterlesen\b",
    r"(?:auch|ebenfalls) interessant\b|siehe auch\b|zum thema\b|das konnte sie auch|hier (?:geht|lesen)\b",
    r"jetzt (?:abonnieren|anmelden|bestellen)\b|(?:abonnieren|folgen) sie\b|anzeige\b",
    # Spanish
    r"leer mas\b|lea (?:tambien|mas)\b|lee (?:tambien|mas)\b|(?:tambien )?(?:te|le) (?:puede|podria) interesar\b",
    r"mas informacion\b|ver tambien\b|ademas:|noticias? relacionadas?\b|te recomendamos\b",
    r"(?:suscribete|suscribase|siguenos|siganos)\b|publicidad\b",
)
_CUE = re.compile(rf"[\W_]*(?:{'|'.join(_CUES)})")
# Shouted teasers: "NEXT Threads, …". Case matters: "Next, the court …" is a sentence.
_SHOUTED = re.compile(
    r"[\W_]*(?:NEXT|RELATED|MORE|WATCH|READ|LIRE|VOIR|AUSSI|MEHR|LESEN|LEER|VER)(?:\s+[A-Z]{3,}){0,2}\s*[:\s|»>-]+\S"
)
_PHRASES = (
    "all rights reserved",
    "tous droits reserves",
    "alle rechte vorbehalten",
    "todos los derechos reservados",
    "newsletter",
    "unsubscribe",
    "cookie policy",
    "opinion de la redaction",
)
_SIGNED = re.compile(r"©|\(c\) ?(?:19|20)\d\d|copyright \d{4}")
_BYLINE = re.compile(r"[\W_]*(?:By|Par|Von|Por|Di)\s+[A-ZÀ-Þ][^.!?:]{2,70}$")
_AGENCIES = (
    r"(?:Reuters|AP|AFP|dpa|DPA|EFE|ANSA|APA|PA|Xinhua|TASS|Bloomberg|Associated Press|Agence France-Presse"
    r"|Europa Press|Kyodo)"
)
_CREDIT = re.compile(
    rf"[\W_]*(?P<credit>{_AGENCIES}\b[^.\n]{{0,12}}?|[^.\n]{{0,40}}?\({_AGENCIES}[^)\n]{{0,30}}\))\s*[-–—:]+\s"
)
_LINE = re.compile(r"[^\n]+")
_WORDLESS = re.compile(r"[\W_]*")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]\s]*$")


class _Line(NamedTuple):
    start: int
    end: int
    text: str
    folded: str


def lines_in(text: str) -> list[tuple[int, int]]:
    """Where the lines stand that are not blank."""
    return [found.span() for found in _LINE.finditer(text) if not found[0].isspace()]


def zones_of(text: str, folded: str, echoes: list[tuple[int, int]], outlet: str = "") -> tuple[Span, ...]:
    """The zones of a clean text, gapless from 0 to its end. `echoes` are where it repeats the title."""
    lines = [_Line(start, end, text[start:end], folded[start:end]) for start, end in lines_in(text)]
    zones = _with_teaser_tail(lines, [_zone_of(line, place, echoes) for place, line in enumerate(lines)])
    return _joined(_cut_credits(_with_lead(lines, zones), fold(outlet)), len(text))


def _zone_of(line: _Line, place: int, echoes: list[tuple[int, int]]) -> Zone:
    if any(start <= line.start and line.end <= end for start, end in echoes):
        return "title"
    if _WORDLESS.fullmatch(line.text) or _is_boilerplate(line) or (place < 4 and _BYLINE.match(line.text)):  # noqa: PLR2004  # bylines stand on top
        return "boilerplate"
    return "body"


def _is_boilerplate(line: _Line) -> bool:
    """Does this line advertise, thank, sell or link, instead of telling?"""
    if len(line.text) > TEASER_LENGTH * 2:
        return False
    if _CUE.match(line.folded) or _SHOUTED.match(line.text):
        return True
    return any(phrase in line.folded for phrase in _PHRASES) or bool(_SIGNED.search(line.folded))


def _with_teaser_tail(lines: list[_Line], zones: list[Zone]) -> list[Zone]:
    """After the last cue in the text's second half, lines without a sentence's end are linked headlines."""
    tail = len(zones)
    for place in range(len(zones) - 1, -1, -1):
        if zones[place] == "boilerplate":
            tail = place
        elif not _is_teaser(lines[place].text):
            break
    if tail == 0:
        return zones
    return zones[:tail] + ["boilerplate"] * (len(zones) - tail)


def _is_teaser(line: str) -> bool:
    return len(line) <= TEASER_LENGTH and not _SENTENCE_END.search(line)


def _with_lead(lines: list[_Line], zones: list[Zone]) -> Iterator[tuple[_Line, Zone]]:
    lead_seen = False
    for line, zone in zip(lines, zones, strict=True):
        if zone == "body" and not lead_seen:
            lead_seen = len(line.text.strip()) >= LEAD_LENGTH
            yield line, "lead"
        else:
            yield line, zone


def _cut_credits(zoned: Iterator[tuple[_Line, Zone]], outlet: str) -> Iterator[Span]:
    """The agency or outlet before the first words ("Reuters — ") signs the text; the text does not tell of it."""
    for line, zone in zoned:
        cut = line.start + _credit_length(line, outlet) if zone == "lead" else line.start
        if cut > line.start:
            yield Span(line.start, cut, "boilerplate")
        yield Span(cut, line.end, zone)


def _credit_length(line: _Line, outlet: str) -> int:
    credit = _CREDIT.match(line.text)
    if credit:
        return credit.end("credit")
    return len(outlet) if outlet and line.folded.startswith((f"{outlet} -", f"{outlet}:")) else 0


def _joined(spans: Iterator[Span], length: int) -> tuple[Span, ...]:
    """Neighbours of one zone as one span; what stands between two lines belongs to the first."""
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].zone == span.zone:
            joined[-1] = Span(joined[-1].start, span.end, span.zone)
        else:
            start = joined[-1].end if joined else 0
            joined.append(Span(start, span.end, span.zone))
    if not joined:
        return (Span(0, length, "body"),) if length else ()
    joined[-1] = joined[-1]._replace(end=length)
    return tuple(joined)
