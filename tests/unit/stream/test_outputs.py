"""Are all outputs on Kafka, and which of them does it refuse? Against a producer that fails as told."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import cast

import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError, OutOfOrderSequenceNumber

from stream.shell.outputs import Outputs
from stream.shell.shim import SafeProducer
from wire.kafka import Record
from wire.settings import Settings
from wire.topics import MATCHES


class FailingProducer:
    """Stores what is sent, late; fails for values that name a failure."""

    def __init__(self) -> None:
        self.stored: list[bytes | None] = []
        self.renewed = 0
        self._broken = False

    async def send(self, topic: str, key: bytes | None, value: bytes | None, **_: object) -> Awaitable[object]:
        assert topic == "matches"
        if value == b"refused at once":
            raise MessageSizeTooLargeError
        return asyncio.ensure_future(self._store(value))

    async def renew(self) -> None:
        self.renewed += 1
        self._broken = False

    async def _store(self, value: bytes | None) -> None:
        await asyncio.sleep(0.001)
        if value == b"away":
            raise KafkaConnectionError
        if value == b"refused":
            self._broken = True
            raise MessageSizeTooLargeError
        if self._broken:
            raise OutOfOrderSequenceNumber
        self.stored.append(value)


def publish(producer: FailingProducer, *bundles: tuple[bytes, ...]) -> list[BaseException | None]:
    outputs = Outputs(Settings(home=Path()), cast(SafeProducer, producer))
    records = [[Record(topic=MATCHES, key=b"k", value=value) for value in bundle] for bundle in bundles]
    return asyncio.run(outputs.publish(records))


def test_publishing_returns_when_all_is_stored() -> None:
    producer = FailingProducer()
    assert publish(producer, (b"a", b"b"), (), (b"c",)) == [None, None, None]
    assert producer.stored == [b"a", b"b", b"c"]
    assert producer.renewed == 0


def test_an_output_that_fails_after_it_was_sent_is_not_overlooked() -> None:
    with pytest.raises(KafkaConnectionError):
        publish(FailingProducer(), (b"a",), (b"away",))


@pytest.mark.parametrize("refused", [b"refused", b"refused at once"])
def test_only_the_refused_bundle_is_refused(refused: bytes) -> None:
    producer = FailingProducer()
    errors = publish(producer, (b"a",), (refused,), (b"b",), (b"c", b"d"))
    assert [type(error) for error in errors if error] == [MessageSizeTooLargeError]
    assert errors[1] is not None
    assert set(producer.stored) == {b"a", b"b", b"c", b"d"}


def test_a_producer_that_was_refused_is_never_used_again() -> None:
    producer = FailingProducer()
    publish(producer, (b"refused",))
    assert publish(producer, (b"after",)) == [None]
    assert producer.stored == [b"after"]
