"""What the admin step and the publisher do on a real Kafka, and which of kafka-python's habits they answer."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import InvalidRecordError, InvalidTimestampError, KafkaError, MessageSizeTooLargeError

from tests.conftest import TestBroker
from wire.errors import Misconfigured
from wire.kafka import (
    Admin,
    Incoming,
    LogReader,
    Publisher,
    Record,
    remove_member,
    topic_configs,
    topic_name,
)
from wire.settings import Settings
from wire.topics import ALL, ANNOTATIONS, ARTICLES, MATCHES, WATCHLISTS, Topic

# Takes 65 kB with all that Kafka adds: small enough for a test to exceed quickly.
SMALL = Topic(
    name="small", key="", partitions=1, retention_ms=-1, max_message_bytes=1024, written_by="test", read_by="test"
)
TOO_LARGE = os.urandom(80 * 1024)  # random bytes, because the producer compresses
HOUR_MS = 3600 * 1000


@pytest.fixture
def settings(broker: TestBroker, kafka_prefix: str) -> Settings:
    return Settings(kafka=broker.bootstrap, kafka_prefix=kafka_prefix)


@pytest.fixture
def admin(settings: Settings) -> Iterator[Admin]:
    with Admin(settings) as open_admin:
        yield open_admin


@pytest.fixture
def publisher(settings: Settings) -> Iterator[Publisher]:
    open_publisher = Publisher(settings, "test")
    yield open_publisher
    open_publisher.close()


@pytest.fixture
def bare_admin(broker: TestBroker) -> Iterator[Any]:
    """kafka-python itself: for what newswatch never does."""
    client = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    yield client
    client.close()


@pytest.fixture
def bare_producer(broker: TestBroker) -> Iterator[Any]:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True, linger_ms=5)
    yield producer
    producer.close(timeout=1)


def record(value: bytes | None, key: bytes | None = None, topic: Topic = SMALL) -> Record:
    return Record(topic=topic, key=key, value=value)


def read(settings: Settings, topic: Topic) -> list[Incoming]:
    """All that stands on a topic."""
    with closing(LogReader(settings, topic)) as reader:
        return list(reader.to_end())


def values(settings: Settings, topic: Topic = SMALL) -> list[bytes | None]:
    return [each.value for each in read(settings, topic)]


# The admin step


def test_topics_are_made_once_with_their_settings(settings: Settings, admin: Admin) -> None:
    assert admin.create_topics() == [topic_name(settings, topic) for topic in ALL]
    assert admin.create_topics() == []
    assert {topic_name(settings, topic) for topic in ALL} <= admin.topics()
    for topic in ALL:
        wanted = topic_configs(settings, topic)
        assert {key: admin.topic_config(topic)[key] for key in wanted} == wanted
        assert admin.partitions(topic) == topic.partitions
    admin.check_limits()


def test_topics_that_exist_are_left_as_they_are(admin: Admin) -> None:
    admin.create_topics([SMALL])
    other = Topic(
        name="small", key="", partitions=9, retention_ms=1, max_message_bytes=9, written_by="test", read_by="test"
    )
    assert admin.create_topics([other]) == []
    assert admin.partitions(other) == 1
    assert admin.topic_config(SMALL)["retention.ms"] == "-1"


def test_two_admin_steps_at_once_make_every_topic_once(settings: Settings) -> None:
    def make(_: int) -> list[str]:
        with Admin(settings) as own:
            return own.create_topics()

    with ThreadPoolExecutor(3) as pool:
        made = [name for names in pool.map(make, range(3)) for name in names]
    assert sorted(made) == sorted(topic_name(settings, topic) for topic in ALL)


def test_more_replicas_than_brokers_is_a_mistake_of_the_settings(settings: Settings) -> None:
    greedy = settings.model_copy(update={"kafka_replication": 3})
    with Admin(greedy) as own, pytest.raises(Misconfigured, match=r"NEWSWATCH_KAFKA_REPLICATION.*fewer than 3"):
        own.create_topics([SMALL])


def test_every_topic_that_would_refuse_our_messages_is_named_at_start(
    settings: Settings, admin: Admin, bare_admin: Any
) -> None:
    admin.create_topics([ANNOTATIONS, WATCHLISTS])
    bare_admin.create_topics(
        {
            topic_name(settings, MATCHES): {"num_partitions": 3, "replication_factor": 1},
            topic_name(settings, ARTICLES): {
                "num_partitions": 12,
                "replication_factor": 1,
                "configs": {"message.timestamp.type": "CreateTime", "max.message.bytes": "1000"},
            },
        },
        wait_for_metadata=True,
    )
    with pytest.raises(Misconfigured) as refused:
        admin.check_limits()
    told = str(refused.value).splitlines()
    names = {topic.name: topic_name(settings, topic) for topic in ALL}
    assert [line for line in told if line.startswith(f"{names['matches']} has 3 partitions and needs 12")]
    assert [line for line in told if line.startswith(f"{names['articles']} has max.message.bytes=1000 and needs")]
    assert [line for line in told if line.startswith(f"{names['articles']} has message.timestamp.type=CreateTime")]
    assert len([line for line in told if f"no topic {names['articles']}.dead: `newswatch topics`" in line]) == 1
    assert not [line for line in told if names["annotations"] + " " in line or names["watchlists"] + " " in line]


def test_offsets_tell_where_each_partition_begins_and_ends(admin: Admin, publisher: Publisher) -> None:
    admin.create_topics([MATCHES])
    publisher.publish([record(b"%d" % number, b"one story", MATCHES) for number in range(5)])
    ends = admin.end_offsets(MATCHES)
    assert sorted(ends) == list(range(12))
    assert sorted(ends.values()) == [0] * 11 + [5]
    assert admin.first_offsets(MATCHES) == dict.fromkeys(range(12), 0)


def test_a_missing_topic_is_told_with_the_command_that_makes_it(settings: Settings, admin: Admin) -> None:
    with pytest.raises(Misconfigured, match=f"no topic {topic_name(settings, SMALL)}: `newswatch topics`"):
        admin.end_offsets(SMALL)
    with pytest.raises(Misconfigured, match="`newswatch topics`"):
        LogReader(settings, SMALL)
    assert admin.topic_config(SMALL) == {}
    assert admin.partitions(SMALL) == 0


def test_an_unknown_group_has_committed_nothing_and_no_members(settings: Settings, admin: Admin) -> None:
    admin.create_topics([SMALL])
    assert admin.committed("nobody", SMALL) == {}
    admin.remove_member("nobody")
    remove_member(settings, "nobody")


def test_a_cluster_keeps_its_id(settings: Settings, admin: Admin) -> None:
    assert len(admin.cluster_id()) == 22
    with Admin(settings) as other:
        assert other.cluster_id() == admin.cluster_id()


# One refused record


REFUSED: dict[str, tuple[dict[str, str], dict[str, Any], type[KafkaError]]] = {
    "larger than its topic takes": ({"max.message.bytes": "1000"}, {"value": TOO_LARGE}, MessageSizeTooLargeError),
    "dated more than an hour ahead": (
        {"message.timestamp.type": "CreateTime"},
        {"value": b"soon", "timestamp_ms": int(time.time() * 1000) + 2 * HOUR_MS},
        InvalidTimestampError,
    ),
    "without a key on a compacted topic": ({"cleanup.policy": "compact"}, {"value": b"keyless"}, InvalidRecordError),
}


@pytest.mark.parametrize("how", REFUSED)
def test_fact_one_refused_record_spoils_a_bare_producer_for_good(
    settings: Settings, bare_admin: Any, bare_producer: Any, how: str
) -> None:
    configs, refused, error = REFUSED[how]
    name = topic_name(settings, SMALL)
    bare_admin.create_topics({name: {"num_partitions": 1, "configs": configs}}, wait_for_metadata=True)
    bare_producer.send(name, key=b"k", value=b"fine").get(timeout=10)
    with pytest.raises(error):
        bare_producer.send(name, **refused).get(timeout=10)
    for _ in range(3):
        with pytest.raises(KafkaError):
            bare_producer.send(name, key=b"k", value=b"fine").get(timeout=10)


def test_fact_a_flush_of_a_bare_producer_returns_as_if_nothing_had_been_refused(
    settings: Settings, admin: Admin, bare_producer: Any
) -> None:
    """Which is why the publisher looks at each record's own outcome."""
    admin.create_topics([SMALL])
    sent = bare_producer.send(topic_name(settings, SMALL), value=TOO_LARGE)
    bare_producer.flush(timeout=10)
    assert isinstance(sent.exception, MessageSizeTooLargeError)


