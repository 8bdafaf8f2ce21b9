"""How do records get onto Kafka, and what if the broker refuses one?"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import (
    InvalidRecordError,
    InvalidTimestampError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from wire.errors import NewswatchError, Transient
from wire.kafka.admin import Admin
from wire.kafka.records import CONNECT_SECONDS, Record, away, missing_topic, opening, topic_name
from wire.settings import Settings
from wire.topics import LARGEST_REQUEST

REFUSALS = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTimestampError, InvalidRecordError)
LINGER_MS = 5
EXPLAIN_SECONDS = 2.0
STOP_SECONDS = 2.0


class Publisher:
    """Publishes records and waits until each is stored or refused. Thread-safe only through its owner: one thread.

    An idempotent kafka-python producer that was refused one record fails every later send, and may blame every record
    that it held for what one of them did. After a refusal it is therefore replaced, and what was not stored is sent
    again, half by half, until the refused record stands alone. Records of one partition keep their order.
    """

    def __init__(self, settings: Settings, client_id: str, *, delivery_timeout: float = 30.0) -> None:
        self._settings = settings
        self._client_id = client_id
        self._delivery_timeout = delivery_timeout
        self._producer: Any = None

    def publish(self, records: Sequence[Record]) -> list[str | None]:
        """For each record None (stored on all in-sync replicas), or why the broker refuses it for good.

        Raises:
            Transient: Kafka did not take them within the delivery timeout; any of them may be stored or not.
            Misconfigured: there is no such topic, or Kafka refuses us altogether.
        """
        refused = self._refused(dict(enumerate(records)))
        return [refused.get(index) for index in range(len(records))]

    def close(self) -> None:
        """Let go of the connection. Publishing again opens another."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        # Its own close first waits for records that cannot be stored any more, then raises and leaves its thread
        # behind, which goes on trying. Nothing that we promised is lost here: `publish` waits for all that it sends.
        producer._sender.force_close()  # noqa: SLF001
        producer._sender.join(STOP_SECONDS)  # noqa: SLF001
        with suppress(KafkaError):
            producer.close(timeout=0)

    def _refused(self, records: Mapping[int, Record]) -> dict[int, str]:
        """Publish them all but those refused, which are returned."""
        left = self._send(records)
        if not left:
            return {}
        self.close()
        if not any(isinstance(error, REFUSALS) for error in left.values()):
            raise away(self._settings, next(iter(left.values())))
        if len(left) == 1:
            return {index: _why(records[index], error) for index, error in left.items()}
        again = [(index, records[index]) for index in left]
        half = len(again) // 2
        return self._refused(dict(again[:half])) | self._refused(dict(again[half:]))

    def _send(self, records: Mapping[int, Record]) -> dict[int, KafkaError]:
        """Send them all; those that were not stored, with the error of each."""
        producer = self._open() if records else None
        until = time.monotonic() + self._delivery_timeout + STOP_SECONDS
        sent = {index: self._start(producer, record) for index, record in records.items()}
        errors = {index: _error(result, until) for index, result in sent.items()}
        return {index: error for index, error in errors.items() if error is not None}

    def _start(self, producer: Any, record: Record) -> Any:
        name = topic_name(self._settings, record.topic)
        try:
            return producer.send(name, value=record.value, key=record.key, headers=list(record.headers))
        except MessageSizeTooLargeError as error:
            return error
        except KafkaError as error:
            self.close()
            raise self._explain(error, name) from error

    def _explain(self, error: KafkaError, name: str) -> NewswatchError:
        """kafka-python waits for a topic that does not exist exactly as it waits for Kafka: look which it is."""
        if isinstance(error, KafkaTimeoutError):
            with suppress(Transient), Admin(self._settings, timeout=EXPLAIN_SECONDS) as admin:
                if name not in admin.topics():
                    return missing_topic(self._settings, name)
        return away(self._settings, error)

    def _open(self) -> Any:
        if self._producer is None:
            patience = min(CONNECT_SECONDS, self._delivery_timeout)
            with opening(self._settings, timeout=patience) as options:
                # Two tries at least before a record is given up; and kafka-python wants them to fit in.
                options["request_timeout_ms"] = int(self._delivery_timeout * 500) - LINGER_MS
                self._producer = KafkaProducer(
                    **options,
                    client_id=self._client_id,
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=LINGER_MS,
                    batch_size=262_144,
                    compression_type="zstd",
                    max_block_ms=int(patience * 1000),
                    max_request_size=LARGEST_REQUEST,
                    delivery_timeout_ms=int(self._delivery_timeout * 1000),
                )
        return self._producer


def _why(record: Record, error: KafkaError) -> str:
    if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
        return f"{len(record.value or b'')} bytes are more than the topic {record.topic.name} takes ({error})"
    return str(error)


def _error(result: Any, until: float) -> KafkaError | None:
    """Why a record was not stored; None when it was."""
    if isinstance(result, KafkaError):
        return result
    try:
        result.get(timeout=max(0.0, until - time.monotonic()))
    except KafkaError as error:
        return error
    return None
