from pathlib import Path

import pytest

from newswatch.broker import explain_end, java_version

LOG = Path("logs/kafka.log")


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "25" 2025-09-16 LTS', 25),
        ('Picked up JAVA_TOOL_OPTIONS: -Dx=1\nopenjdk version "21.0.2" 2024-01-16', 21),
        ("command not found", 0),
    ],
)
def test_java_says_its_version(said: str, version: int) -> None:
    assert java_version(said) == version


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        ("java.io.IOException: No space left on device", "The disk is full"),
        ("java.net.BindException: Address already in use", "NEWSWATCH_KAFKA_PORT"),
        ("java.lang.UnsupportedClassVersionError: kafka/Kafka", "NEWSWATCH_JAVA"),
        ("Terminating due to java.lang.OutOfMemoryError: Java heap space", "memory"),
    ],
)
def test_a_known_cause_comes_with_its_remedy(cause: str, remedy: str) -> None:
    many_frames = "\n".join(f"\tat kafka.Frame{number}" for number in range(100))
    assert remedy in explain_end(1, f"ERROR it failed\n{cause}\n{many_frames}\n", LOG)


def test_an_unknown_cause_comes_with_its_last_lines_and_the_log() -> None:
    explanation = explain_end(1, "first\n" + "line\n" * 50 + "ERROR the last word\n\tat kafka.Frame\n", LOG)
    assert "the last word" in explanation
    assert "first" not in explanation
    assert "kafka.Frame" not in explanation
    assert str(LOG) in explanation
