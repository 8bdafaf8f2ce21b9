"""Copies join, strangers stay apart, and the same log gives the same stories."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.cluster import cluster
from stream.stories import Decision, StoryWindow, snapshot
from tests.newsdesk import NOON, annotation, article, entity
from tests.wiretext import HARBOUR, HARBOUR_TITLE, ORCHARD, ORCHARD_TITLE, bulletin, edited, prose, shortened
from wire.article import Article, ArticleId
from wire.messages import Annotation, Match

MERRIN = entity("Oda Merrin", "PER")


def place(window: StoryWindow, told: Annotation, offset: int) -> Decision:
    return window.place(told, offset=offset, appended_at=told.fetched_at)


def placed(*told: Article, window: StoryWindow | None = None) -> list[Decision]:
    window = StoryWindow() if window is None else window
    return [place(window, annotation(one), offset) for offset, one in enumerate(told)]


def harbour(name: str, text: str = HARBOUR, title: str = HARBOUR_TITLE, minutes: float = 0) -> Article:
    return article(title, text, name=name, minutes=minutes)


def test_the_first_article_gives_its_story_its_id() -> None:
    (first,) = placed(harbour("a"))
    assert (first.story, first.relation, first.of) == ("a", "new", None)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (HARBOUR, HARBOUR_TITLE),
        (HARBOUR, "Night work: harbour men give in"),
        (shortened(HARBOUR), "Vote at the harbour"),
        (edited(HARBOUR, 1), "Pilots vote"),
        (f"Reuters — {HARBOUR}\n\nRead more: the orchards of Lower Wick\n© 2026", HARBOUR_TITLE),
        ("<p>" + HARBOUR.replace("\n", "</p><p>") + "</p>", f"{HARBOUR_TITLE} | The Harbour Times"),
        ("\n".join(sorted(HARBOUR.split("\n"))), "Pilots vote at last"),
        (HARBOUR.upper(), HARBOUR_TITLE.upper()),
    ],
    ids=["same", "headline", "shortened", "edited", "boilerplate", "html", "reordered", "capitals"],
)
def test_a_copy_joins_its_story(text: str, title: str) -> None:
    first, copy = placed(harbour("a"), harbour("b", text, title))
    assert (copy.story, copy.relation, copy.of) == (first.story, "copy", "a")
    assert copy.score >= 0.5
    assert copy.evidence["shared_passages"] >= 3


def test_a_text_that_grew_is_an_update() -> None:
    _, update = placed(harbour("a", shortened(HARBOUR)), harbour("b", f"{HARBOUR}\n{ORCHARD}"))
    assert (update.story, update.relation, update.of) == ("a", "update", "a")


def test_another_text_is_a_story_of_its_own() -> None:
    first, other = placed(harbour("a"), harbour("b", ORCHARD, ORCHARD_TITLE))
    assert other.story == "b"
    assert other.relation == "new"
    assert first.story == "a"


def test_the_next_days_bulletin_is_a_story_of_its_own() -> None:
    title = "Exchange at Port Ansel closes higher on heavy trading"
    _, next_day = placed(article(title, bulletin(1), name="a"), article(title, bulletin(2), name="b"))
    assert next_day.relation == "new"


def test_a_digest_of_many_stories_is_none_of_them() -> None:
    digest = "\n\n".join(["The morning in short.", *(prose(seed, 90) for seed in range(6)), HARBOUR.split("\n")[0]])
    _, told = placed(harbour("a"), article("The morning in short", digest, name="b"))
    assert told.relation == "new"


def test_short_forms_are_compared_by_title_and_lead() -> None:
    short = "The pilots accept."
    first, copy, other = placed(
        harbour("a", short),
        harbour("b", f"{short} Read more", HARBOUR_TITLE),
        harbour("c", "Pears wither.", ORCHARD_TITLE),
    )
    assert (copy.story, copy.relation, other.relation) == (first.story, "copy", "new")


def test_a_short_title_shared_by_strangers_joins_nobody() -> None:
    _, other = placed(harbour("a", HARBOUR, "In brief"), harbour("b", ORCHARD, "In brief"))
    assert other.relation == "new"


def test_copies_under_one_address_are_one_story() -> None:
    one, other = annotation(harbour("a")), annotation(harbour("b", edited(HARBOUR, 1, 0.5), "Harbour: what we know"))
    same_page = [one, replace(other, canonical_url=one.canonical_url)]
    window = StoryWindow()
    decisions = [place(window, told, offset) for offset, told in enumerate(same_page)]
    assert decisions[1].story == "a"
    assert "address" in decisions[1].why


def test_a_chain_of_likenesses_merges_no_two_stories() -> None:
    """The bridge quotes both; it joins one of them at most, and what was told apart stays apart."""
    bridge = f"{HARBOUR}\n{ORCHARD}"
    first, second, _ = placed(harbour("a"), harbour("b", ORCHARD, ORCHARD_TITLE), harbour("c", bridge, "A week in two"))
    assert first.story != second.story


def test_a_redelivered_article_gets_the_same_decision() -> None:
    window = StoryWindow()
    told = [annotation(harbour(name)) for name in "abc"]
    first = [place(window, one, offset) for offset, one in enumerate(told)]
    size = len(window)
    again = [place(window, one, offset + 3) for offset, one in enumerate(reversed(told))]
    assert again == first[::-1]
    assert len(window) == size


def test_an_edit_stays_in_its_story() -> None:
    window = StoryWindow()
    decisions = placed(harbour("a"), harbour("b"), harbour("b", ORCHARD, ORCHARD_TITLE), window=window)
    assert decisions[2].story == "a"
    assert decisions[2].of == "b"
    assert place(window, annotation(harbour("b")), 9) == decisions[1]


def test_what_is_older_than_the_window_is_forgotten() -> None:
    window = StoryWindow(hours=1)
    decisions = placed(harbour("a"), harbour("b", ORCHARD, ORCHARD_TITLE, 61), harbour("c", minutes=62), window=window)
    assert decisions[2].relation == "new"
    assert len(window) == 2


def test_the_window_holds_no_more_articles_than_it_may() -> None:
    window = StoryWindow(articles=3)
    placed(*(article(f"Title {seed}", prose(seed), name=str(seed)) for seed in range(9)), window=window)
    assert len(window) == 3


def test_a_clock_that_runs_ahead_empties_the_window_of_nobody() -> None:
    window = StoryWindow(hours=1)
    place(window, annotation(harbour("a")), 0)
    ahead = annotation(article("Tomorrow", prose(1), name="b", minutes=60 * 24))
    window.place(ahead, offset=1, appended_at=NOON)
    assert window.clock == (NOON + timedelta(minutes=5)).timestamp()
    assert len(window) == 2


def run(window: StoryWindow, told: Iterable[Annotation], start: int = 0) -> list[Match | None]:
    return [cluster(one, window, offset=offset, appended_at=one.fetched_at) for offset, one in enumerate(told, start)]


def named(name: str, text: str = HARBOUR, title: str = HARBOUR_TITLE, minutes: float = 0) -> Annotation:
    return annotation(harbour(name, text, title, minutes), MERRIN)


def test_a_told_story_outlives_the_window() -> None:
    window = StoryWindow(hours=1)
    run(window, [named("a"), named("b", ORCHARD, ORCHARD_TITLE, 90)])
    (late,) = run(window, [named("c", minutes=95)], 2)
    assert late is not None
    assert (late.story, late.relation) == ("a", "copy")


def test_a_told_story_is_remembered_from_its_match_alone() -> None:
    (match,) = run(StoryWindow(), [named("a")])
    assert match is not None
    window = StoryWindow()
    window.remember(match)
    assert len(window) == 0
    (late,) = run(window, [named("c", minutes=60 * 24 * 10)], match.annotation_offset + 1)
    assert late is not None
    assert (late.story, late.relation) == ("a", "copy")


def test_a_match_of_an_article_that_is_still_there_changes_nothing() -> None:
    window = StoryWindow()
    (match,) = run(window, [named("a")])
    assert match is not None
    before = window.dump()
    window.remember(match)
    assert window.dump() == before


def test_an_edit_outlives_the_article_it_edits() -> None:
    window = StoryWindow(hours=1)
    edits = [harbour("a"), harbour("a", ORCHARD, minutes=50), harbour("a", edited(ORCHARD, 1), minutes=70)]
    assert [decision.story for decision in placed(*edits, window=window)] == ["a", "a", "a"]
    assert len(window) == 2


def test_after_thirty_days_a_told_story_is_forgotten() -> None:
    window = StoryWindow(hours=1)
    run(window, [named("a"), named("b", ORCHARD, ORCHARD_TITLE, 60 * 24 * 31), named("c", minutes=60 * 24 * 31)])
    (match,) = run(window, [named("d", minutes=60 * 24 * 31 + 1)], 3)
    assert match is not None
    assert match.story == "c"


def test_deciding_again_after_a_lost_snapshot_gives_the_same_matches() -> None:
    log = [
        named("a"),
        named("b", edited(HARBOUR, 1)),
        named("c", ORCHARD, ORCHARD_TITLE),
        named("d", shortened(HARBOUR)),
    ]
    matches = run(StoryWindow(), log)
    window = StoryWindow()
    for match in reversed(matches):
        if match is not None:
            window.remember(match)
    assert run(window, log) == matches


STREAM = [
    named(f"{kind}{step}", text, title, minutes=step * 20)
    for step in range(6)
    for kind, text, title in [
        ("harbour", edited(HARBOUR, step, 0.1), HARBOUR_TITLE),
        ("orchard", edited(ORCHARD, step, 0.2), ORCHARD_TITLE),
        ("market", bulletin(step), "Exchange at Port Ansel closes higher"),
        ("prose", f"{prose(step)} Oda Merrin agreed.", f"Title number {step}"),
    ]
]


@settings(max_examples=25)
@given(st.integers(0, len(STREAM)), st.integers(1, 30))
def test_a_window_restored_from_its_snapshot_goes_on_as_if_nothing_had_happened(cut: int, articles: int) -> None:
    straight = StoryWindow(articles=articles, hours=1)
    whole = run(straight, STREAM)
    window = StoryWindow(articles=articles, hours=1)
    before = run(window, STREAM[:cut])
    restored = StoryWindow.load(window.dump())
    assert restored.dump() == window.dump()
    assert before + run(restored, STREAM[cut:], cut) == whole
    assert restored.dump() == straight.dump()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[:-1],
    "changed": lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
    "empty": lambda _: b"",
    "other layout": lambda data: b"later" + data,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_snapshot_is_refused(damage: str) -> None:
    window = StoryWindow()
    run(window, STREAM[:5])
    with pytest.raises(ValueError, match="snapshot"):
        StoryWindow.load(DAMAGES[damage](window.dump()))


def test_a_snapshot_of_other_records_is_refused() -> None:
    with pytest.raises(ValueError, match="snapshot"):
        snapshot.unpack(snapshot.pack(cast("snapshot.State", {"another": "layout"})))


def test_a_log_that_begins_anew_overwrites_what_it_finds() -> None:
    window = StoryWindow()
    run(window, [named("a"), named("b", ORCHARD, ORCHARD_TITLE)])
    other = [named("c", f"{prose(1)} Oda Merrin agreed.", "One"), named("d", f"{prose(2)} Oda Merrin agreed.", "Two")]
    matches = run(window, other)
    assert [match and match.story for match in matches] == ["c", "d"]
    assert len(window) == 2
    for match in matches:
        if match is not None:
            elsewhere = StoryWindow()
            elsewhere.remember(match)
            elsewhere.remember(replace(match, copy=replace(match.copy, article=ArticleId("e"))))
            assert StoryWindow.load(elsewhere.dump()).dump() == elsewhere.dump()


def test_copies_of_one_text_without_end_are_one_story() -> None:
    told = annotation(harbour("a"))
    window = StoryWindow()
    copies = (replace(told, id=ArticleId(str(place)), canonical_url=f"u{place}") for place in range(1500))
    assert {place(window, copy, offset).story for offset, copy in enumerate(copies)} == {"0"}
