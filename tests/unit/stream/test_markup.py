"""Markup goes, words stay, and every offset leads back to where a word stood."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.markup import strip_markup

WORDS = st.sampled_from(["Nora", "Valtier", "d’Auralys", "430", "été", " ", ", ", ". ", "\n", "<BRNT>", "a < b", "&"])
MARKUP = st.sampled_from(
    ["<p>", "</p>", "<b>", "</b>", "<br/>", "&amp;", "&#8217;", "&nbsp;", "\u00ad", "\u200b", "<!-- no -->", "e\u0301"]
)


@given(st.lists(WORDS | MARKUP).map("".join))
def test_each_clean_character_leads_back_to_its_own(raw: str) -> None:
    text, offsets = strip_markup(raw)
    ends = 0
    for place, character in enumerate(text):
        start, end = offsets.raw_span(place, place + 1)
        assert 0 <= start < end <= len(raw)
        assert raw[start:end] == character or end - start > 1 or character in " \n"
        assert end >= ends
        ends = end


@given(st.lists(WORDS | MARKUP).map("".join), st.data())
def test_a_clean_span_cleans_to_itself(raw: str, data: st.DataObject) -> None:
    text, offsets = strip_markup(raw)
    words = [place for place, character in enumerate(text) if character.isalpha()]
    if not words:
        return
    start = data.draw(st.sampled_from(words))
    end = data.draw(st.sampled_from([place for place in words if place >= start])) + 1
    again, _ = strip_markup(raw[slice(*offsets.raw_span(start, end))])
    assert again.split() == text[start:end].split()


@given(st.text(alphabet=st.characters(blacklist_characters="<&", blacklist_categories=("Cc", "Cf", "Mn", "Cs"))))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert strip_markup(text)[0] == text


def test_inline_tags_and_soft_hyphens_do_not_part_words() -> None:
    assert strip_markup("Val<b>ti</b>er and Au\u00adra&shy;lys")[0] == "Valtier and Auralys"


def test_block_ends_part_words() -> None:
    assert strip_markup("<li>Nora</li><li>Valtier</li>")[0].split() == ["Nora", "Valtier"]
    assert "\n\n" in strip_markup("<p>Nora</p><p>Valtier</p>")[0].strip()


def test_in_html_a_line_break_is_a_space() -> None:
    assert strip_markup("<p>Nora\nValtier</p>")[0].strip() == "Nora Valtier"


@pytest.mark.parametrize("text", ["shares of <BRNT> rose", "3 < 5 and 7 > 5", "R&D &foo; AT&T", "x <y"])
def test_what_only_looks_like_markup_is_text(text: str) -> None:
    assert strip_markup(text)[0] == text


def test_entities_are_read_once_even_when_escaped_twice() -> None:
    assert (
        strip_markup("d&#8217;Auralys &amp;amp; Helmont &amp;#8211; &eacute;t&eacute;")[0]
        == "d’Auralys & Helmont – été"
    )


def test_scripts_styles_and_comments_are_no_words() -> None:
    assert strip_markup("a<script>Nora()</script><style>b{}</style><!-- Valtier -->c")[0].split() == ["a", "c"]


@pytest.mark.parametrize("piece", ["<script>", "<!--", '<a "', "<", "&amp;", "\u200b", "e\u0301", "<p>"])
def test_hostile_markup_costs_linear_time(piece: str) -> None:
    started = time.process_time()
    strip_markup(piece * (200_000 // len(piece)))
    assert time.process_time() - started < 10
