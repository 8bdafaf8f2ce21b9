from pathlib import Path

from ingest.feeds import Feed
from ingest.memory import Memory
from newswatch.foreground import first_pass
from wire.settings import Settings

FEED = Feed(id="a", url="https://a.example/rss", name="A")


def told(memory: Memory, held: int = 0) -> str:
    return first_pass((FEED,), {"a": memory}, Settings(home=Path("/h"), poll_interval=900), held=held, now=1000.0)


def test_the_first_pass_says_what_was_read_what_is_held_and_what_comes_next() -> None:
    said = told(Memory(feed="a", url=FEED.url, articles=30, next_poll=1120.0), held=2)
    assert "Read 1 of 1 feeds: 30 articles so far." in said
    assert "held, not alerted: 2 stories name somebody watched. newswatch alerts list --held" in said
    assert "Next poll in 120 s. NEWSWATCH_POLL_INTERVAL (900 s)" in said


def test_where_nothing_is_held_nothing_is_said_of_it() -> None:
    said = told(Memory(feed="a", url=FEED.url, articles=30, next_poll=990.0))
    assert "held" not in said
    assert "Next poll now." in said


def test_what_a_server_answers_is_shown_as_it_is() -> None:
    said = told(Memory(feed="a", url=FEED.url, error="http_error", error_detail="503 [/foo] [red]"))
    assert "Read 0 of 1 feeds" in said
    assert "a: http_error: 503 [/foo] [red]" in said
