import pytest

from wire.article import TEXT_LIMIT
from wire.kafka import topic_configs, topic_name
from wire.settings import Settings
from wire.topics import (
    ALL,
    ANNOTATIONS,
    ARTICLES,
    DEAD,
    DEAD_VALUE_LIMIT,
    LARGEST_REQUEST,
    LIVE,
    MATCHES,
    WATCHLISTS,
    Topic,
    dead,
)

EVERY = pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
EMBEDDED = Settings(kafka="", kafka_topic_bytes=5 * 1024**2)
YOURS = Settings(kafka="broker.example:9092", kafka_replication=3)


def test_no_two_topics_share_a_name() -> None:
    assert len({topic.name for topic in ALL}) == len(ALL)


def test_every_topic_that_carries_news_has_its_dead_letters() -> None:
    assert {topic.name for topic in DEAD} == {f"{topic.name}.dead" for topic in (ARTICLES, ANNOTATIONS, MATCHES)}


def test_the_annotations_are_one_ordered_log() -> None:
    assert ANNOTATIONS.partitions == 1


def test_copies_of_an_address_and_matches_of_a_story_have_their_partition_for_life() -> None:
    """Another count would send the next copy elsewhere: this number is a promise to topics that exist."""
    assert (ARTICLES.partitions, MATCHES.partitions) == (12, 12)


@EVERY
def test_kafka_never_dates_a_message_by_its_news(topic: Topic) -> None:
    assert topic_configs(EMBEDDED, topic)["message.timestamp.type"] == "LogAppendTime"


@EVERY
def test_the_producer_may_send_what_the_topic_takes(topic: Topic) -> None:
    assert int(topic_configs(EMBEDDED, topic)["max.message.bytes"]) <= LARGEST_REQUEST


def test_the_longest_article_fits_also_when_every_character_is_escaped() -> None:
    """JSON writes a quotation mark in two bytes."""
    assert ARTICLES.max_message_bytes > TEXT_LIMIT * 2


@pytest.mark.parametrize("topic", LIVE, ids=lambda topic: topic.name)
def test_a_dead_letter_fits_with_its_headers(topic: Topic) -> None:
    assert dead(topic).max_message_bytes > DEAD_VALUE_LIMIT


def test_watchlists_are_kept_for_ever_and_compacted() -> None:
    configs = topic_configs(EMBEDDED, WATCHLISTS)
    assert configs["cleanup.policy"] == "compact"
    assert "retention.ms" not in configs
    assert "retention.bytes" not in configs


@pytest.mark.parametrize("topic", [topic for topic in ALL if not topic.compacted], ids=lambda topic: topic.name)
def test_what_is_deleted_by_age_is_also_limited_in_size_on_the_embedded_broker_only(topic: Topic) -> None:
    assert topic_configs(EMBEDDED, topic)["retention.ms"] == str(topic.retention_ms)
    assert topic_configs(EMBEDDED, topic)["retention.bytes"] == str(5 * 1024**2)
    assert "retention.bytes" not in topic_configs(YOURS, topic)


def test_replicated_topics_want_two_copies_before_they_answer() -> None:
    assert topic_configs(YOURS, ARTICLES)["min.insync.replicas"] == "2"
    assert "min.insync.replicas" not in topic_configs(EMBEDDED, ARTICLES)


def test_installations_that_share_a_kafka_are_kept_apart_by_the_prefix() -> None:
    assert topic_name(Settings(kafka_prefix="ours."), ARTICLES) == "ours.articles"
