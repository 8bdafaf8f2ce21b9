from newswatch.kafka_config import MB, log4j_properties, server_properties
from wire import topics


def properties(partition_bytes: int = 512 * MB) -> dict[str, str]:
    text = server_properties(port=19092, controller_port=20001, partition_bytes=partition_bytes)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_every_listener_is_on_loopback() -> None:
    for name in ("listeners", "advertised.listeners"):
        for listener in properties()[name].split(","):
            assert "://127.0.0.1:" in listener


def test_topics_are_never_made_by_a_client() -> None:
    assert properties()["auto.create.topics.enable"] == "false"


def test_committed_offsets_live_as_long_as_the_topics() -> None:
    assert int(properties()["offsets.retention.minutes"]) == 30 * 24 * 60


def test_records_are_flushed_within_about_a_second() -> None:
    told = properties()
    waits = [int(told[f"log.flush.{name}.ms"]) for name in ("interval", "scheduler.interval")]
    assert sum(waits) <= 1500
    assert int(told["log.initial.task.delay.ms"]) <= 1000


def test_a_size_limit_holds_to_within_a_segment_of_an_eighth() -> None:
    for limit in (256 * MB, 512 * MB, 100_000 * MB):
        told = properties(partition_bytes=limit)
        assert int(told["log.retention.bytes"]) == limit
        assert int(told["log.segment.bytes"]) <= limit / 8


def test_every_message_fits_into_a_segment_however_small_the_limit() -> None:
    largest = max(topic.max_message_bytes for topic in topics.ALL)
    assert int(properties(partition_bytes=MB)["log.segment.bytes"]) > largest


def test_a_dead_letter_of_two_megabytes_fits() -> None:
    assert int(properties()["message.max.bytes"]) > 2 * MB + 64 * 1024


def test_the_configuration_holds_no_path_of_the_users() -> None:
    assert properties()["log.dirs"] == "data"
    assert "appender.file.fileName=../logs/kafka.log\n" in log4j_properties()