def test_fact_of_a_batch_with_one_refused_record_every_record_is_reported_as_failed(
    settings: Settings, bare_admin: Any, bare_producer: Any
) -> None:
    name = topic_name(settings, SMALL)
    bare_admin.create_topics(
        {name: {"num_partitions": 1, "configs": {"cleanup.policy": "compact"}}}, wait_for_metadata=True
    )
    bare_producer.send(name, key=b"k", value=b"warm").get(timeout=10)
    sent = [bare_producer.send(name, key=b"k" if number != 3 else None, value=b"v") for number in range(6)]
    bare_producer.flush(timeout=10)
    assert all(each.failed() for each in sent)
    assert isinstance(sent[3].exception, InvalidRecordError)
    assert not any(isinstance(each.exception, InvalidRecordError) for each in sent if each is not sent[3])


# The publisher


def test_what_is_published_stands_on_the_topic_as_it_was_given(settings: Settings, admin: Admin) -> None:
    admin.create_topics([WATCHLISTS])
    publisher = Publisher(settings, "test")
    given = Record(topic=WATCHLISTS, key=b"w", value=b"\x00\xff", headers=(("version", b"7"), ("empty", b"")))
    tombstone = Record(topic=WATCHLISTS, key=b"w", value=None, headers=(("version", b"8"),))
    before = int(time.time() * 1000) - 1
    assert publisher.publish([given, tombstone]) == [None, None]
    publisher.close()
    found = read(settings, WATCHLISTS)
    assert [(each.key, each.value, each.headers) for each in found] == [
        (b"w", b"\x00\xff", given.headers),
        (b"w", None, tombstone.headers),
    ]
    assert [each.offset for each in found] == [0, 1]
    assert all(before <= each.timestamp_ms <= time.time() * 1000 + 1 for each in found)


