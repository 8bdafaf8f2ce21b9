"""What does the newsroom publish, where and when, and who has to hear of it?

One YAML file a story, with its answer: which watchlists must be alerted, once each. `traps.yaml` only looks like
mentions, `background.yaml` names nobody watched, and `archive.yaml` is what the feeds hold before the clock starts.
Pure: files come in as text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import resources
from typing import Any, Literal

import yaml

Format = Literal["rss", "atom", "rdf"]
Engine = Literal["rewording", "translation", "fuzzy"]

LISTS = {
    "traps": "",
    "background": "nobody watched is named in it",
    "archive": "it stood in the feed before newswatch first read it, so it is held",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    id: str
    outlet: str
    title: str
    format: Format
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an outlet makes of its own item later: another headline, and more text."""

    at: float
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One text in one feed, visible from second `at` of the newsroom's clock on; below 0: before it starts.

    Items with the same `page` are one article under one address. A `plain` text is escaped as it stands, without
    markup. `later` names the engine without which nobody can see that the item belongs to its story.
    """

    id: str
    feed: str
    at: float
    title: str
    paragraphs: tuple[str, ...]
    page: str
    age: timedelta = timedelta(0)
    plain: bool = False
    later: Engine | None = None
    revised: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Items that are copies of one text, and the watchlists that must be alerted of it, once each.

    `silent` says of the other watchlists why they may look concerned and are not; under `""`, of all of them.
    `later`: the engine without which none of its alerts can come; they may then be missing.
    """

    id: str
    items: tuple[Item, ...]
    alerts: tuple[str, ...] = ()
    silent: Mapping[str, str] = field(default_factory=dict)
    later: Engine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    feeds: tuple[Feed, ...]
    stories: tuple[Story, ...]

    @property
    def items(self) -> Iterator[Item]:
        return (item for story in self.stories for item in story.items)

    @property
    def length(self) -> float:
        """The second in which the last item appears."""
        return max(item.revised.at if item.revised else item.at for item in self.items)

    def item(self, feed: str, page: str) -> Item | None:
        """What `feed` shows under this page."""
        return next((item for item in self.items if item.feed == feed and item.page == page), None)


def read_newsroom() -> Newsroom:
    """The newsroom that comes with newswatch."""
    return parse_newsroom(read_files())


def read_files() -> dict[str, str]:
    """The newsroom's files, by name without `.yaml`."""
    folder = resources.files("newswatch.newsroom")
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".yaml"))
    return {name.removesuffix(".yaml"): folder.joinpath(name).read_text(encoding="utf-8") for name in files}


def parse_newsroom(files: Mapping[str, str]) -> Newsroom:
    """Feeds and stories from the text of each file; `watchlists` is for `newswatch.demo`."""
    written = {name: yaml.safe_load(text) for name, text in files.items() if name != "watchlists"}
    feeds = tuple(Feed(**entry) for entry in written.pop("feeds"))
    singles = [_single(entry, why) for name, why in LISTS.items() for entry in written.pop(name)]
    stories = [_story(name, entry) for name, entry in written.items()]
    return Newsroom(feeds=feeds, stories=(*stories, *singles))


def _story(name: str, entry: Mapping[str, Any]) -> Story:
    text = _paragraphs(entry["text"])
    return Story(
        id=name,
        items=tuple(_item(item, text) for item in entry["items"]),
        alerts=tuple(entry["alerts"]),
        silent=entry.get("silent", {}),
        later=entry.get("later"),
    )


def _single(entry: Mapping[str, Any], why: str) -> Story:
    return Story(id=entry["id"], items=(_item(entry, ()),), silent={"": entry.get("trap", why)})


def _item(entry: Mapping[str, Any], story: tuple[str, ...]) -> Item:
    """An item with a text of its own, or with its story's, which an outlet cut and put its own words around."""
    own = _paragraphs(entry.get("text", ""))
    before, after = _paragraphs(entry.get("before", "")), _paragraphs(entry.get("after", ""))
    paragraphs = own or (*before, *story[: entry.get("paragraphs")], *after)
    return Item(
        id=entry["id"],
        feed=entry["feed"],
        at=float(entry.get("at", -1)),
        title=entry["title"],
        paragraphs=paragraphs,
        page=entry.get("page", entry["id"]),
        age=timedelta(days=entry.get("days_old", 0), hours=entry.get("hours_old", 0)),
        plain=entry.get("plain", False),
        later=entry.get("later"),
        revised=_revision(entry.get("revised"), paragraphs),
    )


def _revision(entry: Mapping[str, Any] | None, paragraphs: tuple[str, ...]) -> Revision | None:
    if entry is None:
        return None
    return Revision(at=entry["at"], title=entry["title"], paragraphs=(*paragraphs, *_paragraphs(entry["add"])))


def _paragraphs(text: str) -> tuple[str, ...]:
    """Blank lines part paragraphs; within one, line breaks are the file's and not the text's."""
    return tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())
