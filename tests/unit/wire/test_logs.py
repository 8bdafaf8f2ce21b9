import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from wire import logs
from wire.settings import Settings

SETTINGS = Settings(smtp_password="hunter-2")  # type: ignore[arg-type]  # as a variable is written
Logged = Callable[..., str]


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Logged]:
    """What is logged while `say` runs. Set-up is the whole process's, so it is undone."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level

    def listen(say: Callable[[Any], object], *, form: str = "json", level: str = "info") -> str:
        logs.set_up(SETTINGS.model_copy(update={"log_format": form, "log_level": level}), "poll")
        say(logs.get())
        told = capsys.readouterr()
        assert told.out == ""  # standard output belongs to what a command prints
        return told.err

    yield listen
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(told: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.splitlines()]


def test_a_line_is_an_event_with_its_data_as_fields(logged: Logged) -> None:
    [line] = lines(logged(lambda log: log.info("article published", feed="süd", articles=3)))
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "article published", "feed": "süd", "articles": 3, "level": "info", "program": "poll"}


def test_a_driver_logs_as_we_do(logged: Logged) -> None:
    [line] = lines(logged(lambda _: logging.getLogger("kafka.net").warning("gone %s", "away")))
    assert (line["event"], line["level"], line["program"]) == ("gone away", "warning", "poll")


@pytest.mark.parametrize("name", ["kafka.net", "aiokafka", "faust", "mode", "asyncio", "alembic", "sqlalchemy.engine"])
def test_drivers_speak_up_from_warning_on(logged: Logged, name: str) -> None:
    def say(_log: Any) -> None:
        logging.getLogger(name).info("quiet")
        logging.getLogger(name).warning("loud")

    told = logged(say)
    assert [line["event"] for line in lines(told)] == ["loud"]


def test_a_driver_that_repeats_itself_is_heard_once_and_we_always(logged: Logged) -> None:
    def say(log: Any) -> None:
        for attempt in range(3):
            logging.getLogger("kafka.net").warning("connection failed: %s", attempt)
            log.warning("kafka away")

    assert [line["event"] for line in lines(logged(say))] == ["connection failed: 0", *["kafka away"] * 3]


def test_below_the_level_nothing_is_logged(logged: Logged) -> None:
    told = logged(lambda log: (log.info("a"), log.warning("b"), log.error("c")), level="error")
    assert [line["event"] for line in lines(told)] == ["c"]


def test_debug_shows_our_own_details(logged: Logged) -> None:
    assert [line["event"] for line in lines(logged(lambda log: log.debug("a"), level="debug"))] == ["a"]


def test_a_logger_made_before_the_set_up_logs_in_the_same_form(logged: Logged) -> None:
    early = logs.get()
    assert [line["program"] for line in lines(logged(lambda _: early.info("a")))] == ["poll"]


def test_lines_of_other_threads_name_the_program_too(logged: Logged) -> None:
    def say(log: Any) -> None:
        thread = threading.Thread(target=lambda: log.info("in a thread"))
        thread.start()
        thread.join()

    assert [line["program"] for line in lines(logged(say))] == ["poll"]


def refuse(password: str) -> None:
    raise ValueError(f"{len(password)} letters are no luck")


def fail(call: Callable[[str], object]) -> None:
    try:
        refuse("".join(("sword", "fish")))  # noqa: FLY002  # the word itself must not stand in a line of the traceback
    except ValueError:
        call("failed")


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("ours", [True, False])
def test_an_exception_brings_its_traceback_without_the_values_of_variables(
    logged: Logged, form: str, ours: bool
) -> None:
    told = logged(lambda log: fail(log.exception if ours else logging.getLogger("alembic").exception), form=form)
    assert "ValueError: 9 letters are no luck" in told
    assert "Traceback" in told
    assert "swordfish" not in told


def test_in_json_an_exception_stays_on_its_line(logged: Logged) -> None:
    [line] = lines(logged(lambda log: fail(log.exception)))
    assert line["exception"].endswith("ValueError: 9 letters are no luck")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_secret_setting_that_is_logged_does_not_show(logged: Logged, form: str) -> None:
    told = logged(lambda log: log.info("started", password=SETTINGS.smtp_password, all=SETTINGS), form=form)
    assert "started" in told
    assert "hunter" not in told


def test_a_line_for_people_is_one_line_without_colours_when_nobody_watches(logged: Logged) -> None:
    told = logged(lambda log: log.info("article published", feed="süd"), form="console")
    assert told.count("\n") == 1
    assert "article published" in told
    assert "feed=süd" in told
    assert "\x1b" not in told
