import os
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from wire.article import TEXT_LIMIT, article_id, cut_text, revision_of, topic_key

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates included
NAMES = st.text(st.characters(exclude_categories=["C"]), max_size=3)
WORDS = "Übernahme: Größe zählt\N{EURO SIGN}"
PRINT_ALL = (
    "from wire.article import *\n"
    f"print(article_id('süd', {WORDS!r}), revision_of({WORDS!r}, 'x'), topic_key('https://a.example/é'))"
)


@given(ANY_TEXT, st.integers(min_value=0, max_value=80))
def test_cut_text_is_a_beginning_within_the_limit(text: str, limit: int) -> None:
    kept, was_cut = cut_text(text, limit)
    sendable = text.encode("utf-8", "replace").decode()
    assert len(kept.encode()) <= limit
    assert sendable.startswith(kept)
    assert was_cut == (kept != sendable)


@given(ANY_TEXT, st.integers(min_value=0, max_value=80))
def test_cut_text_keeps_every_character_that_fits(text: str, limit: int) -> None:
    kept, was_cut = cut_text(text, limit)
    if was_cut:
        following = text.encode("utf-8", "replace").decode()[len(kept)]
        assert len((kept + following).encode()) > limit


def test_text_at_the_limit_is_whole_and_one_byte_more_is_cut() -> None:
    assert cut_text("a" * TEXT_LIMIT) == ("a" * TEXT_LIMIT, False)
    assert cut_text("a" * TEXT_LIMIT + "b") == ("a" * TEXT_LIMIT, True)


def test_cut_text_never_leaves_half_a_character() -> None:
    assert cut_text("ab\N{EURO SIGN}", 4) == ("ab", True)
    assert cut_text("ab\N{EURO SIGN}", 5) == ("ab\N{EURO SIGN}", False)


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert cut_text("a\ud800b") == ("a?b", False)


@given(NAMES, NAMES, NAMES, NAMES)
def test_the_same_guid_of_two_feeds_is_two_articles(feed: str, identity: str, other: str, other_identity: str) -> None:
    same = (feed, identity) == (other, other_identity)
    assert (article_id(feed, identity) == article_id(other, other_identity)) == same


def test_a_revision_changes_with_title_or_text_and_with_nothing_else() -> None:
    first = revision_of("A title", "A text")
    assert revision_of("A title", "A text") == first
    assert revision_of("A title!", "A text") != first
    assert revision_of("A title", "A text!") != first
    assert revision_of("A titleA", " text") != first


def test_ids_revisions_and_keys_are_the_same_in_every_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", PRINT_ALL],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = f"{article_id('süd', WORDS)} {revision_of(WORDS, 'x')} {topic_key('https://a.example/é')!r}\n"
    assert told == {here}


def test_ids_keep_their_form_for_ever() -> None:
    """They stand in databases and on topics: a change of the recipe would alert everything again."""
    assert article_id("süd", "guid-1") == "a8d85d5c5a988d4ee977fa80"
    assert revision_of("A title", "A text") == "44ecc22d6ee6"
    assert topic_key("https://a.example/1") == b"d817b80f9a5befb9"
