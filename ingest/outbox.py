"""How do articles get onto Kafka, and what if it is away?

Polls hand their articles in and wait; one task publishes those of many polls in one go and tries until Kafka has
acknowledged them. What the broker refuses for good goes to the dead letters, so that no feed is stuck on it.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from wire import logs, metrics
from wire.article import Article, topic_key
from wire.codec import encode
from wire.dead import dead_record
from wire.errors import Transient
from wire.kafka import Record
from wire.messages import DeadLetter, DeadReason
from wire.service import VERSION
from wire.topics import ARTICLES

BATCH = 1000  # records of one publish
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0  # seconds between two tries


class Publishes(Protocol):
    """What `wire.kafka.Publisher` promises."""

    def publish(self, records: Sequence[Record]) -> list[str | None]: ...


@dataclass(frozen=True, slots=True)
class _Parcel:
    records: Sequence[Record]
    verdicts: "asyncio.Future[list[str | None]]"


class Outbox:
    """The way to Kafka. `away` says why nothing gets through; it is empty while all is well."""

    def __init__(self, publisher: Publishes) -> None:
        self.away = ""
        self._publisher = publisher
        self._parcels: asyncio.Queue[_Parcel] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kafka")
        self._log = logs.get()

    async def deliver(self, articles: Sequence[Article]) -> None:
        """Return once every article is on Kafka, or is set aside among the dead letters."""
        records = [_record(article) for article in articles]
        verdicts = await self._publish(records)
        refused = [(record, why) for record, why in zip(records, verdicts, strict=True) if why]
        if refused:
            await self._set_aside(refused)

    async def run(self) -> None:
        """Publish what is handed in, for ever."""
        while True:
            parcels = [await self._parcels.get()]
            while not self._parcels.empty() and sum(len(parcel.records) for parcel in parcels) < BATCH:
                parcels.append(self._parcels.get_nowait())
            verdicts = iter(await self._try_until_stored([record for parcel in parcels for record in parcel.records]))
            for parcel in parcels:
                answer = [next(verdicts) for _ in parcel.records]
                if not parcel.verdicts.done():
                    parcel.verdicts.set_result(answer)

    def close(self) -> None:
        self._thread.shutdown()

    async def _publish(self, records: Sequence[Record]) -> list[str | None]:
        parcel = _Parcel(records, asyncio.get_running_loop().create_future())
        self._parcels.put_nowait(parcel)
        return await parcel.verdicts

    async def _try_until_stored(self, records: Sequence[Record]) -> list[str | None]:
        pause = FIRST_PAUSE
        while True:
            try:
                loop = asyncio.get_running_loop()
                verdicts = await loop.run_in_executor(self._thread, self._publisher.publish, records)
            except Transient as error:
                self._note(str(error))
            else:
                self._note("")
                return verdicts
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _set_aside(self, refused: Sequence[tuple[Record, str]]) -> None:
        letters = [_letter(record, why) for record, why in refused]
        verdicts = await self._publish([dead_record(letter) for letter in letters])
        for letter, why in zip(letters, verdicts, strict=True):
            metrics.DEAD_LETTERS.labels(letter.reason).inc()
            self._log.error("article refused by kafka", reason=letter.reason, detail=letter.detail, lost=why or "no")

    def _note(self, why: str) -> None:
        if bool(why) != bool(self.away):
            if why:
                self._log.warning("kafka is away, polling pauses", error=why)
            else:
                self._log.info("kafka is back, polling goes on")
        self.away = why


def _record(article: Article) -> Record:
    return Record(topic=ARTICLES, key=topic_key(article.canonical_url), value=encode(article))


def _letter(record: Record, why: str) -> DeadLetter:
    value = record.value or b""
    reason: DeadReason = "too_large" if len(value) > ARTICLES.max_message_bytes else "refused"
    return DeadLetter(
        value=value,
        key=record.key,
        reason=reason,
        detail=why,
        topic=ARTICLES.name,
        partition=-1,
        offset=-1,
        program="poll",
        version=VERSION,
    )
