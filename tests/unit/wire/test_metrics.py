from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from wire import metrics
from wire.messages import DEAD_REASONS, RELATIONS, ZONES


def samples() -> dict[str, float]:
    """Every exposed value by its name and labels."""
    text = metrics.exposition().decode()
    return {
        sample.name + "".join(f"|{sample.labels[key]}" for key in sorted(sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(autouse=True)
def started() -> None:
    metrics.start_at_zero("poll", "0.0.0")


def test_every_known_label_stands_at_zero_from_the_first_scrape() -> None:
    found = samples()
    for name in (
        *(f"newswatch_feed_polls_total|{outcome}" for outcome in metrics.POLL_OUTCOMES),
        *(f"newswatch_dead_letters_total|{reason}" for reason in DEAD_REASONS),
        *(f"newswatch_story_decisions_total|{relation}" for relation in RELATIONS),
        *(f"newswatch_mentions_total|{zone}" for zone in ZONES),
        *(
            f"newswatch_stage_items_total|{outcome}|{stage}"
            for stage in metrics.STAGES
            for outcome in metrics.STAGE_OUTCOMES
        ),
        *(f"newswatch_stage_duration_seconds_count|{stage}" for stage in metrics.STAGES),
        *(f"newswatch_alert_fetch_to_accept_seconds_count|{kind}" for kind in metrics.CHANNEL_KINDS),
    ):
        assert name in found
    assert found["newswatch_build_info|poll|0.0.0"] == 1


def test_a_finished_item_is_counted_once_with_its_time() -> None:
    before = samples()
    metrics.finished("annotate", "ok", 0.2)
    after = samples()
    grown = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name)}
    assert grown["newswatch_stage_items_total|ok|annotate"] == 1
    assert grown["newswatch_stage_duration_seconds_count|annotate"] == 1
    assert grown["newswatch_stage_duration_seconds_sum|annotate"] == pytest.approx(0.2)
    assert after["newswatch_stage_last_item_timestamp_seconds|annotate"] > 1_700_000_000


def test_every_metric_bears_our_name_and_a_base_unit() -> None:
    families = {
        family.name: family
        for family in text_string_to_metric_families(metrics.exposition().decode())
        if not family.name.startswith(("python_", "process_"))
    }
    assert {name for name in families if not name.startswith("newswatch_")} == set()
    histograms = {name for name, family in families.items() if family.type == "histogram"}
    assert {name for name in histograms if not name.endswith("_seconds")} == set()
    assert {name for name in families if name.endswith(("_ms", "_milliseconds", "_minutes", "_kb"))} == set()
    assert {name for name, family in families.items() if not family.documentation.endswith(".")} == set()


def test_when_a_series_was_created_is_no_series_of_its_own() -> None:
    assert [name for name in samples() if name.partition("|")[0].endswith("_created")] == []


def test_metrics_are_defined_in_one_file() -> None:
    root = Path(metrics.__file__).parent.parent
    importers = [
        path.relative_to(root).as_posix()
        for folder in ("alerts", "ingest", "newswatch", "stream", "wire")
        for path in (root / folder).rglob("*.py")
        if "prometheus_client" in path.read_text("utf-8")
    ]
    assert importers == ["wire/metrics.py"]