def test_nothing_to_publish_is_no_work_at_all() -> None:
    publisher = Publisher(Settings(kafka="127.0.0.1:1"), "test")
    assert publisher.publish([]) == []


def test_records_of_one_key_keep_their_order_in_one_partition(settings: Settings, publisher: Publisher) -> None:
    with Admin(settings) as admin:
        admin.create_topics([MATCHES])
    publisher.publish([record(b"%d" % number, b"story", MATCHES) for number in range(300)])
    publisher.publish([record(b"%d" % number, b"story", MATCHES) for number in range(300, 400)])
    found = read(settings, MATCHES)
    assert len({each.partition for each in found}) == 1
    assert [each.value for each in found] == [b"%d" % number for number in range(400)]


def published(publisher: Publisher, records: Sequence[Record]) -> tuple[list[int], list[str]]:
    """Which records were refused, and what was said of them."""
    verdicts = publisher.publish(records)
    assert len(verdicts) == len(records)
    refused = {index: verdict for index, verdict in enumerate(verdicts) if verdict is not None}
    return list(refused), list(refused.values())


def test_a_refused_record_is_named_and_the_next_ones_are_published(
    settings: Settings, admin: Admin, publisher: Publisher
) -> None:
    admin.create_topics([SMALL])
    assert publisher.publish([record(b"before")]) == [None]
    [verdict] = publisher.publish([record(TOO_LARGE)])
    assert verdict is not None
    assert verdict.startswith(f"{len(TOO_LARGE)} bytes are more than the topic small takes")
    assert publisher.publish([record(b"after")]) == [None]
    assert values(settings) == [b"before", b"after"]


@pytest.mark.parametrize("place", [0, 25, 49])
def test_one_refused_record_among_fifty_costs_none_of_the_others(
    settings: Settings, admin: Admin, publisher: Publisher, place: int
) -> None:
    admin.create_topics([SMALL])
    fine = [b"%d" % number for number in range(50)]
    refused, _ = published(
        publisher, [record(TOO_LARGE if number == place else value) for number, value in enumerate(fine)]
    )
    assert refused == [place]
    assert values(settings) == [value for number, value in enumerate(fine) if number != place]


