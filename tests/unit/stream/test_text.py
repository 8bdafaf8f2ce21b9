"""Folding keeps every offset; words part where a reader parts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.text import fold, seams_in, tokens_in, words_in


@given(st.text())
def test_folding_keeps_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Hélène ÀÇÑ", "helene acn"),
        ("L’Œuvre Straße Łódź Ørsted", "l'ouvre strase lodz orsted"),
        ("„Haus“ – «casa»", '"haus" - "casa"'),
        ("Ｑｕａｒｚｏ\u00a0Île", "quarzo ile"),
        ("Ελλάς Ёлка", "ελλας елка"),
        ("İstanbul ışık", "istanbul isik"),
    ],
)
def test_case_accents_and_typography_fold_away(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_a_trade_mark_sign_does_not_lengthen_the_word_before_it() -> None:
    assert words_in(fold("Quarzo™ Helmont®")) == ["quarzo", "helmont"]


def test_apostrophes_and_hyphens_part_words() -> None:
    assert words_in(fold("d’Altona, Altona’s, Jean-Luc, qu'Altona")) == [
        "d", "altona", "altona", "s", "jean", "luc", "qu", "altona",
    ]  # fmt: skip


@given(st.text())
def test_every_token_slices_to_its_word(text: str) -> None:
    folded = fold(text)
    tokens = tokens_in(folded)
    assert all(folded[tokens[place].start : tokens[place].end] == tokens[place].word for place in range(len(tokens)))


def test_a_small_letter_before_a_capital_is_a_seam() -> None:
    text = "Et maisIl partit, HELMONT compris"
    assert seams_in(text, tokens_in(fold(text))) == {1: [text.index("Il")]}
