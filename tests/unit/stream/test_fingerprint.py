"""A fingerprint fits a kilobyte, and two texts that share a passage share its features."""

from hypothesis import given
from hypothesis import strategies as st

from stream.stories.fingerprint import FEATURES, fingerprint_of, unpack
from stream.text import fold, words_in
from tests.wiretext import HARBOUR, HARBOUR_TITLE, prose


def words(text: str) -> list[str]:
    return words_in(fold(text))


@given(st.text(), st.text(), st.integers(0, 12))
def test_any_text_packs_into_a_kilobyte_and_back(title: str, text: str, doublings: int) -> None:
    packed = fingerprint_of(words(title * 9), words(text * 2**doublings))
    seen = unpack(packed)
    assert len(packed) <= 4 * (FEATURES + 1)
    assert len(packed) == 4 + 4 * (len(seen.title) + len(seen.dense) + len(seen.sampled))


def test_the_start_is_kept_whole() -> None:
    short, long = unpack(fingerprint_of([], words(prose(1, 80)))), unpack(fingerprint_of([], words(prose(1, 5000))))
    assert short.dense == long.dense
    assert long.rate > 0


def test_two_samples_of_one_text_agree_on_what_they_keep() -> None:
    long, longer = (unpack(fingerprint_of([], words(prose(1, size)))) for size in (2000, 5000))
    rate = max(long.rate, longer.rate)
    shared = long.body_at(rate) & longer.body_at(rate)
    assert len(shared) > 0.9 * len(long.body_at(rate))


def test_the_sampled_features_are_those_whose_low_bits_are_zero() -> None:
    seen = unpack(fingerprint_of([], words(prose(3, 4000))))
    assert all(feature % 2**seen.rate == 0 for feature in seen.sampled)


def test_short_words_do_not_count() -> None:
    title = words(HARBOUR_TITLE)
    assert fingerprint_of(title, words(HARBOUR)) == fingerprint_of(title, words(HARBOUR.replace(" a ", " an ")))


@given(st.binary(max_size=40))
def test_bytes_that_are_no_fingerprint_are_an_empty_one_or_read(packed: bytes) -> None:
    seen = unpack(packed)
    assert len(seen.title | seen.body) <= len(packed) // 4
