"""What is read in an article fits 4 kB, whatever stands in it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.annotate import annotate
from stream.matching import AliasIndex
from stream.size import LIMIT
from tests.newsdesk import COLUMN_TEXT, COLUMN_TITLE, NOON, annotation, article, entity, index_of, watchlist
from tests.wiretext import HARBOUR, HARBOUR_TITLE, prose
from wire.codec import decode, encode
from wire.messages import Annotation

NUMBERED = [f"{letter}{other}" for letter in "abcdefghijklmnop" for other in "abcdefghij"]
CROWD = [entity(f"Person Number{letters} Longsurname", "PER") for letters in NUMBERED]


def test_the_annotation_keeps_what_is_known_of_the_article() -> None:
    told = article(f"{HARBOUR_TITLE} - {HARBOUR_TITLE}", HARBOUR, language=None)
    read = annotate(told, index_of(entity("Oda Merrin", "PER")), partition=7, offset=99)
    assert (read.id, read.revision, read.partition, read.offset) == (told.id, told.revision, 7, 99)
    assert (read.title, read.language, read.fetched_at, read.backfill) == (HARBOUR_TITLE, "en", NOON, False)
    assert read.words == len(HARBOUR.replace("-", " ").split())
    assert [mention.entity for mention in read.mentions] == ["Oda Merrin"]


def test_numbers_and_names_stand_in_clear() -> None:
    read = annotation(article(HARBOUR_TITLE, f"{HARBOUR} It cost 1,234,567 crowns, or 200 000 pounds, up 2.5 %."))
    assert read.numbers[:6] == ("41", "37", "9", "3", "700", "5")
    assert {"1234567", "200000", "2.5"} <= set(read.numbers)
    assert {"Port Ansel", "Captain Oda Merrin", "Nether Sallow"} <= set(read.names)


def test_numbers_in_a_promo_tail_are_not_the_storys() -> None:
    read = annotation(article(HARBOUR_TITLE, f"{HARBOUR}\n\nRead more: 1066 and all that"))
    assert "1066" not in read.numbers


def test_the_same_article_gives_the_same_bytes() -> None:
    one, other = (annotation(article(COLUMN_TITLE, COLUMN_TEXT), entity("Helmont")) for _ in range(2))
    assert encode(one) == encode(other)


def crowded(repeats: int) -> str:
    meeting = "In the hall of the harbour office {} met the 1{}1 others"
    return ". ".join(meeting.format(one.name, place) for place, one in enumerate(CROWD * repeats))


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (COLUMN_TITLE, COLUMN_TEXT),
        ("T" * 5000, "x"),
        ("é“" * 3000, "ü" * 200_000),
        (HARBOUR_TITLE, crowded(1)),
        (f"{CROWD[0].name} speaks", crowded(20)),
        (HARBOUR_TITLE, " ".join(f"Name{place:04}x {place}" for place in range(9000))),
        ("\\" * 900, '"\\\n' * 20_000),
        ("", ""),
    ],
    ids=["column", "title", "accents", "crowd", "crowds", "names", "escapes", "nothing"],
)
def test_an_annotation_fits_four_kilobytes(title: str, text: str) -> None:
    read = annotation(article(title, text, language=None), *CROWD)
    assert len(encode(read)) <= LIMIT
    assert decode(Annotation, encode(read)) == read


@pytest.mark.parametrize("lists", [5, 60])
def test_every_watchlist_keeps_a_mention_when_room_is_short(lists: int) -> None:
    """With sixty of them named in one article the limit gives way, not the sixtieth reader."""
    own = [watchlist(one, name=f"list{place}") for place, one in enumerate(CROWD[:lists])]
    index = AliasIndex.build([*own, watchlist(*CROWD, name="all")])
    read = annotate(article(HARBOUR_TITLE, crowded(3)), index, partition=0, offset=0)
    served = {watch.watchlist for mention in read.mentions for watch in mention.watches}
    assert served == {"all", *(one.id for one in own)}
    assert len(encode(read)) <= LIMIT or lists > 5


def test_room_is_taken_from_quotes_and_names_before_mentions() -> None:
    few = annotation(article(HARBOUR_TITLE, crowded(1)), *CROWD[:1])
    many = annotation(article(HARBOUR_TITLE, crowded(1)), *CROWD[:5])
    assert few.mentions[0].quote
    assert {mention.entity for mention in many.mentions} == {one.name for one in CROWD[:5]}
    assert len(many.names) < len(few.names)
    assert many.fingerprint == few.fingerprint


@settings(max_examples=60)
@given(st.data())
def test_any_article_can_be_annotated(data: Any) -> None:
    title, text = data.draw(st.text()), data.draw(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
    read = annotation(article(title, text, language=data.draw(st.none() | st.text(max_size=5))), entity("Helmont"))
    assert len(encode(read)) <= LIMIT


def test_a_long_text_costs_linear_time_and_stays_small() -> None:
    read = annotation(article(HARBOUR_TITLE, prose(1, 40_000)), entity("Helmont"))
    assert read.words == 40_000
    assert len(encode(read)) <= LIMIT
