import io
import math

import pytest
from rich.console import Console

from newswatch.newsroom.follow import percentile
from newswatch.newsroom.key import Verdict
from newswatch.newsroom.table import closing

MET = Verdict(
    articles=105,
    stories=14,
    copies=21,
    copies_joined=21,
    alerts=18,
    expected=18,
    later={"fuzzy": (0, 3), "translation": (2, 13)},
)


def shown(verdict: Verdict, seconds: list[float]) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(closing(verdict, seconds))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_table_counts_everything_the_key_knows() -> None:
    table = shown(MET, [0.5])
    for heading in ("articles", "stories", "copies", "alerts", "expected", "missing", "unwanted"):
        assert heading in table
    assert "105" in table
    assert "21/21" in table


def test_key_that_is_met_says_so() -> None:
    assert "The key is met." in shown(MET, [0.5])


def test_each_difference_stands_in_the_closing() -> None:
    verdict = Verdict(
        articles=3,
        stories=2,
        copies=1,
        copies_joined=0,
        alerts=1,
        expected=2,
        missing=("missing: a was not alerted of fire",),
        strays=("taken for one story by a: fire, flood",),
        later={},
    )
    closed = shown(verdict, [0.5])
    assert "not met: 2 differences" in closed
    assert all(difference in closed for difference in verdict.differences)


def test_parts_left_to_later_engines_are_told_apart() -> None:
    assert "fuzzy 0 of 3, translation 2 of 13" in " ".join(shown(MET, [0.5]).split())


def test_speed_is_told_as_median_and_95th_percentile() -> None:
    assert "p50 1.0 s, p95 3.0 s (3 notifications)" in " ".join(shown(MET, [3.0, 0.2, 1.0]).split())


def test_no_alert_has_no_speed() -> None:
    assert "No alert came." in shown(MET, [])


@pytest.mark.parametrize(("share", "least"), [(0.0, 1.0), (0.5, 2.0), (0.75, 3.0), (0.95, 4.0), (1.0, 4.0)])
def test_percentile_is_a_value_that_occurred(share: float, least: float) -> None:
    assert percentile([3.0, 1.0, 4.0, 2.0], share) == least


def test_percentile_of_nothing_is_not_a_number() -> None:
    assert math.isnan(percentile([], 0.5))
