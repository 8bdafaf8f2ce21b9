"""How a topic is read on a real Kafka: by a member of a group that starts where it says, and by one without a group."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from tests.conftest import TestBroker
from wire.errors import Misconfigured
from wire.kafka import Admin, GroupConsumer, Incoming, LogReader, Publisher, Record, topic_name
from wire.settings import Settings
from wire.topics import ALL, ANNOTATIONS, MATCHES, WATCHLISTS, Topic

SESSION = 10.0  # Kafka allows 6, and half of it must be long on a busy machine


@dataclass
class Rig:
    """Topics with something on them, and members of one group that reads them."""

    settings: Settings
    admin: Admin
    publisher: Publisher
    members: list[GroupConsumer] = field(default_factory=list)

    def publish(self, count: int, topic: Topic = MATCHES) -> None:
        self.publisher.publish([Record(topic=topic, key=b"%d" % n, value=b"%d" % n) for n in range(count)])

    def join(
        self, instance: str = "1", start: Callable[[int], int | None] = lambda _: None, topic: Topic = MATCHES
    ) -> GroupConsumer:
        settings = self.settings.model_copy(update={"instance": instance})
        self.members.append(GroupConsumer(settings, topic, "alert", start, session=SESSION))
        return self.members[-1]

    def poll_until(self, holds: Callable[[], bool], *members: GroupConsumer, within: float = 20.0) -> list[Incoming]:
        """Poll the members in turn, as two processes would, until it holds; what they got."""
        found: list[Incoming] = []
        end = time.monotonic() + within
        while not holds():
            assert time.monotonic() < end, "it never held"
            for member in members:
                found += member.poll(0.05)
        return found

    def settle(self, *members: GroupConsumer) -> list[frozenset[int]]:
        """Poll until the partitions are shared out evenly."""
        share = MATCHES.partitions // len(members)
        self.poll_until(lambda: all(len(member.assigned) == share for member in members), *members)
        return [member.assigned for member in members]


@pytest.fixture
def rig(broker: TestBroker, kafka_prefix: str) -> Iterator[Rig]:
    settings = Settings(kafka=broker.bootstrap, kafka_prefix=kafka_prefix)
    with Admin(settings) as admin, closing(Publisher(settings, "test")) as publisher:
        admin.create_topics([MATCHES, ANNOTATIONS, WATCHLISTS])
        made = Rig(settings, admin, publisher)
        yield made
        for member in made.members:
            member.close(leave=False)


def offsets(records: list[Incoming]) -> dict[int, int]:
    """The next offset of each partition after these records."""
    return {each.partition: each.offset + 1 for each in records}


def firsts(records: list[Incoming]) -> dict[int, int]:
    return {each.partition: each.offset for each in reversed(records)}


# A member of a group


def test_each_partition_starts_where_its_owner_says_and_else_at_its_beginning(rig: Rig) -> None:
    rig.publish(100)
    ends = rig.admin.end_offsets(MATCHES)
    starts = {0: 2, 1: 1, 2: ends[2]}
    member = rig.join(start=starts.get)
    wanted = sum(ends.values()) - sum(starts.values())
    found = rig.poll_until(lambda: member.lag() == wanted, member)
    assert len(found) == wanted
    assert firsts(found) == {part: starts.get(part, 0) for part in range(12) if part != 2}


def test_what_the_group_has_committed_does_not_decide_where_it_starts(rig: Rig) -> None:
    rig.publish(50)
    ends = rig.admin.end_offsets(MATCHES)
    member = rig.join()
    rig.poll_until(lambda: member.lag() == 50, member)
    member.commit(ends)
    assert rig.admin.committed("alert", MATCHES) == ends
    member.close()
    again = rig.join(start=lambda _: 0)
    assert len(rig.poll_until(lambda: again.lag() == 50, again)) == 50


def test_an_offset_that_the_topic_does_not_hold_starts_at_the_beginning(rig: Rig) -> None:
    """A database that remembers another Kafka must not keep a partition silent for ever."""
    rig.publish(3, ANNOTATIONS)
    member = rig.join(start=lambda _: 1_000_000, topic=ANNOTATIONS)
    found = rig.poll_until(lambda: member.lag() == 3, member)
    assert [each.offset for each in found] == [0, 1, 2]


def test_what_was_deleted_meanwhile_is_passed_over(rig: Rig) -> None:
    rig.publish(10, ANNOTATIONS)
    client = KafkaAdminClient(bootstrap_servers=rig.settings.bootstrap)
    client.delete_records({TopicPartition(topic_name(rig.settings, ANNOTATIONS), 0): 6})
    client.close()
    assert rig.admin.first_offsets(ANNOTATIONS) == {0: 6}
    member = rig.join(start=lambda _: 2, topic=ANNOTATIONS)
    assert [each.offset for each in rig.poll_until(lambda: member.lag() == 4, member)] == [6, 7, 8, 9]
    with closing(LogReader(rig.settings, ANNOTATIONS, start={0: 2})) as reader:
        assert [each.offset for each in reader.to_end()] == [6, 7, 8, 9]


def test_where_to_start_is_asked_in_the_thread_that_polls(rig: Rig) -> None:
    """kafka-python calls back in a thread of its own, where the owner's database connection has no place."""
    asked: list[threading.Thread] = []
    member = rig.join(start=lambda _: asked.append(threading.current_thread()))
    rig.settle(member)
    rig.poll_until(lambda: len(asked) == 12, member)
    assert set(asked) == {threading.current_thread()}


