"""A fingerprint is small, and two texts that share a passage share its hashes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.stories.fingerprint import (
    EMPTY,
    IN_LEAD,
    LEAD,
    LEAD_SHINGLES,
    NUMBER,
    REST_SHINGLES,
    TERMS,
    TITLE,
    fingerprint_of,
    unpack,
    without_sample,
)
from tests.wiretext import HARBOUR, HARBOUR_TITLE, prose


@given(st.text(), st.text(), st.integers(0, 12))
def test_any_text_packs_into_two_kilobytes_and_back(title: str, text: str, doublings: int) -> None:
    seen = unpack(packed := fingerprint_of(title * 9, text * 2**doublings, "en"))
    assert len(packed) <= 20 + 4 * (TERMS + LEAD_SHINGLES + REST_SHINGLES)
    assert len(packed) == 20 + 4 * (len(seen.terms) + len(seen.shingles))
    assert (np.diff(seen.terms.astype(np.int64)) >= 0).all()
    assert (np.diff(seen.shingles.astype(np.int64)) > 0).all()


def test_a_million_distinct_words_leave_a_fingerprint_of_the_usual_size() -> None:
    text = " ".join(f"word{number:x}" for number in range(1_000_000))
    assert len(fingerprint_of("Words", text)) <= 20 + 4 * (TERMS + LEAD_SHINGLES + REST_SHINGLES)


def test_the_lead_is_kept_the_same_whatever_follows() -> None:
    short, long = unpack(fingerprint_of("", prose(1, 80))), unpack(fingerprint_of("", prose(1, 5000)))
    lead = long.shingles[(long.shingles & IN_LEAD) > 0]
    assert np.isin(short.shingles, lead).mean() > 0.98  # the run across its end is another's
    assert long.shingles_below < short.shingles_below


def test_two_samples_of_one_text_agree_on_what_they_keep() -> None:
    long, longer = (unpack(fingerprint_of("", prose(1, size))) for size in (2000, 5000))
    below = min(long.shingles_below, longer.shingles_below)
    kept = [{int(one) for one in print_.shingles >> 1 if one < below} for print_ in (long, longer)]
    assert kept[0] - kept[1] == set()


def test_glued_words_keep_nearly_all_shingles() -> None:
    whole, glued = (unpack(fingerprint_of("", text)) for text in (HARBOUR, HARBOUR.replace(" of ", "of")))
    assert np.isin(whole.shingles >> 1, glued.shingles >> 1).mean() > 0.9


def test_case_and_accents_do_not_count() -> None:
    shouted = unpack(fingerprint_of("", HARBOUR.upper()))
    assert (unpack(fingerprint_of("", HARBOUR)).shingles == shouted.shingles).all()


def test_title_lead_and_numbers_are_told_apart() -> None:
    seen = unpack(fingerprint_of(HARBOUR_TITLE, HARBOUR, "en"))
    titled, numbers = seen.terms[(seen.terms & TITLE) > 0], seen.terms[(seen.terms & NUMBER) > 0]
    assert len(titled) == 6
    assert len(numbers) == 6
    assert 0 < ((seen.terms & LEAD) > 0).sum() < len(seen.terms)


def test_marks_within_numbers_do_not_count() -> None:
    english, french = (unpack(fingerprint_of("", text)) for text in ("1,250,000 and 3.5", "1 250 000 and 3,5"))
    assert (english.terms == french.terms).all()


def test_without_its_sample_a_fingerprint_keeps_title_and_lead() -> None:
    whole = fingerprint_of(HARBOUR_TITLE, prose(2, 900), "en")
    seen, less = unpack(whole), unpack(without_sample(whole))
    assert len(without_sample(whole)) < len(whole)
    assert set(less.shingles.tolist()) == {one for one in seen.shingles.tolist() if one & IN_LEAD}


@given(st.binary(max_size=60))
def test_bytes_that_are_no_fingerprint_are_an_empty_one_or_read(packed: bytes) -> None:
    seen = unpack(packed)
    assert seen is EMPTY or len(packed) == 20 + 4 * (len(seen.terms) + len(seen.shingles))