def test_records_refused_for_what_is_in_them_cost_none_of_the_others(
    settings: Settings, admin: Admin, publisher: Publisher
) -> None:
    """Here Kafka blames one record of a batch, and kafka-python fails the others without a reason."""
    admin.create_topics([WATCHLISTS])
    keys: list[bytes | None] = [b"%d" % number for number in range(50)]
    keys[7] = keys[30] = None
    refused, why = published(publisher, [record(b"v", key, WATCHLISTS) for key in keys])
    assert refused == [7, 30]
    assert all("InvalidRecordError" in each for each in why)
    assert [each.key for each in read(settings, WATCHLISTS)] == [key for key in keys if key is not None]


def test_records_of_many_partitions_survive_the_refusal_in_one(
    settings: Settings, admin: Admin, publisher: Publisher
) -> None:
    admin.create_topics([ARTICLES])
    given = [record(b"%d" % number, b"%d" % number, ARTICLES) for number in range(60)]
    given[20] = record(os.urandom(ARTICLES.max_message_bytes + 100_000), b"20", ARTICLES)
    assert published(publisher, given)[0] == [20]
    found = read(settings, ARTICLES)
    # What was not acknowledged is sent again, so some may stand there twice; none is missing.
    assert {int(each.value or b"") for each in found} == {number for number in range(60) if number != 20}


def test_when_all_are_refused_all_are_named(admin: Admin, publisher: Publisher) -> None:
    admin.create_topics([SMALL])
    assert published(publisher, [record(TOO_LARGE)] * 4)[0] == [0, 1, 2, 3]


def test_what_is_larger_than_any_topic_takes_is_refused_without_asking_kafka(
    settings: Settings, admin: Admin, publisher: Publisher
) -> None:
    admin.create_topics([SMALL])
    monstrous = bytes(WATCHLISTS.max_message_bytes + 1024 * 1024)
    assert published(publisher, [record(b"a"), record(monstrous), record(b"b")])[0] == [1]
    assert values(settings) == [b"a", b"b"]


def test_records_that_are_only_together_too_many_are_all_stored(
    settings: Settings, admin: Admin, publisher: Publisher
) -> None:
    """kafka-python splits such a batch; its flush raises meanwhile, so the publisher does not use it."""
    admin.create_topics([SMALL])
    many = [os.urandom(20 * 1024) for _ in range(10)]
    assert publisher.publish([record(value) for value in many]) == [None] * 10
    assert values(settings) == many


def test_records_travel_compressed_and_other_clients_read_them(
    settings: Settings, admin: Admin, publisher: Publisher
) -> None:
    """Faust's client unpacks zstd with another library than ours packs it."""
    admin.create_topics([SMALL])
    long = b"the same words again " * 10_000  # three times what the topic takes, unless compressed
    assert publisher.publish([record(long, b"k")]) == [None]

    async def read_with_aiokafka() -> bytes:
        consumer = AIOKafkaConsumer(
            topic_name(settings, SMALL), bootstrap_servers=settings.bootstrap, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            found: bytes = (await asyncio.wait_for(consumer.getone(), 10)).value
        finally:
            await consumer.stop()
        return found

    assert asyncio.run(read_with_aiokafka()) == long


def test_publishing_to_a_missing_topic_says_which_command_makes_it(settings: Settings) -> None:
    publisher = Publisher(settings, "test", delivery_timeout=1)
    with pytest.raises(Misconfigured, match=f"no topic {topic_name(settings, SMALL)}: `newswatch topics`"):
        publisher.publish([record(b"a")])
    publisher.close()


def test_a_publisher_that_was_closed_or_refused_leaves_no_thread_behind(settings: Settings, admin: Admin) -> None:
    admin.create_topics([SMALL])
    before = set(threading.enumerate())
    publisher = Publisher(settings, "test")
    published(publisher, [record(b"a"), record(TOO_LARGE), record(b"b")])
    assert len(set(threading.enumerate()) - before) == 1
    publisher.close()
    assert set(threading.enumerate()) - before == set()
    assert publisher.publish([record(b"again")]) == [None]
    publisher.close()
    publisher.close()