def test_an_owner_that_fails_to_say_where_to_start_fails_in_its_own_poll(rig: Rig) -> None:
    def start(_: int) -> int:
        raise LookupError("database away")

    member = rig.join(start=start)
    with pytest.raises(LookupError, match="database away"):
        rig.poll_until(lambda: False, member)


def test_an_owner_that_failed_once_is_asked_again(rig: Rig) -> None:
    rig.publish(20)
    failures = [LookupError("database away")] * 2

    def start(_: int) -> int:
        if failures:
            raise failures.pop()
        return 0

    member = rig.join(start=start)
    for _ in range(2):
        with pytest.raises(LookupError):
            rig.poll_until(lambda: False, member)
    assert len(rig.poll_until(lambda: member.lag() == 20, member)) == 20


def test_its_owner_may_go_back_and_read_again(rig: Rig) -> None:
    rig.publish(10, ANNOTATIONS)
    member = rig.join(topic=ANNOTATIONS)
    rig.poll_until(lambda: member.lag() == 10, member)
    member.seek(0, 4)
    member.seek(7, 4)  # not ours: nothing to go back in
    assert [each.offset for each in rig.poll_until(lambda: member.lag() == 6, member)] == [4, 5, 6, 7, 8, 9]


def test_lag_is_what_waits_until_it_is_committed(rig: Rig) -> None:
    rig.publish(30)
    member = rig.join()
    assert member.lag() == 0
    found = rig.poll_until(lambda: member.lag() == 30, member)
    done = offsets(found)
    part, last = done.popitem()
    member.commit(done | {part: last - 1})
    assert member.lag() == 1
    member.commit({part: last})
    assert member.lag() == 0
    assert rig.admin.committed("alert", MATCHES) == done | {part: last}


def test_two_members_share_the_partitions_and_nothing_is_read_by_both(rig: Rig) -> None:
    one, two = rig.join("1", lambda _: 0), rig.join("2", lambda _: 0)
    shares = rig.settle(one, two)
    assert shares[0] | shares[1] == frozenset(range(12))
    assert not shares[0] & shares[1]
    rig.publish(60)
    found = rig.poll_until(lambda: one.lag() + two.lag() == 60, one, two)
    assert len({(each.partition, each.offset) for each in found}) == len(found) == 60


def test_a_member_that_comes_back_gets_its_own_partitions_at_once(rig: Rig) -> None:
    one, two = rig.join("1"), rig.join("2")
    before = rig.settle(one, two)
    one.close(leave=False)
    begun = time.monotonic()
    one = rig.join("1")
    after = rig.settle(one, two)
    assert after == before
    assert time.monotonic() - begun < SESSION / 2


def test_peers_take_over_at_once_from_a_member_that_left_and_only_later_from_one_that_vanished(rig: Rig) -> None:
    one, two = rig.join("1"), rig.join("2")
    rig.settle(one, two)
    begun = time.monotonic()
    one.close()
    rig.settle(two)
    told = time.monotonic() - begun
    one = rig.join("1")
    rig.settle(one, two)
    begun = time.monotonic()
    one.close(leave=False)
    rig.settle(two)
    untold = time.monotonic() - begun
    assert told < SESSION / 2 < untold


