"""Programs and broker are killed, engine and snapshots replaced, while news comes in; what is told stays the same."""

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from alerts import schema
from alerts.database import open_database, reading
from newswatch.up import System
from tests.drill import (
    WATCHLISTS,
    FeedHouse,
    Receiver,
    World,
    configuration,
    drill_settings,
    make_world,
    run_apply,
    wait_for,
)
from tests.proofs import PROOFS, record_proof
from wire.settings import Settings

VICTIMS = ("poll", "annotate", "cluster", "alert", "kafka")
SETTLE_SECONDS = 60.0


@contextmanager
def running(world: World, home: Path) -> Iterator[tuple[FeedHouse, Receiver, System]]:
    home.mkdir(parents=True)
    with FeedHouse(world) as house, Receiver() as receiver:
        settings = drill_settings(home, house)
        house.write_feeds(settings.feeds_file)
        run_apply(home / "watch.yaml", configuration(receiver), settings)
        with System.start(settings, report=print) as system:
            system.wait_until_ready(60)
            assert wait_for(lambda: all(house.polls[feed] >= 2 for feed in range(world.feeds)), 60)
            house.open()
            yield house, receiver, system


def kill(system: System, victim: str, dice: random.Random) -> None:
    if victim == "kafka":
        assert system.broker is not None
        os.killpg(system.broker.pid, signal.SIGKILL)
        return
    mine = [each for each in system.children if each.program == victim]
    assert wait_for(lambda: any(each.running() for each in mine), 30)  # it may be coming back from the kill before
    process = dice.choice([each for each in mine if each.running()]).process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)


@pytest.mark.timeout(900)
def test_kills_change_nothing_that_is_told(tmp_path: Path) -> None:
    """The set of (watchlist, true story) is the truth's; what repeats, repeats under its key."""
    full = {"articles": 2500, "feeds": 20, "seconds": 120.0}
    short = {"articles": 240, "feeds": 8, "seconds": 12.0}
    world = make_world(seed=7, **(full if PROOFS else short))  # type: ignore[arg-type]  # both have the same keys
    dice = random.Random(11)
    with running(world, tmp_path / "home") as (house, receiver, system):
        kills = [victim for _ in range(4 if PROOFS else 1) for victim in VICTIMS]
        pause = world.length / (len(kills) + 1)
        for victim in kills:
            time.sleep(pause)
            kill(system, victim, dice)
        wait_for(lambda: house.second > world.length and receiver.pairs >= world.wanted, world.length + SETTLE_SECONDS)
        time.sleep(3)  # what is unwanted would still come
        assert not system.failure
    assert receiver.pairs == world.wanted
    assert receiver.second_alerts() == {}
    in_flight = Settings.model_fields["send_parallel"].default * len(WATCHLISTS)
    assert receiver.repeats() <= kills.count("alert") * in_flight
    record_proof(
        "kills",
        articles=len(world.pieces),
        stories_wanted=len(world.wanted),
        kills=len(kills),
        lost=len(world.wanted - receiver.pairs),
        unwanted=len(receiver.pairs - world.wanted),
        second_alerts=len(receiver.second_alerts()),
        repeats_under_the_same_key=receiver.repeats(),
    )


@pytest.mark.timeout(300)
def test_another_engine_without_snapshot_alerts_nobody_again(tmp_path: Path) -> None:
    """Story ids change in mid-run; the ledger knows each article, and what it is a copy of."""
    world = make_world(seed=3, articles=1000 if PROOFS else 120, feeds=8, seconds=60.0 if PROOFS else 10.0)
    with running(world, tmp_path / "home") as (house, receiver, system):
        wait_for(lambda: house.second > world.length / 2, world.length)
        (cluster,) = [each for each in system.children if each.program == "cluster"]
        cluster.command = [sys.executable, "-m", "tests.other_engine"]
        kill(system, "cluster", random.Random(0))
        shutil.rmtree(tmp_path / "home" / "state" / "cluster-1", ignore_errors=True)
        wait_for(lambda: house.second > world.length and receiver.pairs >= world.wanted, world.length + SETTLE_SECONDS)
        time.sleep(3)  # a second alert would still come
        assert not system.failure
        with reading(open_database(system.settings.alerts_url)) as connection:
            stories = set(connection.execute(select(schema.alert.c.story)).scalars())
    assert any(story.startswith("other-") for story in stories)
    assert any(not story.startswith("other-") for story in stories)
    assert receiver.pairs == world.wanted
    assert receiver.second_alerts() == {}
