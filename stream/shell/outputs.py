"""Are all outputs on Kafka, and which of them does it refuse?"""

import asyncio
from collections.abc import Sequence

from stream.shell.shim import SafeProducer, is_refusal
from wire.kafka import Record, topic_name
from wire.settings import Settings


class Outputs:
    """Publishes through Faust's producer and waits for every record: an output that is not awaited can be lost."""

    def __init__(self, settings: Settings, producer: SafeProducer) -> None:
        self._settings = settings
        self._producer = producer

    async def publish(self, bundles: Sequence[Sequence[Record]]) -> list[BaseException | None]:
        """For each bundle of records None (all are stored), or why one of them is refused for good.

        A broker refuses a whole batch for one bad record, and then all that an idempotent producer sends after it. So
        after a refusal every bundle that failed is sent again by itself, through a fresh producer.

        Raises:
            Exception: Kafka failed otherwise; nothing may be assumed stored.
        """
        errors = await self._send(bundles)
        failed = [index for index, error in enumerate(errors) if error is not None]
        if failed and not any(is_refusal(error) for error in errors):
            raise _first(errors)
        broken = bool(failed)
        for index in failed:
            if broken:
                await self._producer.renew()
            errors[index] = (await self._send([bundles[index]]))[0]
            broken = errors[index] is not None
            if broken and not is_refusal(errors[index]):
                raise _first(errors[index:])
        if broken:
            await self._producer.renew()
        return errors

    async def _send(self, bundles: Sequence[Sequence[Record]]) -> list[BaseException | None]:
        sent = [[await self._start(record) for record in bundle] for bundle in bundles]
        flat = [future for bundle in sent for future in bundle if isinstance(future, asyncio.Future)]
        if flat:
            await asyncio.wait(flat)
        return [_first_or_none([_error(future) for future in bundle]) for bundle in sent]

    async def _start(self, record: Record) -> "asyncio.Future[object] | BaseException":
        try:
            waiting = await self._producer.send(
                topic_name(self._settings, record.topic),
                record.key,
                record.value,
                partition=None,
                timestamp=None,
                headers=list(record.headers),
            )
        except Exception as error:  # noqa: BLE001  # the caller sorts them: refused, or Kafka is away
            return error
        return asyncio.ensure_future(waiting)


def _error(sent: "asyncio.Future[object] | BaseException") -> BaseException | None:
    return sent.exception() if isinstance(sent, asyncio.Future) else sent


def _first_or_none(errors: Sequence[BaseException | None]) -> BaseException | None:
    return next((error for error in errors if error is not None), None)


def _first(errors: Sequence[BaseException | None]) -> BaseException:
    return next(error for error in errors if error is not None)
