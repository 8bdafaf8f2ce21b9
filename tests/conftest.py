"""What do tests share? One real Kafka for a whole test run, and a place of its own in it for each test."""

import fcntl
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from newswatch.broker import Broker, free_port

# A busy machine is no finding; a failure comes with what repeats it elsewhere.
hypothesis.settings.register_profile("newswatch", deadline=None, print_blob=True)
hypothesis.settings.load_profile("newswatch")


@dataclass(frozen=True)
class TestBroker:
    """Where the run's Kafka is."""

    __test__ = False
    bootstrap: str


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestBroker]:
    """A real Kafka, started by the first test that asks. NEWSWATCH_TEST_KAFKA names one to use instead."""
    if given := os.environ.get("NEWSWATCH_TEST_KAFKA"):
        yield TestBroker(given)
        return
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # what all workers of a run have in common
    with _shared_broker(folder) as bootstrap:
        yield TestBroker(bootstrap)


@contextmanager
def _shared_broker(folder: Path) -> Iterator[str]:
    """The first worker starts it and is the last to leave: its lock on `users` waits for all others'."""
    address = folder / "kafka.address"
    with (folder / "kafka.users").open("w") as users:
        with _locked(folder / "kafka.lock"):
            mine = None if address.exists() else Broker.start(folder / "kafka home", port=free_port())
            if mine:
                address.write_text(mine.bootstrap)
            bootstrap = address.read_text()
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield bootstrap
        finally:
            if mine:
                with _locked(folder / "kafka.lock"):
                    address.unlink()
                fcntl.flock(users, fcntl.LOCK_EX)
                mine.stop()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def kafka_prefix(request: pytest.FixtureRequest) -> str:
    """This test's own NEWSWATCH_KAFKA_PREFIX."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:40]
    return f"{name}.{uuid.uuid4().hex[:8]}."