def test_partitions_that_come_over_start_where_the_owner_says_by_then(rig: Rig) -> None:
    done: dict[int, int] = {}
    one, two = rig.join("1", done.get), rig.join("2", done.get)
    rig.settle(one, two)
    rig.publish(60)
    found = rig.poll_until(lambda: one.lag() + two.lag() == 60, one, two)
    done |= offsets(found)
    one.close()
    rig.settle(two)
    rig.publish(12)
    later = rig.poll_until(lambda: two.lag() == 12, two)
    assert {(each.partition, each.offset) for each in later} == {
        (part, offset)
        for part, end in rig.admin.end_offsets(MATCHES).items()
        for offset in range(done.get(part, 0), end)
    }


def test_a_second_process_of_the_same_instance_is_a_mistake_of_the_settings(rig: Rig) -> None:
    first = rig.join("1")
    rig.settle(first)
    second = rig.join("1")
    rig.settle(second)
    with pytest.raises(Misconfigured, match="NEWSWATCH_INSTANCE: another process of this program runs as instance 1"):
        rig.poll_until(lambda: False, first)


def test_a_group_on_a_missing_topic_says_which_command_makes_it(rig: Rig) -> None:
    before = set(threading.enumerate())
    elsewhere = rig.settings.model_copy(update={"kafka_prefix": "nowhere."})
    with pytest.raises(Misconfigured, match=r"no topic nowhere\.matches: `newswatch topics`"):
        GroupConsumer(elsewhere, MATCHES, "alert", lambda _: None)
    assert set(threading.enumerate()) == before


# A reader without a group


def test_a_log_is_read_whole_and_then_as_it_grows(rig: Rig) -> None:
    rig.publish(2500)
    with closing(LogReader(rig.settings, MATCHES)) as reader:
        assert not reader.caught_up()
        assert sorted(int(each.value or b"") for each in reader.to_end()) == list(range(2500))
        assert reader.poll(0.1) == []
        rig.publish(1)
        assert not reader.caught_up()
        assert [each.value for each in reader.to_end()] == [b"0"]


def test_a_reader_that_is_sent_back_reads_again_from_there(rig: Rig) -> None:
    rig.publish(200)
    with closing(LogReader(rig.settings, MATCHES)) as reader:
        all_of_it = list(reader.to_end())
        last = max(all_of_it, key=lambda each: each.offset)
        reader.seek(last.partition, last.offset - 1)
        again = [(each.partition, each.offset) for each in reader.to_end()]
        assert again == [(last.partition, last.offset - 1), (last.partition, last.offset)]


def test_an_empty_log_is_read_at_once(rig: Rig) -> None:
    with closing(LogReader(rig.settings, MATCHES)) as reader:
        assert list(reader.to_end()) == []


def test_a_log_is_read_from_where_it_is_told_and_else_from_its_beginning(rig: Rig) -> None:
    rig.publish(100)
    with closing(LogReader(rig.settings, MATCHES, start={3: 4, 5: 1_000_000})) as reader:
        found = firsts(list(reader.to_end()))
    assert found[3] == 4
    assert found[5] == 0
    assert found[0] == 0


def test_two_readers_do_not_share_the_log_nor_show_as_a_group(rig: Rig) -> None:
    rig.publish(10)
    with closing(LogReader(rig.settings, MATCHES)) as one, closing(LogReader(rig.settings, MATCHES)) as two:
        assert len(list(one.to_end())) == len(list(two.to_end())) == 10


def test_a_watchlist_may_be_larger_than_what_other_topics_take(rig: Rig) -> None:
    large = os.urandom(4 * 1024**2)
    assert len(large) > max(topic.max_message_bytes for topic in ALL if topic != WATCHLISTS)
    given = [Record(topic=WATCHLISTS, key=b"large", value=large), Record(topic=WATCHLISTS, key=b"small", value=b"s")]
    assert rig.publisher.publish(given) == [None, None]
    with closing(LogReader(rig.settings, WATCHLISTS)) as reader:
        assert [each.value for each in reader.to_end()] == [large, b"s"]


def test_readers_and_members_leave_no_thread_behind(rig: Rig) -> None:
    before = set(threading.enumerate())
    reader = LogReader(rig.settings, MATCHES)
    reader.poll(0.1)
    member = rig.join()
    rig.settle(member)
    reader.close()
    member.close()
    assert set(threading.enumerate()) == before
