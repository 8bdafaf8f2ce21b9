from ingest.memory import Memory, after_failure, after_success, memory_for

NOW = 1_700_000_000.0
PAPER = Memory(
    feed="paper", url="https://a.example/f", etag="e", last_modified="m", body_hash="h", last_success=NOW, articles=7
)


def test_the_first_poll_starts_with_nothing() -> None:
    assert memory_for("paper", "https://a.example/f", None) == Memory(feed="paper", url="https://a.example/f")


def test_validators_are_not_taken_to_another_address() -> None:
    moved = memory_for("paper", "https://b.example/f", PAPER)

    assert (moved.url, moved.etag, moved.last_modified, moved.body_hash) == ("https://b.example/f", "", "", "")
    assert (moved.last_success, moved.articles) == (NOW, 7)
    assert memory_for("paper", PAPER.url, PAPER) is PAPER


def test_failures_add_up_until_a_success() -> None:
    once = after_failure(PAPER, now=NOW, next_poll=NOW + 60, error="timeout", detail="slow")
    twice = after_failure(once, now=NOW + 60, next_poll=NOW + 180, error="dns", detail="gone")
    fine = after_success(twice, now=NOW + 180, next_poll=NOW + 240, etag="e2", last_modified="")

    assert (twice.failures, twice.error, twice.etag, twice.last_success) == (2, "dns", "e", NOW)
    assert (fine.failures, fine.error, fine.etag, fine.last_success) == (0, "", "e2", NOW + 180)
