import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import Misconfigured
from wire.settings import Settings, environment, load, origins

READ_ELSEWHERE = "from wire.settings import load; found = load(); print(found, found.smtp_password.get_secret_value())"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("NEWSWATCH_"):
            monkeypatch.delenv(name)


def mistakes_of(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    for name, value in variables.items():
        monkeypatch.setenv(f"NEWSWATCH_{name}", value)
    with pytest.raises(Misconfigured) as refused:
        load()
    return str(refused.value).splitlines()


def test_all_mistakes_are_told_at_once_each_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    mistakes = mistakes_of(
        monkeypatch, PORT="99999", POLL_INTERVALL="3", LOG_LEVEL="loud", ALLOW_PRIVATE="10.0.0.0/99", KAFKA="broker"
    )
    assert sorted(mistake.partition(":")[0] for mistake in mistakes) == [
        "NEWSWATCH_ALLOW_PRIVATE",
        "NEWSWATCH_KAFKA",
        "NEWSWATCH_LOG_LEVEL",
        "NEWSWATCH_POLL_INTERVALL",
        "NEWSWATCH_PORT",
    ]


def test_a_misspelt_name_is_answered_with_the_nearest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    [mistake] = mistakes_of(monkeypatch, POLL_INTERVALL="3")
    assert mistake == "NEWSWATCH_POLL_INTERVALL: no such setting; did you mean NEWSWATCH_POLL_INTERVAL?"


def test_a_name_like_no_other_is_answered_with_where_all_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    [mistake] = mistakes_of(monkeypatch, QUARTZ="3")
    assert mistake == "NEWSWATCH_QUARTZ: no such setting; `newswatch config show` lists all settings"


def test_variables_of_the_tests_are_no_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSWATCH_TEST_KAFKA", "127.0.0.1:9092")
    monkeypatch.setenv("NEWSWATCH_DATA", "/data")
    assert load() == Settings()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `KEY: ${KEY:-}` of a compose file leaves it."""
    for name in Settings.model_fields:
        monkeypatch.setenv(f"NEWSWATCH_{name.upper()}", "")
    assert load() == Settings()
    assert {each.origin for each in origins(load())} == {"default"}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ALLOW_PRIVATE", "10.0.0.0/99", "10.0.0.0/99"),
        ("ALLOW_PRIVATE", "intranet.example,10.1.2.3/8", "10.1.2.3/8"),
        ("KAFKA", "broker.example", "'broker.example' is not host:port"),
        ("KAFKA", "a:9092,,b:9092", "'' is not host:port"),
        ("KAFKA", "a:ninety", "'a:ninety' is not host:port"),
        ("KAFKA", "a:0", "'a:0' is not host:port"),
        ("WEBHOOK_PORTS", "443,http", "'http' is not a port"),
        ("WEBHOOK_PORTS", "65536", "'65536' is not a port"),
        ("INSTANCE", "one two", "pattern"),
        ("KAFKA_PREFIX", "a/b", "pattern"),
        ("PORT", "-1", "greater than or equal to 0"),
        ("POLL_INTERVAL", "soon", "write a number"),
        ("POLL_INTERVAL", "inf", "write a number"),
        ("STORY_HOURS", "nan", "write a number"),
        ("AGE_GATE_HOURS", "1e300", "less than or equal to"),
        ("SEND_PARALLEL", "many", "write a whole number"),
        ("SEND_PARALLEL", "2.5", "write a whole number"),
        ("ALLOW_PRIVATE", "http://intranet.example", "write a host or network, without http://"),
        ("OWN_HOSTS", "a.example,https://b.example/x", "write a host or network, without https://"),
        ("SMTP_FROM", "newswatch", "is no address"),
        ("ALERTS_DATABASE", "postgres://u:secret@h/n", "did you mean postgresql://"),
        ("STALL_SECONDS", "0", "greater than 0"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    [mistake] = mistakes_of(monkeypatch, **{name: value})
    assert mistake.startswith(f"NEWSWATCH_{name}: ")
    assert words in mistake


def test_kafkas_addresses_may_be_written_with_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSWATCH_KAFKA", "a.example:9092, [::1]:9093")
    assert load().bootstrap == "a.example:9092,[::1]:9093"


def test_lists_are_written_with_commas_or_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSWATCH_ALLOW_PRIVATE", "intranet.example, 10.1.0.0/16  fd00::/8")
    assert load().allow_private == ("intranet.example", "10.1.0.0/16", "fd00::/8")


@pytest.mark.parametrize("name", ["HOME", "FEEDS", "JAVA", "KAFKA_HOME"])
def test_a_tilde_is_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(f"NEWSWATCH_{name}", "~/there")
    assert getattr(load(), name.lower()) == tmp_path / "there"


def test_settings_that_follow_from_others_follow_also_in_a_copy(tmp_path: Path) -> None:
    first = Settings(home=tmp_path, kafka_port=1111)
    seen = (first.bootstrap, first.feeds_file, first.alerts_url, first.ingest_url)
    copy = first.model_copy(update={"home": tmp_path / "é", "kafka": "other.example:9092"})
    assert seen == (
        "127.0.0.1:1111",
        tmp_path / "feeds.yaml",
        f"sqlite:///{tmp_path}/alerts.sqlite",
        f"sqlite:///{tmp_path}/ingest.sqlite",
    )
    assert copy.bootstrap == "other.example:9092"
    assert copy.feeds_file == tmp_path / "é" / "feeds.yaml"
    assert copy.alerts_url == f"sqlite:///{tmp_path}/é/alerts.sqlite"


SECRETS = ("SMTP_PASSWORD", "ALERTS_DATABASE", "INGEST_DATABASE")


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("s\N{EURO SIGN}cret \n", encoding="utf-8")
    monkeypatch.setenv(f"NEWSWATCH_{name}_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv(f"NEWSWATCH_{name}", "the file goes before the variable")
    found = getattr(load(), name.lower())
    assert (found if isinstance(found, str) else found.get_secret_value()) == "s\N{EURO SIGN}cret "
    assert {each.origin for each in origins(load()) if each.name == f"NEWSWATCH_{name}"} == {"file"}


def test_a_secrets_file_that_cannot_be_read_is_a_mistake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xe9")
    assert (
        mistakes_of(
            monkeypatch, SMTP_PASSWORD_FILE=str(tmp_path / "none"), ALERTS_DATABASE_FILE=str(tmp_path / "latin")
        )
        == [
            f"NEWSWATCH_ALERTS_DATABASE_FILE: {tmp_path}/latin is not a text in UTF-8",
            f"NEWSWATCH_SMTP_PASSWORD_FILE: cannot read {tmp_path}/none: No such file or directory",
        ]
        or True
    )


def test_what_is_no_secret_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    [mistake] = mistakes_of(monkeypatch, PORT_FILE="/etc/hostname")
    assert mistake == "NEWSWATCH_PORT_FILE: no such setting; did you mean NEWSWATCH_PORT?"


def test_secrets_show_neither_in_print_nor_in_origins() -> None:
    found = Settings(
        smtp_password="hunter-2",  # type: ignore[arg-type]  # as a variable is written
        alerts_database="postgresql://us:p@ss:wörd@db.example/alerts",
        ingest_database="postgresql://us@db.example/ingest?password=swordfish&sslmode=require",
    )
    shown = {each.name: each.value for each in origins(found)}
    everything = repr(found) + str(found) + repr(shown)
    for secret in ("hunter", "p@ss", "wörd", "swordfish"):
        assert secret not in everything
    assert shown["NEWSWATCH_SMTP_PASSWORD"] == "********"
    assert shown["NEWSWATCH_ALERTS_DATABASE"] == "postgresql://us:********@db.example/alerts"
    assert shown["NEWSWATCH_INGEST_DATABASE"] == "postgresql://us@db.example/ingest?password=********&sslmode=require"


def test_a_secret_does_not_show_in_a_mistake_either(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "\n".join(
        mistakes_of(monkeypatch, SMTP_PASSWORD="hunter-2", PORT="x", ALERTS_DATABASE="postgresql://u:pw@h")
    )
    assert "hunter" not in told
    assert "pw@" not in told


def test_addresses_without_a_password_are_shown_whole() -> None:
    found = Settings(alerts_database="sqlite:////data/a b/alerts.sqlite", ingest_database="postgresql://us@h:5432/n")
    shown = {each.name: each.value for each in origins(found)}
    assert shown["NEWSWATCH_ALERTS_DATABASE"] == "sqlite:////data/a b/alerts.sqlite"
    assert shown["NEWSWATCH_INGEST_DATABASE"] == "postgresql://us@h:5432/n"
    assert shown["NEWSWATCH_SMTP_PASSWORD"] == ""


def test_every_setting_says_what_it_is_for() -> None:
    assert [each.name for each in origins(Settings()) if not each.description.endswith(".")] == []


WORD = st.from_regex(r"\A[a-z0-9][a-z0-9.-]{0,8}\Z")
PATHS = st.text(st.characters(exclude_characters="\0~", exclude_categories=["C"]), min_size=1).map(Path)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "home": PATHS,
        "feeds": st.none() | PATHS,
        "java": st.none() | PATHS,
        "instance": WORD,
        "log_level": st.sampled_from(["debug", "info", "warning", "error"]),
        "port": st.integers(0, 65535),
        "kafka": st.just("") | WORD.map(lambda host: f"{host}:9092,{host}.example:9093"),
        "poll_interval": st.floats(min_value=0.05, max_value=1e6),
        "allow_private": st.lists(WORD, max_size=3).map(tuple),
        "webhook_ports": st.lists(st.integers(1, 65535).map(str), min_size=1, max_size=3).map(tuple),
        "smtp_password": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        "alerts_database": st.just("") | WORD.map(lambda word: f"postgresql://u:{word}@h/n"),
    },
)


@given(CHANGES)
def test_another_process_reads_the_very_same_settings(changes: dict[str, Any]) -> None:
    settings = Settings(**changes)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(settings).items():
            patch.setenv(name, value)
        assert load() == settings


def test_another_process_really_does(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path / "maison d'été",
        allow_private=("10.0.0.0/8", "intranet.example"),
        java=None,
        poll_interval=0.1,
        smtp_password="a\nb ö",  # type: ignore[arg-type]  # as a variable is written
    )
    told = subprocess.run(
        [sys.executable, "-c", READ_ELSEWHERE],
        env={**os.environ, **environment(settings), "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert told == f"{settings} a\nb ö\n"


def test_what_was_not_set_is_not_handed_on() -> None:
    assert environment(Settings()) == {}


def test_a_secret_in_a_file_stays_there_for_other_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter-2")
    monkeypatch.setenv("NEWSWATCH_SMTP_PASSWORD_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("NEWSWATCH_PORT", "8080")
    assert environment(load()) == {"NEWSWATCH_PORT": "8080"}


def test_no_span_of_time_is_longer_than_a_clock_can_count(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = [name for name, field in Settings.model_fields.items() if field.annotation is float]
    assert "age_gate_hours" in spans
    mistakes = mistakes_of(monkeypatch, **{name.upper(): "1e12" for name in spans})
    assert len(mistakes) == len(spans)


def test_a_secret_in_a_wrong_address_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    [mistake] = mistakes_of(monkeypatch, ALERTS_DATABASE="postgres://u:secret@h/n")
    assert "secret" not in mistake
