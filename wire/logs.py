"""What does a log line look like?

A fixed lower-case event, and its data as fields. Never article bodies, never secrets.
"""

import logging
import sys
from typing import Any

import structlog

from wire.settings import Settings

QUIET = ("kafka", "aiokafka", "faust", "mode", "asyncio", "alembic", "sqlalchemy")  # drivers speak up from warning on


def set_up(settings: Settings, program: str) -> None:
    """Log to standard error, as lines for people or as JSON, ours and the drivers' alike."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[Any] = [
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
            exception_formatter=structlog.dev.plain_traceback,  # the pretty one shows local variables: secrets, articles
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
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
    structlog.contextvars.bind_contextvars(program=program)


def get() -> structlog.stdlib.BoundLogger:
    """The logger of the calling program."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
