"""Which watched entities does this article mention, and where?

Candidates, verdicts, the longest of what overlaps, weak ones that the rest supports, tickers, surnames: in this order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from stream.clean import CleanArticle, CleanField
from stream.matching.candidates import find_candidates
from stream.matching.evidence import SOMEBODY, SUPPORTED, Verdict, judge, with_legal_form
from stream.matching.index import AliasIndex, EntryKey
from stream.matching.options import with_options
from stream.matching.quote import quote_around, whole_word
from stream.matching.surnames import find_surnames, surnames_known
from stream.matching.tickers import TickerSeen, find_tickers
from stream.matching.verify import Candidate
from stream.text import tokens_in
from wire.messages import Field, Mention, Watch

QUOTED_PER_ENTITY = 3  # a person reads one or two
MENTIONS_PER_ENTITY = 40  # more places of one entity tell nobody more, and a text of nothing but names stays cheap


@dataclass(frozen=True, slots=True)
class _Seen:
    """A mention in the making, in clean offsets."""

    field: CleanField
    entry: EntryKey
    alias: str
    start: int
    end: int
    verdict: Verdict


def find_mentions(article: CleanArticle, index: AliasIndex) -> tuple[Mention, ...]:
    """Every watched entity that the article names, title first, leftmost first.

    Of names that overlap the longest counts; two entities under the same words are both named. The title counts once:
    its repeats, in its own field and on top of the text, are not read. Time grows with the text, not with the index.
    """
    fields = (_headline_only(article.title), article.text)
    judged = _judged(article, fields, index)
    named = _longest([pair for pair in _one_sense(judged) if pair[1].strength != "refused"])
    seen = [_seen(found, verdict) for found, verdict in named]
    seen += [
        _seen_ticker(field, ticker)
        for layer in index.layers
        for field in fields
        for ticker in find_tickers(field.text, layer.tickers)
        if ticker.entry not in layer.gone
    ]
    accepted = _supported(seen)
    accepted += _surnames(fields, [found for found, _ in named], {one.entry for one in accepted})
    return tuple(_mentions(_in_order(accepted, fields), index))


class Refusal(NamedTuple):
    """A near miss: words that are like a watched name and were not taken for it. Offsets are those of the field."""

    entity: str
    alias: str
    field: Field
    start: int
    end: int
    surface: str
    why: str


def find_refusals(article: CleanArticle, index: AliasIndex) -> tuple[Refusal, ...]:
    """What `find_mentions` looked at and refused, and why; for the question "why did this article not alert me?"."""
    fields = (_headline_only(article.title), article.text)
    return tuple(
        _refusal(found, verdict if verdict.strength == "refused" else _alone(verdict))
        for found, verdict in _judged(article, fields, index)
        if verdict.strength != "sure"
    )


def _alone(verdict: Verdict) -> Verdict:
    return verdict._replace(why=f"{verdict.why}; counts only where the entity is named clearly elsewhere")


def _refusal(found: Candidate, verdict: Verdict) -> Refusal:
    entry, form = found.alias.entry, found.alias.form
    start, end = found.field.raw_span(found.start, found.end)
    return Refusal(entry.name, form.alias, found.field.field, start, end, found.surface, verdict.why)


def _judged(
    article: CleanArticle, fields: tuple[CleanField, ...], index: AliasIndex
) -> list[tuple[Candidate, Verdict]]:
    return [
        (with_legal_form(found), with_options(found, judge(found, article.language), article))
        for layer in index.layers
        for field in fields
        for found in find_candidates(field, layer, article.language)
        if not _is_echo(found.field, found.start)
    ]


def _surnames(fields: tuple[CleanField, ...], named: list[Candidate], accepted: set[EntryKey]) -> list[_Seen]:
    """Bare surnames of the persons whose full name was accepted."""
    placed = [((0 if found.field is fields[0] else 1, found.start), found) for found in named]
    placed.sort(key=lambda one: (one[0], one[1].alias.entry, one[1].end))
    known = surnames_known((place, found) for place, found in placed if found.alias.entry in accepted)
    if not known:
        return []
    taken = {(place[0], at) for place, found in placed for at in range(found.first, found.last + 1)}
    found_again = find_surnames(fields, known, taken)
    return [_seen(found, verdict) for found, verdict in found_again if not _is_echo(found.field, found.start)]


def _headline_only(title: CleanField) -> CleanField:
    """The title field without its repeats and the outlet's name; offsets stay those of the whole field."""
    shown = next((span for span in title.zones if span.zone == "title"), None)
    if shown is None:
        return title
    blank = " " * shown.start
    text, folded = blank + title.text[shown.start : shown.end], blank + title.folded[shown.start : shown.end]
    return replace(title, text=text, folded=folded, tokens=tokens_in(folded))


def _is_echo(field: CleanField, start: int) -> bool:
    return field.field == "text" and field.zone_at(start) == "title"


