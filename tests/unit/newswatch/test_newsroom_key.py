from collections.abc import Iterator

from newswatch.newsroom.content import Item, Newsroom, Story
from newswatch.newsroom.key import Joined, Page, Told, Verdict, judge, page_of


def item(name: str, *, at: float = 1, page: str = "", later: str | None = None) -> Item:
    return Item(id=name, feed="f", at=at, title=name, paragraphs=(), page=page or name, later=later)  # type: ignore[arg-type]  # an engine's name


FIRE = Story(id="fire", alerts=("a", "b"), items=(item("fire-1"), item("fire-2"), item("fire-3", later="rewording")))
FLOOD = Story(id="flood", alerts=("a",), items=(item("flood-1"),), silent={"b": "b is in the tail only"})
TYPO = Story(id="typo", alerts=("a",), items=(item("typo-1"),), later="fuzzy")
TRAP = Story(id="trap", items=(item("trap"),), silent={"": "an ordinary word"})
NEWSROOM = Newsroom(feeds=(), stories=(FIRE, FLOOD, TYPO, TRAP))

ALL_TOLD = [Told("a", Page("fire-1")), Told("b", Page("fire-1")), Told("a", Page("flood-1"))]
ALL_JOINED = [
    Joined("a", Page("fire-1"), 1),
    Joined("a", Page("fire-2"), 1),
    Joined("b", Page("fire-1"), 2),
    Joined("b", Page("fire-2"), 2),
    Joined("a", Page("flood-1"), 3),
]


def verdict(told: list[Told], joined: list[Joined]) -> Verdict:
    return judge(NEWSROOM, told, joined)


def test_key_is_met_by_each_alert_once_and_every_copy_joined() -> None:
    met = verdict(ALL_TOLD, ALL_JOINED)
    assert met.differences == ()
    assert (met.articles, met.stories, met.copies, met.copies_joined) == (6, 3, 1, 1)
    assert (met.alerts, met.expected) == (3, 3)


def test_story_may_be_told_by_any_of_its_copies() -> None:
    told = [Told("a", Page("fire-2")), *ALL_TOLD[1:]]
    assert verdict(told, ALL_JOINED).differences == ()


def test_missing_alert_is_named() -> None:
    assert verdict(ALL_TOLD[:2], ALL_JOINED).missing == ("missing: a was not alerted of flood",)


def test_second_alert_of_a_story_is_repeated() -> None:
    told = [*ALL_TOLD, Told("a", Page("fire-2"))]
    assert verdict(told, ALL_JOINED).repeated == ("repeated: a was alerted of fire 2 times",)


def test_alert_of_a_trap_is_unwanted_and_says_why() -> None:
    unwanted = verdict([*ALL_TOLD, Told("a", Page("trap"))], ALL_JOINED).unwanted
    assert unwanted == ("unwanted: a was alerted of trap, but an ordinary word",)


def test_alert_for_a_watchlist_not_concerned_is_unwanted_and_says_why() -> None:
    unwanted = verdict([*ALL_TOLD, Told("b", Page("flood-1"))], ALL_JOINED).unwanted
    assert unwanted == ("unwanted: b was alerted of flood-1, but b is in the tail only",)


def test_alert_of_a_page_that_is_not_the_newsrooms_is_unwanted() -> None:
    assert len(verdict([*ALL_TOLD, Told("a", Page("elsewhere"))], ALL_JOINED).unwanted) == 1


def test_copy_in_no_alert_or_in_another_one_is_not_joined() -> None:
    nowhere = [each for each in ALL_JOINED if each != Joined("b", Page("fire-2"), 2)]
    assert verdict(ALL_TOLD, nowhere).unjoined == ("copy not joined: fire-2 to its story, for b",)
    elsewhere = [*nowhere, Joined("b", Page("fire-2"), 9)]
    assert verdict(ALL_TOLD, elsewhere).unjoined == ("copy not joined: fire-2 to its story, for b",)


def test_two_stories_in_one_alert_are_a_difference() -> None:
    merged = [*ALL_JOINED, Joined("a", Page("trap"), 1)]
    assert verdict(ALL_TOLD, merged).strays == ("taken for one story by a: fire, trap",)


def test_parts_for_later_engines_may_be_missing_and_are_counted() -> None:
    assert verdict(ALL_TOLD, ALL_JOINED).later == {"fuzzy": (0, 1), "rewording": (0, 2)}


def test_parts_for_later_engines_are_welcome() -> None:
    told = [*ALL_TOLD, Told("a", Page("typo-1"))]
    there = verdict(told, [*ALL_JOINED, Joined("a", Page("fire-3"), 1)])
    assert there.differences == ()
    assert there.later == {"fuzzy": (1, 1), "rewording": (1, 2)}


def test_alert_for_a_later_engine_twice_is_repeated() -> None:
    told = [*ALL_TOLD, Told("a", Page("typo-1")), Told("a", Page("typo-1"))]
    assert verdict(told, ALL_JOINED).repeated == ("repeated: a was alerted of typo 2 times",)


def test_items_on_one_page_are_joined_together() -> None:
    story = Story(id="s", alerts=("a",), items=(item("s-1", page="same"), item("s-2", page="same")))
    joined = [Joined("a", Page("same"), 1)]
    assert judge(Newsroom(feeds=(), stories=(story,)), [Told("a", Page("same"))], joined).differences == ()


def test_page_is_found_behind_tracking() -> None:
    links: Iterator[str] = iter(("http://h:1/news/x", "http://h:1/news/x?utm_source=feed", "http://h:1/news/x#top"))
    assert {page_of(link) for link in links} == {"x"}


def test_run_that_was_stopped_is_asked_only_for_what_was_published() -> None:
    late = Story(id="late", alerts=("a",), items=(item("late-1", at=9), item("late-2", at=12)))
    newsroom = Newsroom(feeds=(), stories=(late,))
    assert judge(newsroom, [], [], by=8).differences == ()
    told, joined = [Told("a", Page("late-1"))], [Joined("a", Page("late-1"), 1)]
    assert judge(newsroom, told, joined, by=10).differences == ()
    assert judge(newsroom, told, joined, by=12).unjoined == ("copy not joined: late-2 to its story, for a",)
