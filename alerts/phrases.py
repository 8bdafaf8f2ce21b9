"""In which words do we speak to a subscriber?

Phrases avoid gender and plural agreement with names that we do not know; what needs a plural has two forms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wire.messages import Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """One language."""

    language: str
    months: tuple[str, ...]
    date: Callable[[int, str, int, str], str]
    places: dict[Zone, str]
    colon: str
    quotes: tuple[str, str]
    also: Callable[[int], str]
    more: Callable[[int], str]
    copies: Callable[[int], str]
    published: str
    seen: str
    seen_on: str
    seconds_ago: str
    read: str
    because: Callable[[int], str]
    no_headline: str


ENGLISH = Phrases(
    language="en",
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    date=lambda day, month, year, clock: f"{day} {month} {year}, {clock}",
    places={
        "title": "in the headline",
        "lead": "at the beginning",
        "body": "in the text",
        "boilerplate": "beside the text",
    },
    colon=": ",
    quotes=("“", "”"),
    also=lambda n: f"also in {n} other outlet" + ("s" if n > 1 else ""),
    more=lambda n: f"and {n} more",
    copies=lambda n: f"{n} copies in all",
    published="published",
    seen="seen at",
    seen_on="seen",
    seconds_ago="{} s after it was fetched",
    read="Read the article",
    because=lambda n: "You receive this because of the " + ("watchlist" if n == 1 else "watchlists"),
    no_headline="(no headline)",
)

FRENCH = Phrases(
    language="fr",
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    date=lambda day, month, year, clock: f"{'1er' if day == 1 else day} {month} {year} à {clock}",
    places={
        "title": "dans le titre",
        "lead": "au début du texte",
        "body": "dans le texte",
        "boilerplate": "en marge du texte",
    },
    colon="\N{NO-BREAK SPACE}: ",
    quotes=("«\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}»"),
    also=lambda n: "aussi dans un autre média" if n == 1 else f"aussi dans {n} autres médias",
    more=lambda n: "et un de plus" if n == 1 else f"et {n} de plus",
    copies=lambda n: f"{n} copies en tout",
    published="publié le",
    seen="vu à",
    seen_on="vu le",
    seconds_ago="{} s après sa collecte",
    read="Lire l’article",
    because=lambda n: (
        "Vous recevez ce message en raison " + ("de la liste de veille" if n == 1 else "des listes de veille")
    ),
    no_headline="(sans titre)",
)

_ALL = {phrases.language: phrases for phrases in (ENGLISH, FRENCH)}
LANGUAGES = tuple(_ALL)


def phrases_for(language: str) -> Phrases:
    """Those of `language`, also where it names a region (fr-CA); English for any other."""
    return _ALL.get(language.casefold().partition("-")[0], ENGLISH)


def moment(when: datetime, timezone: str, phrases: Phrases) -> str:
    """A moment as a calendar and a clock on the subscriber's wall show it."""
    local = _local(when, timezone)
    return phrases.date(local.day, phrases.months[local.month - 1], local.year, f"{local:%H:%M} {local:%Z}")


def clock(when: datetime, timezone: str) -> str:
    """Its time of day alone."""
    return f"{_local(when, timezone):%H:%M}"


def is_same_day(one: datetime, other: datetime, timezone: str) -> bool:
    return _local(one, timezone).date() == _local(other, timezone).date()


def _local(when: datetime, timezone: str) -> datetime:
    return when.astimezone(_zone(timezone))


def _zone(name: str) -> ZoneInfo:
    # A zone that tzdata has since renamed must not keep an alert from its reader.
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
