"""How does a program elsewhere get an alert?

A signed POST as Standard Webhooks describes it: `webhook-id` is the same in every attempt, so that a receiver can drop
repeats; the timestamp is fresh, so that it can drop replays. A request whose answer was lost counts as `uncertain`.
"""

import base64
import binascii
import hashlib
import hmac
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretBytes, SecretStr

from alerts import render
from alerts.answers import http_outcome, snippet
from alerts.notice import Notice
from alerts.outcome import Outcome, OutcomeKind, Reason
from alerts.secret import is_reference, reveal
from wire.errors import Misconfigured
from wire.guard import AddressRefused, guarded_connector
from wire.settings import Settings

REQUIRED: tuple[str, ...] = ("url", "secret")
OPTIONAL: tuple[str, ...] = ("previous_secret",)
KEYS = ("secret", "previous_secret")  # the newer one first
SECRETS: tuple[str, ...] = ("url", *KEYS)  # the address is often a key itself
PREFIX = "whsec_"
KEY_BYTES = range(24, 65)  # what Standard Webhooks asks for
TIMEOUT = aiohttp.ClientTimeout(total=15, connect=10)  # Standard Webhooks: 15 to 30 s
ANSWER_READ = 2_000  # bytes
USER_AGENT = "newswatch"
HOW_TO_MAKE = (
    "one is made by: python3 -c \"import base64,os;print('whsec_'+base64.b64encode(os.urandom(32)).decode())\""
)


def check(config: Mapping[str, str]) -> list[str]:
    url = config.get("url", "")
    mistakes = [] if not url or is_reference(url) else _url_mistakes(url)
    for key in KEYS:
        written = config.get(key, "")
        if written and not is_reference(written) and _key(written) is None:
            mistakes.append(f"{key}: must be whsec_ and 24 to 64 bytes in base64; {HOW_TO_MAKE}")
    return mistakes


def open_channel(config: Mapping[str, str], settings: Settings) -> "WebhookChannel":
    url = reveal(config["url"], "url")
    mistakes = _url_mistakes(url.get_secret_value())
    if mistakes:
        raise Misconfigured(mistakes[0])
    keys = tuple(_revealed_key(key, config[key]) for key in KEYS if config.get(key))
    ports = frozenset(int(port) for port in settings.webhook_ports)
    return WebhookChannel(url, keys, lambda: guarded_connector(settings, ports=ports))


class WebhookChannel:
    """One address; its connections are kept open between alerts."""

    def __init__(
        self, url: SecretStr, keys: tuple[SecretBytes, ...], connector: Callable[[], aiohttp.BaseConnector]
    ) -> None:
        self._url = url
        self._keys = keys
        self._connector = connector
        self._session: aiohttp.ClientSession | None = None

    async def send(self, notice: Notice, *, attempt: int) -> Outcome:  # noqa: ARG002  # each attempt looks the same
        body = render.to_bytes(render.payload(notice))
        request = SimpleNamespace(is_sent=False)
        try:
            async with self._open().post(
                self._url.get_secret_value(),
                data=body,
                headers=_headers(notice.key, body, self._keys, datetime.now(UTC)),
                allow_redirects=False,
                trace_request_ctx=request,
            ) as answer:
                return http_outcome(answer.status, answer.headers, await _beginning(answer, self._secrets()))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return _broken(error, is_sent=request.is_sent, secrets=self._secrets())

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_note_sent)
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                timeout=TIMEOUT,
                trace_configs=[trace],
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": USER_AGENT, "Content-Type": "application/json"},
            )
        return self._session

    def _secrets(self) -> tuple[str, ...]:
        """What an answer may echo and nobody should read: the address is often a key itself."""
        parts = urlsplit(self._url.get_secret_value())
        return (
            parts.geturl(),
            parts.query,
            parts.path.strip("/"),
            *(base64.b64encode(key.get_secret_value()).decode() for key in self._keys),
        )


def sign(key: SecretBytes, message_id: str, timestamp: int, body: bytes) -> str:
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key.get_secret_value(), content, hashlib.sha256).digest()).decode()


def _headers(message_id: str, body: bytes, keys: tuple[SecretBytes, ...], now: datetime) -> dict[str, str]:
    timestamp = int(now.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(key, message_id, timestamp, body) for key in keys),
    }


async def _note_sent(session: aiohttp.ClientSession, context: Any, params: object) -> None:  # noqa: ARG001  # aiohttp's
    """From here on the receiver may have the request, whatever we hear."""
    context.trace_request_ctx.is_sent = True


async def _beginning(answer: aiohttp.ClientResponse, secrets: tuple[str, ...]) -> str:
    """The first words of an answer. Its status has been heard: what fails from here on changes nothing."""
    try:
        raw = await answer.content.read(ANSWER_READ)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return ""
    return snippet(raw.decode("utf-8", "replace"), secrets)


def _broken(error: Exception, *, is_sent: bool, secrets: tuple[str, ...]) -> Outcome:
    told = snippet(str(error) or type(error).__name__, secrets)
    if isinstance(error, AddressRefused):
        return Outcome(kind="permanent", reason="address_blocked", snippet=told)
    if isinstance(error, aiohttp.InvalidURL):
        return Outcome(kind="permanent", reason="client_error", snippet=told)
    kind: OutcomeKind = "uncertain" if is_sent else "transient"
    return Outcome(kind=kind, reason=_reason(error), snippet=told)


def _reason(error: Exception) -> Reason:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return "tls"
    return "refused" if isinstance(error, aiohttp.ClientConnectorError) else "other"


def _url_mistakes(url: str) -> list[str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return [f"url: {error}"]
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        return ["url: must begin with https:// (or http://) and name a host"]
    if "@" in parts.netloc:
        return ["url: must hold no user or password; receivers know us by the signature"]
    return []


def _revealed_key(name: str, written: str) -> SecretBytes:
    key = _key(reveal(written, name).get_secret_value())
    if key is None:
        raise Misconfigured(f"{name}: must be whsec_ and 24 to 64 bytes in base64; {HOW_TO_MAKE}")
    return SecretBytes(key)


def _key(secret: str) -> bytes | None:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) in KEY_BYTES else None
