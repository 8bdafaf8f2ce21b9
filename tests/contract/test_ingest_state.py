"""The poller's memory, on both databases."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest.memory import Memory, Seen
from ingest.state import FORGET_AFTER, LOOKUP, VERSION, State
from wire.article import Revision, article_id
from wire.errors import Misconfigured, Transient

NOW = 1_700_000_000.25
PAPER = Memory(
    feed="paper",
    url="https://paper.example/rss",
    etag='W/"x"',
    last_modified="then",
    body_hash="0" * 64,
    next_poll=NOW + 900,
    last_poll=NOW,
    last_success=NOW,
    articles=1,
)


def seen(number: int, *, updates: int = 0, at: float = NOW) -> Seen:
    return Seen(
        article=article_id("paper", str(number)),
        place="p" * 12,
        revision=Revision(f"{updates:012}"),
        updates=updates,
        first_seen=NOW,
        last_seen=at,
    )


@pytest.fixture
def state(database_url: str) -> Iterator[State]:
    state = State(database_url)
    yield state
    state.close()


def test_a_feed_comes_back_as_it_was_left(state: State) -> None:
    state.move(PAPER)

    assert state.memories() == {"paper": PAPER}


def test_a_feed_that_never_succeeded_says_so(state: State) -> None:
    failed = replace(PAPER, last_success=None, failures=3, error="timeout", error_detail="no answer")
    state.move(failed)

    assert state.memories()["paper"] == failed


def test_articles_are_remembered_per_feed(state: State) -> None:
    state.move(PAPER, [seen(1), seen(2)])

    names = [seen(number).article for number in (1, 2, 3)]
    assert state.seen("paper", names) == {names[0]: seen(1), names[1]: seen(2)}
    assert state.seen("other", names) == {}


def test_the_latest_memory_replaces_the_earlier(state: State) -> None:
    state.move(PAPER, [seen(1)])
    state.move(replace(PAPER, etag="", articles=2), [seen(1, updates=1)])

    assert state.memories()["paper"].etag == ""
    assert state.seen("paper", [seen(1).article]) == {seen(1).article: seen(1, updates=1)}


def test_more_articles_than_one_statement_takes(state: State) -> None:
    many = [seen(number) for number in range(LOOKUP * 2 + 1)]
    state.move(PAPER, many)

    assert len(state.seen("paper", [article.article for article in many])) == len(many)


def test_a_move_happens_whole_or_not_at_all(state: State, database_url: str) -> None:
    state.move(PAPER)
    spoilt = replace(seen(2), place=None)  # type: ignore[arg-type]  # the database refuses it

    with pytest.raises(Transient):
        state.move(replace(PAPER, etag="moved"), [seen(1), spoilt])

    assert state.memories()["paper"].etag == PAPER.etag
    assert state.seen("paper", [seen(1).article]) == {}


def test_articles_that_left_long_ago_are_forgotten(state: State) -> None:
    state.move(PAPER, [seen(1, at=NOW), seen(2, at=NOW + FORGET_AFTER)])

    assert state.forget(NOW + FORGET_AFTER + 1) == 1
    assert list(state.seen("paper", [seen(1).article, seen(2).article])) == [seen(2).article]


def test_a_second_start_finds_everything(database_url: str) -> None:
    for _ in range(2):
        state = State(database_url)
        state.move(PAPER)
        assert state.memories() == {"paper": PAPER}
        state.close()


def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    State(database_url).close()
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE ingest_schema SET version = {VERSION + 1}"))
    engine.dispose()

    with pytest.raises(Misconfigured, match="upgrade newswatch"):
        State(database_url)


@pytest.mark.parametrize(
    "url", ["mysql://host/db", "nonsense", "postgresql://host:port/db", "postgresql://127.0.0.1:9/none"]
)
def test_a_database_that_cannot_be_used_names_the_setting(url: str) -> None:
    with pytest.raises(Misconfigured, match="NEWSWATCH_INGEST_DATABASE"):
        State(url)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(Misconfigured) as caught:
        State("postgresql://user:secret@127.0.0.1:9/none")

    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_names_the_setting(tmp_path: Path) -> None:
    path = tmp_path / "ingest.sqlite"
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 100)

    with pytest.raises(Misconfigured, match="NEWSWATCH_INGEST_DATABASE"):
        State(f"sqlite:///{path}")


def test_readers_do_not_wait_for_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "ingest.sqlite"
    state = State(f"sqlite:///{path}")
    state.move(PAPER)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    assert state.memories() == {"paper": PAPER}
    writer.close()
    state.close()
