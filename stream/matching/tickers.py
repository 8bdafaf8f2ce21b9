"""Which tickers stand in a form that only a ticker has?

`$MSFT`, `(MSFT)`, `(NASDAQ: MSFT)`, `NYSE:T`. A bare "ALL" or "IT" is a word, never a ticker.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stream.matching.common import EXCHANGES, LEGAL_FORMS
from stream.matching.evidence import Strength
from stream.matching.layer import EntryKey

_SYMBOL = r"[A-Z0-9][A-Z0-9.\-]{0,9}"
# Each form begins with its mark, so that the search runs through a text at full speed.
_FORM = re.compile(
    rf":[^\S\n]?(?P<listed>{_SYMBOL})(?!\w)"
    rf"|\$(?P<cash>[A-Z][A-Z0-9.\-]{{0,9}})(?!\w)"
    rf"|\((?P<bracket>{_SYMBOL})(?:[^\S\n][A-Z]{{2}})?\)"
)
_EXCHANGE = re.compile(rf"\b(?:{'|'.join(sorted(EXCHANGES))})[^\S\n]?$", re.IGNORECASE)
LISTED, CASHTAG, BRACKET = 0.97, 0.96, 0.95
INITIALS_BACK = 80  # characters before a bracket in which the words that it abbreviates would stand


class TickerSeen(NamedTuple):
    """One ticker in a ticker's form; `start:end` are its letters alone."""

    entry: EntryKey
    ticker: str
    start: int
    end: int
    strength: Strength
    score: float
    why: str


def find_tickers(text: str, tickers: Mapping[str, tuple[EntryKey, ...]]) -> Iterator[TickerSeen]:
    """Every watched ticker in a ticker's form in this clean text."""
    if not tickers:
        return
    for found in _FORM.finditer(text):
        kind = found.lastgroup or ""
        if kind == "listed" and not _EXCHANGE.search(text, max(0, found.start() - 12), found.start()):
            continue
        symbol = found[kind].rstrip(".-")
        for spelled in dict.fromkeys((symbol, symbol.partition(".")[0])):  # "MSFT.O" names the exchange behind the dot
            for entry in tickers.get(spelled, ()):
                start = found.start(kind)
                strength, score, why = _judged(found, kind, spelled, text)
                yield TickerSeen(entry, spelled, start, start + len(symbol), strength, score, why)


def _judged(found: re.Match[str], kind: str, symbol: str, text: str) -> tuple[Strength, float, str]:
    shown = found[0].strip()
    if kind == "listed":
        return "sure", LISTED, f"ticker {shown}"
    if kind == "cash":
        return "sure", CASHTAG, f"ticker {shown}"
    if not any(letter.isalpha() for letter in symbol):
        return "weak", BRACKET, f"number {shown}"  # "(2024)" is a year more often than a listing
    if (
        _explains_a_name(text[max(0, found.start() - INITIALS_BACK) : found.start()])
        and "." not in found[0]
        and " " not in shown
    ):
        return "weak", BRACKET, f"ticker {shown}"
    if len(symbol) == 1 or _abbreviates(symbol, text[max(0, found.start() - INITIALS_BACK) : found.start()]):
        return "weak", BRACKET, f"ticker {shown}"
    return "sure", BRACKET, f"ticker {shown}"


_LAST_WORD = re.compile(r"([^\W\d_]+)[^\w\n]*$")


def _explains_a_name(before: str) -> bool:
    """ "the Conference (HMC)": what the letters stand for is the name before them, unless that is the entity itself."""
    last = _LAST_WORD.search(before)
    return last is not None and last[1][0].isupper() and last[1].lower() not in LEGAL_FORMS


def _abbreviates(symbol: str, before: str) -> bool:
    """ "Headmasters' and Headmistresses' Conference (HMC)": the words before explain the letters."""
    initials = "".join(word[0] for word in re.findall(r"[^\W\d_]+", before) if word[0].isupper())
    return len(symbol) > 1 and initials.endswith(symbol)
