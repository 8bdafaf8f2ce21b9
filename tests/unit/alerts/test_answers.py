from datetime import UTC, datetime

from alerts.answers import snippet

NOW = datetime(2023, 11, 20, 14, 0, tzinfo=UTC)


def test_a_longer_secret_is_hidden_before_one_that_is_part_of_it() -> None:
    assert snippet("see https://a.example/KEY for KEY", ("KEY", "https://a.example/KEY", "")) == "see … for …"
