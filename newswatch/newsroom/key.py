"""Are the alerts the ones that the newsroom calls for?

One alert per watchlist and story, and nothing else. Pure: what was told and what joined it come in as values.
Parts that need a later engine may be missing; they are counted apart. Nothing may be there that is not called for.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, NewType
from urllib.parse import urlsplit

from newswatch.newsroom.content import Engine, Item, Newsroom, Story

Page = NewType("Page", str)


class Called(NamedTuple):
    """An alert as the key names it."""

    watchlist: str
    story: str


class Told(NamedTuple):
    """A first notification that was accepted: one article, for one watchlist."""

    watchlist: str
    page: Page


class Joined(NamedTuple):
    """An article that the ledger counts to one alert of a watchlist."""

    watchlist: str
    page: Page
    alert: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the table shows, and each difference in words a person can look up in the newsroom's files."""

    articles: int
    stories: int
    copies: int
    copies_joined: int
    alerts: int
    expected: int
    missing: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    unjoined: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()
    later: Mapping[Engine, tuple[int, int]]
    """For each later engine: how many of the parts that need it are there, of how many."""

    @property
    def differences(self) -> tuple[str, ...]:
        return (*self.missing, *self.unwanted, *self.repeated, *self.unjoined, *self.strays)


def page_of(link: str) -> Page:
    """Which page of the newsroom a link leads to, whatever tracking hangs on it."""
    return Page(urlsplit(link).path.rpartition("/")[2])


def judge(newsroom: Newsroom, told: Iterable[Told], joined: Iterable[Joined], *, by: float = math.inf) -> Verdict:
    """Hold what was told, and what the ledger joined to it, against the key.

    Asks only for what was published by second `by`, so that a run can be judged that was stopped early.
    """
    key = _Key(newsroom, by)
    told, joined = list(told), list(joined)
    counts = Counter(key.called(each) for each in told)
    owed, later_owed = key.owed()
    copies, later_copies = key.copies()
    together = key.joined(joined)
    return Verdict(
        articles=sum(item.at <= by for item in newsroom.items),
        stories=len({call.story for call in owed | later_owed.keys()}),
        copies=len({item for _, item in copies}),
        copies_joined=len({item for _, item in copies} - {item for _, item in copies - together}),
        alerts=len(told),
        expected=len(owed),
        missing=tuple(
            f"missing: {each.watchlist} was not alerted of {each.story}" for each in sorted(owed - counts.keys())
        ),
        unwanted=tuple(key.unwanted(told)),
        repeated=tuple(
            f"repeated: {each.watchlist} was alerted of {each.story} {count} times"
            for each, count in sorted(counts.items())
            if count > 1
        ),
        unjoined=tuple(
            f"copy not joined: {item} to its story, for {watchlist}" for watchlist, item in sorted(copies - together)
        ),
        strays=tuple(key.strays(joined)),
        later=_later_parts(later_owed, set(counts), later_copies, together),
    )


class _Key:
    """The newsroom's answers, by page."""

    def __init__(self, newsroom: Newsroom, by: float) -> None:
        self._stories = newsroom.stories
        self._by = by
        self._story_of: dict[Page, Story] = {
            Page(item.page): story for story in newsroom.stories for item in story.items
        }

    def called(self, told: Told) -> Called:
        story = self._story_of.get(told.page)
        return Called(told.watchlist, story.id if story else str(told.page))

    def owed(self) -> tuple[set[Called], dict[Called, Engine]]:
        """Alerts that must come, and those that a later engine will bring."""
        calls = {
            Called(watchlist, story.id): story.later
            for story in self._stories
            for watchlist in story.alerts
            if story.items[0].at <= self._by
        }
        owed = {call for call, later in calls.items() if later is None}
        return owed, {call: later for call, later in calls.items() if later is not None}

    def copies(self) -> tuple[set[tuple[str, str]], dict[tuple[str, str], Engine]]:
        """(watchlist, item) for every item but each story's first; the second value needs a later engine."""
        now: set[tuple[str, str]] = set()
        later: dict[tuple[str, str], Engine] = {}
        for story in self._stories:
            for watchlist in story.alerts:
                for item in (item for item in story.items[1:] if item.at <= self._by):
                    engine = item.later or story.later
                    if engine is None:
                        now.add((watchlist, item.id))
                    else:
                        later[watchlist, item.id] = engine
        return now, later

    def joined(self, joined: Iterable[Joined]) -> set[tuple[str, str]]:
        """(watchlist, item) for every item that stands in one alert with its story's first item."""
        alerts: dict[tuple[str, Page], int] = {(each.watchlist, each.page): each.alert for each in joined}
        return {
            (watchlist, item.id)
            for story in self._stories
            for watchlist in story.alerts
            for item in story.items
            if _alert_of(alerts, watchlist, item) is not None
            and _alert_of(alerts, watchlist, item) == _alert_of(alerts, watchlist, story.items[0])
        }

    def unwanted(self, told: Iterable[Told]) -> Iterable[str]:
        for each in told:
            story = self._story_of.get(each.page)
            if story is None:
                yield f"unwanted: {each.watchlist} was alerted of {each.page}, which is not the newsroom's"
            elif each.watchlist not in story.alerts:
                why = story.silent.get(each.watchlist) or story.silent.get("") or "nobody on it is named"
                yield f"unwanted: {each.watchlist} was alerted of {each.page}, but {why}"

    def strays(self, joined: Iterable[Joined]) -> Iterable[str]:
        """Articles of two stories in one alert."""
        stories: dict[tuple[str, int], set[str]] = {}
        for each in joined:
            story = self._story_of.get(each.page)
            if story is not None:
                stories.setdefault((each.watchlist, each.alert), set()).add(story.id)
        for (watchlist, _), together in sorted(stories.items()):
            if len(together) > 1:
                yield f"taken for one story by {watchlist}: {', '.join(sorted(together))}"


def _alert_of(alerts: Mapping[tuple[str, Page], int], watchlist: str, item: Item) -> int | None:
    return alerts.get((watchlist, Page(item.page)))


def _later_parts(
    owed: Mapping[Called, Engine],
    told: set[Called],
    copies: Mapping[tuple[str, str], Engine],
    joined: set[tuple[str, str]],
) -> dict[Engine, tuple[int, int]]:
    there: Counter[Engine] = Counter()
    there.update(engine for call, engine in owed.items() if call in told)
    there.update(engine for copy, engine in copies.items() if copy in joined)
    whole = Counter([*owed.values(), *copies.values()])
    return {engine: (there[engine], whole[engine]) for engine in sorted(whole)}
