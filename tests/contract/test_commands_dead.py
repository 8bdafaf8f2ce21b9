"""`dead list`, `show` and `replay` as a person types them, on a real Kafka."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import CliRunner, Result

from newswatch.cli import build
from tests.stream_rig import TINY, Program, Topics, publish_values, settings_for, wait_for
from wire.dead import dead_record
from wire.errors import NewswatchError
from wire.kafka import Publisher
from wire.messages import DeadLetter
from wire.settings import Settings, environment
from wire.topics import ANNOTATIONS, ARTICLES, DEAD_VALUE_LIMIT

Command = Callable[..., Result]


class Kafka(Protocol):
    bootstrap: str


@pytest.fixture
def settings(broker: Kafka, kafka_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    made = settings_for(broker.bootstrap, kafka_prefix, tmp_path / "home")
    monkeypatch.setenv("COLUMNS", "160")
    for name, value in environment(made).items():
        monkeypatch.setenv(name, value)
    return made


def run(*words: str) -> Result:
    return CliRunner().invoke(build(()), ["dead", *words])


def listed(*words: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in run("list", "--json", *words).stdout.splitlines()]


def bury(settings: Settings, *letters: DeadLetter) -> None:
    publisher = Publisher(settings, "test")
    assert publisher.publish([dead_record(letter) for letter in letters]) == [None] * len(letters)
    publisher.close()


def letter(value: bytes, **more: object) -> DeadLetter:
    fields: dict[str, object] = {"reason": "bug", "detail": "Traceback\nValueError: why", "topic": "articles"}
    place = {"partition": 4, "offset": 17, "program": "annotate", "version": "0.1.0", "key": b"key"}
    return DeadLetter(**{"value": value, **fields, **place, **more})  # type: ignore[arg-type]  # a test's shorthand


def values(settings: Settings) -> set[bytes]:
    topic = Topics(settings, ANNOTATIONS)
    try:
        return {record.value or b"" for record in topic.read()}
    finally:
        topic.close()


def test_nothing_dead_is_said_in_words(settings: Settings) -> None:
    assert run("list").stdout == "No dead letters.\n"


def test_list_chooses_by_topic_and_reason(settings: Settings) -> None:
    bury(settings, letter(b"1"), letter(b"2", reason="hung"), letter(b"3", topic="annotations", reason="hung"))
    assert sorted(str(one["reason"]) for one in listed()) == ["bug", "hung", "hung"]
    assert [one["topic"] for one in listed("--reason", "hung", "--topic", "annotations")] == ["annotations"]
    assert "ValueError: why" in run("list").stdout


def test_a_message_cannot_command_the_terminal(settings: Settings) -> None:
    bury(settings, letter(b"\x1b]0;owned\x07 <b>", detail="why\x1b[2J", program="\x9b31mannotate"))
    (one,) = listed()
    for shown in (run("list").stdout, run("show", str(one["id"])).stdout):
        assert all(each.isprintable() or each == "\n" for each in shown)
    assert "]0;owned" in run("show", str(one["id"])).stdout
    assert run("show", "--raw", str(one["id"])).stdout_bytes == b"\x1b]0;owned\x07 <b>"


def test_show_tells_where_it_was_and_what_it_is(settings: Settings) -> None:
    bury(settings, letter("Müller <b>".encode()))
    (one,) = listed()
    shown = run("show", str(one["id"])).stdout
    assert "annotate" in shown
    assert "Müller <b>" in shown
    assert run("show", str(one["id"]), "--raw").stdout_bytes == "Müller <b>".encode()


def test_an_unknown_id_is_said(settings: Settings) -> None:
    assert isinstance(run("show", "articles/0/99").exception, NewswatchError)
    assert run("show", "nonsense").exit_code == 2


def test_replay_asks_which(settings: Settings) -> None:
    assert run("replay").exit_code == 2


def test_a_cut_letter_cannot_be_sent_back(settings: Settings) -> None:
    bury(settings, letter(b"x" * (DEAD_VALUE_LIMIT + 1)))
    refused = run("replay", "--all")
    assert refused.exit_code == 1
    assert "cannot be sent back" in refused.stderr


def test_what_a_mended_program_can_process_is_replayed(settings: Settings) -> None:
    publish_values(settings, ARTICLES, [b"good", b"broken 1", b"broken 2"])
    old = Program(settings, TINY)
    assert wait_for(lambda: len(listed("--reason", "bug")) == 2, timeout=20), old.text()
    assert old.stop() == 0
    assert values(settings) == {b"good"}
    assert run("replay", "--reason", "bug", "--dry-run").exit_code == 0
    mended = Program(settings, TINY, env={"NEWSWATCH_TEST_MENDED": "1"})
    try:
        assert run("replay", *(str(one["id"]) for one in listed())).exit_code == 0
        assert wait_for(lambda: values(settings) == {b"good", b"broken 1", b"broken 2"}, timeout=20), mended.text()
    finally:
        mended.kill()


def sent_back(settings: Settings) -> list[bytes]:
    topic = Topics(settings, ARTICLES)
    try:
        return sorted(record.value or b"" for record in topic.read())
    finally:
        topic.close()


def test_all_sends_each_message_once_and_none_again_unless_asked(settings: Settings) -> None:
    bury(settings, letter(b"1"), letter(b"1", offset=18), letter(b"2"))
    assert run("replay", "--all").exit_code == 0
    assert sent_back(settings) == [b"1", b"2"]
    assert all(one["replayed"] for one in listed())
    skipped = run("replay", "--all")
    assert "3 were sent back before" in skipped.stderr
    assert sent_back(settings) == [b"1", b"2"]
    bury(settings, letter(b"1", offset=19))  # it is still poison
    assert run("replay", "--all").exit_code == 0
    assert sent_back(settings) == [b"1", b"1", b"2"]
    assert run("replay", "--all", "--again").exit_code == 0
    assert sent_back(settings) == [b"1", b"1", b"1", b"2", b"2"]


def test_an_id_given_twice_is_sent_once(settings: Settings) -> None:
    bury(settings, letter(b"1"))
    (one,) = listed()
    assert run("replay", str(one["id"]), str(one["id"])).exit_code == 0
    assert sent_back(settings) == [b"1"]


def test_a_dry_run_remembers_nothing(settings: Settings) -> None:
    bury(settings, letter(b"1"))
    assert run("replay", "--all", "--dry-run").exit_code == 0
    assert [one["replayed"] for one in listed()] == [""]
