"""What does a log line look like?

A fixed lower-case event, and its data as fields. Never article bodies, never secrets.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from wire.settings import Settings

SELDOM_SECONDS = 30.0  # how often a driver is heard with the same words: while Kafka is away it is 100 lines a second
REMEMBERED = 1000
QUIET = ("kafka", "aiokafka", "faust", "mode", "asyncio", "alembic", "sqlalchemy")  # drivers speak up from warning on


# What drivers say of themselves in healthy running, as a warning or worse: each is mended before anybody could read it.
HARMLESS = re.compile(
    r"Timer \S* ?.*overlapping|Heartbeat failed.*rebalanc|^Executing .* took .* seconds|Task .* ran for"
)


class Harmless(logging.Filter):
    """Takes what drivers say of healthy running for what it is: debug."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in QUIET or not HARMLESS.search(record.getMessage()):
            return True
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return self._level <= logging.DEBUG


class Seldom(logging.Filter):
    """Lets a driver say one thing once in `SELDOM_SECONDS`; ours may always speak."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in QUIET:
            return True
        key = (record.name, str(record.msg))
        heard = self._said.get(key)
        if heard is not None and record.created - heard < SELDOM_SECONDS:
            return False
        if len(self._said) > REMEMBERED:
            self._said.clear()
        self._said[key] = record.created
        return True


def set_up(settings: Settings, program: str) -> None:
    """Log to standard error, as lines for people or as JSON, ours and the drivers' alike."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[Any] = [
        _from(program),  # not a context variable: threads do not inherit those
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            pad_event_to=32,
            # The pretty one shows local variables: secrets, articles.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Harmless(level))
    handler.addFilter(Seldom())
    exceptions = [] if settings.log_format == "console" else [structlog.processors.format_exc_info]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *exceptions, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _from(program: str) -> Any:
    def add(_logger: Any, _level: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("program", program)
        return event

    return add


def get() -> structlog.stdlib.BoundLogger:
    """The logger of the calling program."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
