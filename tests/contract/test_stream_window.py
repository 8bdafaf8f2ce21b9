"""From where does cluster rebuild what it knows, on a real Kafka?"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pytest

from stream.annotate import annotate
from stream.cluster import cluster
from stream.matching import AliasIndex
from stream.shell import live_window
from stream.shell.app import Standing
from stream.shell.clustering import PROGRAM, empty_window
from stream.shell.live_window import LiveWindow, limits_of
from stream.shell.snapshots import SUFFIX, Snapshots
from stream.stories import StoryWindow
from tests.stream_rig import NAMES, Program, Topics, copies_of, publish_values, settings_for, wait_for, watchlist
from wire.codec import decode, encode
from wire.dead import dead_record
from wire.kafka import Admin, Incoming, Publisher, Record
from wire.messages import Annotation, DeadLetter, Match
from wire.settings import Settings
from wire.topics import ANNOTATIONS, MATCHES, dead

STORIES = 150
INDEX = AliasIndex.build([watchlist(1, *NAMES)])
OPENED: list[LiveWindow] = []


class Kafka(Protocol):
    bootstrap: str


@pytest.fixture
def settings(broker: Kafka, kafka_prefix: str, tmp_path: Path) -> Settings:
    """A group that has decided about one copy of each story, stopped cleanly, and left a snapshot."""
    made = settings_for(broker.bootstrap, kafka_prefix, tmp_path / "home")
    publish_values(made, ANNOTATIONS, [annotation_of(story, 0) for story in range(STORIES)])
    program = Program(made, "-m", "newswatch", "run", "cluster")
    assert wait_for(lambda: committed(made) == STORIES, timeout=40), program.text()
    assert program.stop() == 0
    return made


def annotation_of(story: int, copy: int) -> bytes:
    (article,) = copies_of(story, (copy,))
    return encode(annotate(article, INDEX, partition=0, offset=0))


def committed(settings: Settings) -> int:
    with Admin(settings) as admin:
        return admin.committed(PROGRAM, ANNOTATIONS).get(0, 0)


@pytest.fixture(autouse=True)
def opened() -> Iterator[list[LiveWindow]]:
    """The windows that a test opens: their connections are closed after it."""
    yield OPENED
    while OPENED:
        OPENED.pop().close(Standing())


def opened_anew(settings: Settings) -> LiveWindow:
    OPENED.append(LiveWindow(settings, PROGRAM, lambda: empty_window(settings)))
    return OPENED[-1]


def restored(settings: Settings) -> LiveWindow:
    live = opened_anew(settings)
    live.restore()
    return live


def snapshots(settings: Settings) -> list[Path]:
    return sorted((settings.home / "state" / "cluster-1").glob(f"*{SUFFIX}"))


def arrived(settings: Settings, value: bytes, offset: int) -> Incoming:
    topic = Topics(settings, ANNOTATIONS)
    last = topic.read()[-1]
    topic.close()
    return Incoming(
        topic=last.topic,
        partition=0,
        offset=offset,
        key=None,
        value=value,
        headers=(),
        timestamp_ms=last.timestamp_ms + 1,
    )


def stories_of_late_copies(settings: Settings, live: LiveWindow, stories: Sequence[int]) -> list[str]:
    records = [
        live.decide(arrived(settings, annotation_of(story, 1), STORIES + at)).records
        for at, story in enumerate(stories)
    ]
    return [decode(Match, record.value or b"").story for (record,) in records]


def originals(stories: Sequence[int]) -> list[str]:
    return [copies_of(story, (0,))[0].id for story in stories]


def test_a_damaged_snapshot_is_replaced_by_the_log(settings: Settings) -> None:
    (newest,) = snapshots(settings)
    newest.write_bytes(newest.read_bytes()[:-10])
    live = restored(settings)
    assert live.next_offset == STORIES
    assert stories_of_late_copies(settings, live, [0, 149]) == originals([0, 149])
    assert snapshots(settings) == []


def test_a_snapshot_that_knows_more_than_the_group_is_not_read(settings: Settings) -> None:
    (newest,) = snapshots(settings)
    with Admin(settings) as admin:
        log = f"{admin.cluster_id()}/{settings.kafka_prefix}annotations"
    Snapshots(newest.parent, log, limits_of(settings)).save(STORIES + 5, empty_window(settings).dump())
    newest.unlink()
    live = restored(settings)
    assert live.next_offset == STORIES
    assert stories_of_late_copies(settings, live, [3]) == originals([3])


def test_stories_told_before_the_log_that_is_read_again_are_remembered(settings: Settings) -> None:
    for snapshot in snapshots(settings):
        snapshot.unlink()
    live = restored(settings.model_copy(update={"story_articles": 100}))
    assert stories_of_late_copies(settings, live, [0, 20, 140]) == originals([0, 20, 140])


def test_an_annotation_that_killed_its_process_is_not_read_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer = 70
    letter = DeadLetter(
        value=annotation_of(killer, 0),
        key=None,
        reason="crashed",
        detail="",
        topic="annotations",
        partition=0,
        offset=killer,
        program=PROGRAM,
        version="0",
    )
    publisher = Publisher(settings, "test")
    strange = Record(topic=dead(ANNOTATIONS), key=None, value=b"", headers=(("newswatch-offset", b"seven"),))
    assert publisher.publish([strange, dead_record(letter)]) == [None, None]
    publisher.close()
    for snapshot in snapshots(settings):
        snapshot.unlink()
    decided: list[int] = []

    def note(annotation: Annotation, window: StoryWindow, *, offset: int, appended_at: datetime) -> Match | None:
        decided.append(offset)
        return cluster(annotation, window, offset=offset, appended_at=appended_at)

    monkeypatch.setattr(live_window, "cluster", note)
    assert restored(settings).next_offset == STORIES
    assert decided == [offset for offset in range(STORIES) if offset != killer]


def test_a_standby_follows_the_group_step_by_step(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_window, "WARM_STEP", 40)
    monkeypatch.setattr(live_window, "WARM_EVERY", 0.0)
    live = opened_anew(settings)
    places = []
    for _ in range(5):
        live.tick(Standing())
        places.append(live.next_offset)
    assert places == [40, 80, 120, STORIES, STORIES]
    live.tick(Standing(owned=frozenset({0})))
    assert stories_of_late_copies(settings, live, [3, 60, 149]) == originals([3, 60, 149])


def test_all_that_was_told_stands_on_the_topic_once(settings: Settings) -> None:
    topic = Topics(settings, MATCHES)
    told = [decode(Match, record.value or b"").copy.article for record in topic.read()]
    topic.close()
    assert sorted(told) == sorted(originals(range(STORIES)))
