"""Which addresses may we talk to?

Feeds, redirects and webhooks are addresses that others choose, so none of them may lead into the network we run in.
The check is made on the address that is about to be connected, after name resolution: a name that answers
"public" once and "private" the next time (DNS rebinding) gains nothing. `ipaddress.is_global` is not enough: it calls
64:ff9b::7f00:1, 2002:7f00:1::, fec0::1 and 224.0.0.1 global.
"""

import socket
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

import aiohttp

from wire.settings import Settings

if TYPE_CHECKING:
    from aiohttp.client import ClientTimeout
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import AddrInfoType, Connection
    from aiohttp.tracing import Trace

Address = IPv4Address | IPv6Address

# IANA's special-purpose registry: nothing in here is a public server.
_SPECIAL_V4 = tuple(
    ip_network(word)
    for word in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")  # all that is assigned to the public; loopback, ULA, link-local… lie outside
_SPECIAL_V6 = tuple(
    ip_network(word)
    for word in (
        "2001::/23",  # protocol assignments, Teredo, ORCHID
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(aiohttp.ClientError):
    """No address of this host may be talked to."""


def why_refused(address: str, host: str, settings: Settings) -> str:
    """Empty when `host` may be connected at `address`; otherwise a sentence that says how to mend it."""
    number = ip_address(address.partition("%")[0])
    inner = _unwrapped(number)
    if _is_public(inner) or _is_allowed((number, inner), host, settings.allow_private):
        return ""
    return (
        f"{host} is at {address}, which is a private or special address; if you trust it, name the host or its "
        "network in NEWSWATCH_ALLOW_PRIVATE"
    )


def guarded_connector(
    settings: Settings, *, ports: frozenset[int] | None = None, limit: int = 100
) -> aiohttp.TCPConnector:
    """A connector that reaches public and allowed addresses only, public ones on `ports` only when given.

    A refused request raises `AddressRefused`. To be made inside a running event loop.
    """
    return _GuardedConnector(settings, ports, limit)


class _Attempt:
    """One connection being made: for which host, and what was refused on the way."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.refusals: list[str] = []


_attempt: ContextVar[_Attempt] = ContextVar("_attempt")


class _GuardedConnector(aiohttp.TCPConnector):
    """Knows the host while its socket is made: `socket_factory` alone is told the address only."""

    def __init__(self, settings: Settings, ports: frozenset[int] | None, limit: int) -> None:
        super().__init__(socket_factory=self._checked_socket, limit=limit, ttl_dns_cache=300)
        self._settings = settings
        self._ports = ports

    async def connect(
        self,
        req: "ClientRequest",
        traces: list["Trace"],
        timeout: "ClientTimeout",  # noqa: ASYNC109  # the signature is aiohttp's
    ) -> "Connection":
        attempt = _Attempt(req.url.host or "")
        token = _attempt.set(attempt)
        try:
            return await super().connect(req, traces, timeout)
        except aiohttp.ClientConnectorError as error:
            if attempt.refusals:
                raise AddressRefused(attempt.refusals[0]) from error
            raise
        finally:
            _attempt.reset(token)

    def _checked_socket(self, addr_info: "AddrInfoType") -> socket.socket:
        family, kind, protocol, _, sockaddr = addr_info
        refusal = self._refusal(str(sockaddr[0]), int(sockaddr[1]))
        if refusal:
            raise OSError(refusal)
        return socket.socket(family, kind, protocol)

    def _refusal(self, address: str, port: int) -> str:
        attempt = _attempt.get()
        refusal = why_refused(address, attempt.host, self._settings)
        if not refusal and not self._may_use(port, address, attempt.host):
            refusal = f"port {port} of {attempt.host} is not among {sorted(self._ports or ())}"
        if refusal:
            attempt.refusals.append(refusal)
        return refusal

    def _may_use(self, port: int, address: str, host: str) -> bool:
        """Where the operator trusts the host, he trusts its ports."""
        if self._ports is None or port in self._ports:
            return True
        number = ip_address(address.partition("%")[0])
        return _is_allowed((number, _unwrapped(number)), host, self._settings.allow_private)


def _unwrapped(number: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to (mapped, 6to4, NAT64); otherwise itself."""
    if isinstance(number, IPv4Address):
        return number
    if number in _NAT64:
        return IPv4Address(int(number) & 0xFFFFFFFF)
    return number.ipv4_mapped or number.sixtofour or number


def _is_public(number: Address) -> bool:
    if isinstance(number, IPv4Address):
        return not any(number in network for network in _SPECIAL_V4)
    return number in _PUBLIC_V6 and not any(number in network for network in _SPECIAL_V6)


def _is_allowed(numbers: tuple[Address, ...], host: str, allowed: tuple[str, ...]) -> bool:
    names = {_bare(host), *map(str, numbers)}
    networks = [ip_network(word) for word in allowed if "/" in word]
    named = any(_bare(word) in names for word in allowed if "/" not in word)
    return named or any(number in network for number in numbers for network in networks)


def _bare(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
