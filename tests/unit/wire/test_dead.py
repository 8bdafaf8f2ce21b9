"""How does a message that nobody can process travel, and how does it come back?"""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.dead import DETAIL_LIMIT, dead_record, letter_of, reason_of
from wire.errors import Rejected
from wire.kafka import Headers, Incoming, Record
from wire.messages import DEAD_REASONS, DeadLetter
from wire.topics import DEAD_VALUE_KEPT, DEAD_VALUE_LIMIT, dead

LETTER = DeadLetter(
    value=b"bytes",
    key=b"key",
    reason="bug",
    detail="why",
    topic="articles",
    partition=1,
    offset=2,
    program="annotate",
    version="0.1.0",
)


def arrived(record: Record, headers: Headers | None = None) -> Incoming:
    return Incoming(
        topic=record.topic.name,
        partition=0,
        offset=0,
        key=record.key,
        value=record.value,
        headers=record.headers if headers is None else headers,
        timestamp_ms=0,
    )


@given(
    value=st.binary(max_size=50),
    key=st.none() | st.binary(max_size=10),
    reason=st.sampled_from(DEAD_REASONS),
    detail=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=50),
    partition=st.integers(0, 11),
    offset=st.integers(0, 2**62),
)
def test_a_letter_comes_back_as_it_was_sent(**fields: object) -> None:
    letter = msgspec.structs.replace(LETTER, **fields)
    assert letter_of(arrived(dead_record(letter))) == letter


def test_the_original_bytes_are_the_value_so_that_any_tool_can_send_them_back() -> None:
    record = dead_record(LETTER)
    assert (record.key, record.value, record.topic.name) == (b"key", b"bytes", "articles.dead")


def test_of_a_value_too_large_for_any_topic_the_beginning_and_a_hash_are_kept() -> None:
    whole = b"x" * (DEAD_VALUE_LIMIT + 1)
    letter = letter_of(arrived(dead_record(msgspec.structs.replace(LETTER, value=whole))))
    assert letter.value == whole[:DEAD_VALUE_KEPT]
    assert letter.cut_sha256 == hashlib.sha256(whole).hexdigest()


def test_a_value_at_the_limit_is_kept_whole() -> None:
    whole = b"x" * DEAD_VALUE_LIMIT
    record = dead_record(msgspec.structs.replace(LETTER, value=whole, detail="é" * 99_999))
    assert record.value == whole
    size = len(whole) + sum(len(name) + len(value) for name, value in record.headers)
    assert size < dead(record.topic).max_message_bytes


def test_of_a_long_detail_the_end_is_kept() -> None:
    record = dead_record(msgspec.structs.replace(LETTER, detail="a" * DETAIL_LIMIT + "the error"))
    assert letter_of(arrived(record)).detail.endswith("the error")


def test_something_else_on_the_topic_is_rejected() -> None:
    with pytest.raises(Rejected):
        letter_of(arrived(dead_record(LETTER), headers=(("other", b"x"),)))


@pytest.mark.parametrize(
    ("name", "value"), [("offset", b"seven"), ("partition", b"\xff"), ("detail", b"\xff"), ("reason", b"boredom")]
)
def test_a_header_that_is_not_as_ours_are_is_rejected(name: str, value: bytes) -> None:
    others = tuple(pair for pair in dead_record(LETTER).headers if pair[0] != f"newswatch-{name}")
    with pytest.raises(Rejected):
        letter_of(arrived(dead_record(LETTER), headers=(*others, (f"newswatch-{name}", value))))


def test_a_topic_that_is_not_ours_has_no_dead_letters() -> None:
    with pytest.raises(Rejected):
        dead_record(msgspec.structs.replace(LETTER, topic="elsewhere"))


def test_an_unknown_reason_is_our_bug() -> None:
    assert [reason_of(word) for word in ("hung", "whatever")] == ["hung", "bug"]
