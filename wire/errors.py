"""What can go wrong that a caller must treat differently?

Three families, named for what the caller does. A driver's own exceptions stop at the one module that
imports the driver and leave it as one of these, with the cause attached.
"""


class NewswatchError(Exception):
    """Something went wrong in newswatch."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class Transient(NewswatchError):
    """The world failed for a moment. Retry with back-off."""


class Rejected(NewswatchError):
    """The item can never be processed. Dead-letter it with its reason; never retry.

    Args:
        reason: one of the closed set in `wire.messages.DeadReason`; also a metric label.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Misconfigured(NewswatchError):
    """A setting or file is wrong. Stop with exit code 2 and say what, where and how to mend it."""


class NewerVersion(NewswatchError):
    """A message was written by a newer newswatch. Stop, not ready: skipping it would lose it."""
