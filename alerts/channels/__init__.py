"""How does a message reach somebody?

One module a kind, one line here. A channel sends one notice and says how that ended; when to send, and how often to
try, is the worker's business. It meets the ledger nowhere but in `Notice` and `Outcome`.
"""

from collections.abc import Mapping
from typing import Protocol

from alerts.channels import email, terminal, webhook
from alerts.notice import Notice
from alerts.outcome import Outcome
from wire.errors import Misconfigured
from wire.marked import nearest
from wire.settings import Settings


class Channel(Protocol):
    """One destination. Made inside the event loop in which it sends; may send several notices at once."""

    async def send(self, notice: Notice, *, attempt: int) -> Outcome:
        """Tell the destination, or say why not: nothing is raised for what a receiver or network does."""

    async def close(self) -> None: ...


class Kind(Protocol):
    """What each module of this folder offers."""

    @property
    def REQUIRED(self) -> tuple[str, ...]: ...  # noqa: N802  # a module's constant
    @property
    def OPTIONAL(self) -> tuple[str, ...]: ...  # noqa: N802
    @property
    def SECRETS(self) -> tuple[str, ...]: ...  # noqa: N802

    def check(self, config: Mapping[str, str]) -> list[str]:
        """Mistakes in what is there; keys that are missing, unknown or no texts have been found already."""

    def open_channel(self, config: Mapping[str, str], settings: Settings) -> Channel: ...


KINDS: dict[str, Kind] = {
    "email": email,
    "terminal": terminal,
    "webhook": webhook,
}


def check_config(kind: str, config: Mapping[str, object]) -> list[str]:
    """Every mistake, each beginning with the key it is about and a colon. Touches neither network nor disk."""
    if kind not in KINDS:
        return [f"kind: unknown kind {kind!r}; {nearest(kind, KINDS)}"]
    module = KINDS[kind]
    known = (*module.REQUIRED, *module.OPTIONAL)
    mistakes = [f"{key}: no such key of {kind}; {nearest(key, known)}" for key in config if key not in known]
    mistakes += [f"{key}: must be a text" for key in known if key in config and not isinstance(config[key], str)]
    mistakes += [f"{key}: is missing; {kind} needs it" for key in module.REQUIRED if not config.get(key)]
    readable = {key: value for key, value in config.items() if key in known and isinstance(value, str) and value}
    return mistakes + module.check(readable)


def open_channel(kind: str, config: Mapping[str, object], settings: Settings) -> Channel:
    """A channel that is ready to send.

    Raises:
        Misconfigured: the configuration, a secret it refers to, or a setting it needs is wrong.
    """
    mistakes = check_config(kind, config)
    if mistakes:
        raise Misconfigured("; ".join(mistakes))
    return KINDS[kind].open_channel(_texts(config), settings)


def secret_keys(kind: str) -> frozenset[str]:
    """Keys of a channel's configuration that are never shown."""
    return frozenset(KINDS[kind].SECRETS) if kind in KINDS else frozenset()


def _texts(config: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in config.items()}
