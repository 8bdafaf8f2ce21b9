"""Where does a channel's secret come from?

Written as `env:NAME` or `file:PATH` it stays outside the database; anything else is the secret itself.
"""

import os
from pathlib import Path

from pydantic import SecretStr

from wire.errors import Misconfigured


def reveal(written: str, what: str) -> SecretStr:
    """The secret that `written` is or refers to; `what` names it in complaints, which never show it.

    Raises:
        Misconfigured: the variable or file is missing, unreadable or empty.
    """
    scheme, colon, rest = written.partition(":")
    if not colon or scheme not in {"env", "file"}:
        return SecretStr(written)
    found = _variable(rest, what) if scheme == "env" else _file(rest, what)
    if not found:
        raise Misconfigured(f"{what}: {written} is empty")
    return SecretStr(found)


def is_reference(written: str) -> bool:
    return written.startswith(("env:", "file:"))


def _variable(name: str, what: str) -> str:
    if name not in os.environ:
        raise Misconfigured(f"{what}: the variable {name} is not set where the alert program runs")
    return os.environ[name].strip()


def _file(path: str, what: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{what}: cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
