from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.retry_after import retry_after

NOW = datetime(2023, 11, 20, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("999999999999", 3600.0),
        ("Mon, 20 Nov 2023 14:00:30 GMT", 30.0),
        ("Mon, 20 Nov 2023 13:00:00 GMT", 0.0),
        ("Mon, 20 Nov 2023 15:00:30 +0100", 30.0),
        ("Tue, 21 Nov 2023 14:00:00 GMT", 3600.0),
        ("Mon, 20 Nov 2023 14:00:30 -0000", 30.0),
        ("Mon, 20 Nov 2023 14:00:30", 30.0),
        ("9" * 5000, 3600.0),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٧", None),
        ("Mon, 99 Nov 2023 14:00:30 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped(written: str, seconds: float | None) -> None:
    assert retry_after(written, NOW, most=3600) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_breaks_a_delivery(written: str) -> None:
    seconds = retry_after(written, NOW, most=3600)
    assert seconds is None or 0 <= seconds <= 3600
