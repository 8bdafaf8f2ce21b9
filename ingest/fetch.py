"""What did the server say?

One conditional GET, redirects followed by hand so that each is checked, and a typed answer: the document, "not
modified", or why there is none. Nothing here raises for what a server may do.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from wire.guard import AddressRefused, guarded_connector
from wire.retry_after import retry_after
from wire.service import VERSION
from wire.settings import Settings

FailReason = Literal[
    "timeout",
    "dns",
    "connection",
    "tls",
    "address",
    "redirect",
    "protocol",
    "rate_limited",
    "forbidden",
    "not_found",
    "gone",
    "client_error",
    "server_error",
    "too_large",
    "html",
    "empty",
    "not_a_feed",
    "malformed",
    "unreadable",
    "bug",
]

MOST_REDIRECTS = 5
CONNECT_SECONDS = 10.0
LONGEST_RETRY_AFTER = 24 * 3600.0  # one was seen to ask for 88 h
PERMANENT = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT)
REDIRECTS = (*PERMANENT, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.TEMPORARY_REDIRECT)
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
DETAIL_LIMIT = 300
_STATUS_REASONS: dict[int, FailReason] = {
    401: "forbidden",
    403: "forbidden",
    404: "not_found",
    410: "gone",
    429: "rate_limited",
    503: "rate_limited",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What the server gave to ask "changed since?", byte for byte."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document. `url` is where it was found at last."""

    body: bytes
    url: str
    content_type: str
    validators: Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """Nothing has changed. The validators to ask with from here on."""

    validators: Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No document, and why. `retry_after` is in seconds, 0 when the server asked for nothing."""

    reason: FailReason
    detail: str
    retry_after: float = 0.0


Outcome = Fetched | NotModified | Failed


class Fetcher:
    """The HTTP client of all polls: no cookies, no referrer, no address that the guard refuses."""

    def __init__(self, settings: Settings) -> None:
        """To be made inside a running event loop."""
        self._timeout = settings.poll_timeout
        self._max_bytes = settings.poll_max_bytes
        self._session = aiohttp.ClientSession(
            connector=guarded_connector(settings, limit=settings.poll_parallel),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(CONNECT_SECONDS, settings.poll_timeout)),
            headers={
                "User-Agent": user_agent(settings),
                "Accept": ACCEPT,
                "Accept-Encoding": "gzip, br",
            },
        )

    async def fetch(self, url: str, validators: Validators) -> Outcome:
        """Ask for a feed, and for nothing if it is still what `validators` stand for.

        The whole of it, redirects included, takes `poll_timeout` at most: a body that drips a byte at a time never
        runs into a limit on single reads.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._follow(URL(url, encoded=False), validators)
        except TimeoutError:
            return Failed(reason="timeout", detail=f"no complete answer within {self._timeout:g} s")
        except AddressRefused as error:
            return Failed(reason="address", detail=_shown(str(error)))
        except (aiohttp.ClientError, ValueError, OSError) as error:
            return Failed(reason=_reason(error), detail=_shown(f"{type(error).__name__}: {_words(error)}"))

    async def close(self) -> None:
        await self._session.close()

    async def _follow(self, url: URL, validators: Validators) -> Outcome:
        for _ in range(MOST_REDIRECTS + 1):
            headers = _conditions(validators)
            async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                if response.status not in REDIRECTS:
                    return await self._read(response, validators)
                target = _target(url, response.headers.get("Location", ""))
            if isinstance(target, Failed):
                return target
            url = target
        return Failed(reason="redirect", detail=f"more than {MOST_REDIRECTS} redirects")

    async def _read(self, response: aiohttp.ClientResponse, validators: Validators) -> Outcome:
        if response.status == HTTPStatus.NOT_MODIFIED:
            return _not_modified(response.headers, validators)
        if response.status != HTTPStatus.OK:
            return _refused(response)
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._max_bytes:
                return Failed(
                    reason="too_large",
                    detail=f"more than {self._max_bytes} bytes, decompressed; NEWSWATCH_POLL_MAX_BYTES allows no more",
                )
        return _document(bytes(body), response)


def user_agent(settings: Settings) -> str:
    """Who we are and where a publisher reaches the operator."""
    return f"newswatch/{VERSION} (+{settings.contact})" if settings.contact else f"newswatch/{VERSION}"


def _conditions(validators: Validators) -> dict[str, str]:
    pairs = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in pairs.items() if value}


def _not_modified(headers: Mapping[str, str], sent: Validators) -> Outcome:
    if sent == Validators():
        return Failed(reason="protocol", detail="answered 304 to a request without conditions")
    return NotModified(validators=_validators(headers, sent))


def _validators(headers: Mapping[str, str], sent: Validators) -> Validators:
    """Those given, byte for byte; one that we could not send back so is as good as none."""
    etag = headers.get("ETag", sent.etag)
    last_modified = headers.get("Last-Modified", sent.last_modified)
    return Validators(
        etag=etag if etag.isprintable() else "", last_modified=last_modified if last_modified.isprintable() else ""
    )


def _refused(response: aiohttp.ClientResponse) -> Failed:
    kind: FailReason = "server_error" if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "client_error"
    asked = response.headers.get("Retry-After", "")
    return Failed(
        reason=_STATUS_REASONS.get(response.status, kind),
        detail=_shown(f"answered {response.status} {response.reason or ''}".strip()),
        retry_after=retry_after(asked, datetime.now(UTC), most=LONGEST_RETRY_AFTER) or 0.0,
    )


def _document(body: bytes, response: aiohttp.ClientResponse) -> Outcome:
    head = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not body.strip():
        return Failed(reason="empty", detail="answered 200 with an empty body")
    if head.startswith((b"<!doctype html", b"<html")):
        return Failed(
            reason="html", detail="answered 200 with a web page: a block or login page, or not a feed's address"
        )
    return Fetched(
        body=body,
        url=str(response.url),
        content_type=response.headers.get("Content-Type", ""),
        validators=_validators(response.headers, Validators()),
    )


def _target(url: URL, location: str) -> URL | Failed:
    if not location:
        return Failed(reason="redirect", detail="a redirect without a target")
    try:
        target = URL(urljoin(str(url), location))
    except ValueError:
        return Failed(reason="redirect", detail="a redirect to what is no address")
    if target.scheme not in ("http", "https") or not target.host:
        return Failed(reason="redirect", detail=f"a redirect to {target.scheme or 'no'} scheme")
    if url.scheme == "https" and target.scheme == "http":
        return Failed(reason="redirect", detail="a redirect from https down to http")
    if target.origin() == url.origin() and url.user is not None and target.user is None:
        return target.with_user(url.user).with_password(url.password)
    return target


def _reason(error: Exception) -> FailReason:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns"
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return "tls"
    if isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ClientResponseError, aiohttp.InvalidURL)):
        return "protocol"
    if isinstance(error, (aiohttp.ClientConnectionError, OSError)):
        return "connection"
    return "protocol"


def _words(error: Exception) -> str:
    """What a driver says, but for the address: its query may be a secret."""
    if isinstance(error, aiohttp.ClientResponseError):
        return error.message
    if isinstance(error, aiohttp.InvalidURL):
        return error.description or "no address that can be asked"
    return str(error)


def _shown(text: str) -> str:
    """A server's or driver's words, bounded and fit for a database and a terminal.

    Passwords of addresses are never among them: aiohttp moves them to a header.
    """
    return "".join(character if character.isprintable() else " " for character in text[:DETAIL_LIMIT])
