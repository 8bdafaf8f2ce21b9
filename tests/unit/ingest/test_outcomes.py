from typing import get_args

from ingest.fetch import FailReason
from wire.metrics import POLL_OUTCOMES


def test_every_way_a_poll_ends_is_counted_from_the_start() -> None:
    assert set(POLL_OUTCOMES) == {"ok", "not_modified", *get_args(FailReason)}
