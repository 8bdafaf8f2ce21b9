"""What becomes of one message: outputs, or a dead letter?"""

import pytest

from stream.shell.handling import Decided, Undertaker, handle
from wire.dead import letter_of
from wire.errors import Misconfigured, NewerVersion, Rejected
from wire.kafka import Incoming, Record
from wire.topics import ANNOTATIONS, ARTICLES

UNDERTAKER = Undertaker(program="annotate", version="1.2", source=ARTICLES)
OUTPUT = Record(topic=ANNOTATIONS, key=None, value=b"out")
MESSAGE = Incoming(
    topic="p.articles", partition=3, offset=14, key=b"key", value=b"in", headers=(), timestamp_ms=1_700_000_000_000
)


def test_what_is_decided_is_passed_on() -> None:
    outcome = handle(MESSAGE, lambda _: Decided(records=(OUTPUT,), fields={"article": "a"}), UNDERTAKER)
    assert (outcome.decided.records, outcome.decided.fields, outcome.reason) == ((OUTPUT,), {"article": "a"}, None)


def test_a_rejected_message_is_dead_lettered_with_its_reason() -> None:
    def reject(_: Incoming) -> Decided:
        raise Rejected("undecodable", "no JSON")

    outcome = handle(MESSAGE, reject, UNDERTAKER)
    assert (outcome.reason, outcome.detail) == ("undecodable", "no JSON")
    (record,) = outcome.decided.records
    assert (record.topic.name, record.key, record.value) == ("articles.dead", b"key", b"in")


def test_any_other_exception_is_a_bug_and_its_traceback_is_kept() -> None:
    def divide(_: Incoming) -> Decided:
        return Decided(fields={"never": 1 // 0})

    outcome = handle(MESSAGE, divide, UNDERTAKER)
    assert outcome.reason == "bug"
    assert "ZeroDivisionError" in outcome.detail
    assert "in divide" in outcome.detail


@pytest.mark.parametrize("error", [NewerVersion("upgrade"), Misconfigured("no such topic")])
def test_what_would_happen_to_every_message_is_nobodys_dead_letter(error: Exception) -> None:
    def refuse(_: Incoming) -> Decided:
        raise error

    with pytest.raises(type(error)):
        handle(MESSAGE, refuse, UNDERTAKER)


def test_a_dead_letter_says_where_the_message_was() -> None:
    (record,) = UNDERTAKER.bury(MESSAGE, "hung", "stacks").decided.records
    arrived = Incoming(
        topic="p.articles.dead",
        partition=0,
        offset=0,
        key=record.key,
        value=record.value,
        headers=record.headers,
        timestamp_ms=0,
    )
    letter = letter_of(arrived)
    assert (letter.topic, letter.partition, letter.offset) == ("articles", 3, 14)
    assert (letter.program, letter.version, letter.reason, letter.detail) == ("annotate", "1.2", "hung", "stacks")
