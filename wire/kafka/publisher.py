"""How do records get onto Kafka, and what if the broker refuses one?"""

from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import (
    InvalidRecordError,
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from wire.errors import Transient
from wire.kafka.records import Record, client_options, topic_name
from wire.settings import Settings
from wire.topics import ALL, REQUEST_OVERHEAD

REFUSALS = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTimestampError, InvalidRecordError)
LARGEST_REQUEST = max(topic.max_message_bytes for topic in ALL) + REQUEST_OVERHEAD


class Publisher:
    """Publishes records and waits until each is stored or refused. Thread-safe only through its owner: one thread.

    An idempotent kafka-python producer that was refused one record fails every later send; after a refusal it is
    therefore replaced, and what was not acknowledged is sent again.
    """

    def __init__(self, settings: Settings, client_id: str, *, delivery_timeout: float = 30.0) -> None:
        self._settings = settings
        self._client_id = client_id
        self._delivery_timeout = delivery_timeout
        self._producer: Any = None

    def publish(self, records: Sequence[Record]) -> list[str | None]:
        """For each record None (stored on all in-sync replicas), or why the broker refuses it for good.

        A batch is refused as a whole for one bad record, so its records are tried again one by one.

        Raises:
            Transient: Kafka is away; nothing may be assumed stored.
        """
        verdicts: list[str | None] = [None] * len(records)
        refused = [index for index, error in self._send(records) if error is not None]
        for index in refused:
            verdicts[index] = str(error) if (error := self._send([records[index]])[0][1]) else None
        return verdicts

    def close(self) -> None:
        """Let go of the connection. Publishing again opens another."""
        if self._producer is not None:
            self._producer.close(timeout=5)
            self._producer = None

    def _send(self, records: Sequence[Record]) -> list[tuple[int, KafkaError | None]]:
        try:
            producer = self._open()
            results = [(index, self._start(producer, record)) for index, record in enumerate(records)]
            producer.flush(timeout=self._delivery_timeout)
            errors = [(index, self._refusal(result)) for index, result in results]
        except KafkaError as error:
            self._discard()
            raise Transient(f"Kafka at {self._settings.bootstrap} did not take the records: {error}") from error
        if any(error is not None for _, error in errors):
            self._discard()
        return errors

    def _start(self, producer: Any, record: Record) -> Any:
        try:
            return producer.send(
                topic_name(self._settings, record.topic),
                value=record.value,
                key=record.key,
                headers=list(record.headers),
            )
        except MessageSizeTooLargeError as error:
            return error

    def _refusal(self, result: Any) -> KafkaError | None:
        if isinstance(result, KafkaError):
            return result
        try:
            result.get(timeout=self._delivery_timeout)
        except REFUSALS as error:
            return error
        return None

    def _open(self) -> Any:
        if self._producer is None:
            self._producer = KafkaProducer(
                **client_options(self._settings),
                client_id=self._client_id,
                acks="all",
                enable_idempotence=True,
                linger_ms=5,
                batch_size=262_144,
                compression_type="zstd",
                max_block_ms=10_000,
                max_request_size=LARGEST_REQUEST,
                delivery_timeout_ms=int(self._delivery_timeout * 1000),
            )
        return self._producer

    def _discard(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close(timeout=0)