def _one_sense(judged: list[tuple[Candidate, Verdict]]) -> list[tuple[Candidate, Verdict]]:
    """Where a company's one word is a person's surname once ("Christine Ford"), it is so everywhere in the text."""
    elsewhere = {found.alias.form.words for found, verdict in judged if verdict.why == SOMEBODY}
    if not elsewhere:
        return judged
    return [
        (found, verdict if found.alias.form.words not in elsewhere or found.alias.form.person else _doubted(verdict))
        for found, verdict in judged
    ]


def _doubted(verdict: Verdict) -> Verdict:
    return (
        verdict
        if verdict.strength == "refused" or verdict.clear
        else verdict._replace(strength="weak", score=SUPPORTED)
    )


# What one word of a name weighs when names compete for it.
_WEIGHTS = {
    "exact": 1.0,
    "attached": 0.97,
    "inflected": 0.95,
    "nickname": 0.8,
    "sound": 0.7,
    "typo": 0.7,
    "inserted": 0.5,
    "initial": 0.5,
    "typo2": 0.4,
    "turned": -0.1,
}


def _weight(found: Candidate) -> float:
    """How much of the text the name explains, and how well."""
    letters = found.end - found.start
    return letters if found.is_exact else letters * sum(_WEIGHTS[kind] for kind in found.kinds) / len(found.kinds)


def _longest(judged: list[tuple[Candidate, Verdict]]) -> list[tuple[Candidate, Verdict]]:
    """Without those of which a weightier one holds a word; equals on the same words all stay."""
    owners: dict[tuple[int, int], tuple[int, int, float]] = {}
    kept = []
    weighed = [(_weight(found), found, verdict) for found, verdict in judged]
    weighed.sort(key=lambda one: (-one[0], one[1].start - one[1].end, one[1].start, one[1].alias.entry))
    for weight, found, verdict in weighed:
        mark = (found.start, found.end, weight)
        places = [(id(found.field), at) for at in range(found.first, found.last + 1)]
        if all(owners.get(place, mark) == mark for place in places):
            owners |= dict.fromkeys(places, mark)
            kept.append((found, verdict))
    return kept


def _seen(found: Candidate, verdict: Verdict) -> _Seen:
    return _Seen(found.field, found.alias.entry, found.alias.form.alias, found.start, found.end, verdict)


def _seen_ticker(field: CleanField, ticker: TickerSeen) -> _Seen:
    verdict = Verdict(ticker.strength, ticker.score, ticker.why)
    return _Seen(field, ticker.entry, ticker.ticker, ticker.start, ticker.end, verdict)


def _supported(seen: list[_Seen]) -> list[_Seen]:
    """The sure ones, and the weak ones whose entity is surely named elsewhere in what the journalist wrote."""
    sure = {
        one.entry for one in seen if one.verdict.strength == "sure" and one.field.zone_at(one.start) != "boilerplate"
    }
    return [
        one if one.verdict.strength == "sure" else replace(one, verdict=_with_company(one.verdict))
        for one in seen
        if one.verdict.strength == "sure" or one.entry in sure
    ]


def _with_company(verdict: Verdict) -> Verdict:
    return Verdict("sure", min(verdict.score, SUPPORTED), f"{verdict.why}; named clearly elsewhere in the text")


def _in_order(seen: list[_Seen], fields: tuple[CleanField, ...]) -> Iterable[_Seen]:
    """Title first, leftmost first, each entity at one place once, and none more often than the limit."""
    order = {id(field): place for place, field in enumerate(fields)}
    seen.sort(key=lambda one: (order[id(one.field)], one.start, -one.end, one.entry, -one.verdict.score))
    counts: Counter[EntryKey] = Counter()
    for _, same in groupby(seen, key=lambda one: (order[id(one.field)], one.start, one.end, one.entry)):
        best = next(same)
        counts[best.entry] += 1
        if counts[best.entry] <= MENTIONS_PER_ENTITY:
            yield best


def _mentions(seen: Iterable[_Seen], index: AliasIndex) -> Iterator[Mention]:
    quoted: Counter[EntryKey] = Counter()
    watches: dict[EntryKey, tuple[Watch, ...]] = {}
    for one in seen:
        told = one.field.zone_at(one.start) != "boilerplate"
        quoted[one.entry] += told
        if one.entry not in watches:
            watches[one.entry] = index.watches_of(one.entry)
        yield _mention(one, watches, is_quoted=told and quoted[one.entry] <= QUOTED_PER_ENTITY)


def _mention(one: _Seen, watches: Mapping[EntryKey, tuple[Watch, ...]], *, is_quoted: bool) -> Mention:
    first, last = whole_word(one.field, one.start, one.end)
    start, end = one.field.raw_span(first, last)
    quote, quote_start, quote_end = quote_around(one.field, first, last) if is_quoted else ("", 0, 0)
    return Mention(
        entity=one.entry.name,
        type=one.entry.type,
        watches=watches[one.entry],
        alias=one.alias,
        field=one.field.field,
        start=start,
        end=end,
        surface=one.field.text[first:last],
        zone=one.field.zone_at(one.start),
        score=one.verdict.score,
        why=one.verdict.why,
        quote=quote,
        quote_start=quote_start,
        quote_end=quote_end,
    )
