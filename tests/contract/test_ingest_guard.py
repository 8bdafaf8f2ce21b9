"""The guard where it counts: on the address that is about to be connected."""

import asyncio
import socket

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from wire.guard import AddressRefused, guarded_connector
from wire.settings import Settings


class Answers(AbstractResolver):
    """A name server that says what it is told to say, as a hostile one would."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in self._addresses
        ]

    async def close(self) -> None:
        return


async def connected_to(settings: Settings, names: AbstractResolver, ports: frozenset[int] | None = None) -> list[str]:
    """Where a request to `public.example` ends, with our own server behind every address that is let through."""
    peers: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        peers.append(writer.get_extra_info("sockname")[0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connector = guarded_connector(settings, ports=ports)
    connector._resolver = names
    async with (
        server,
        aiohttp.ClientSession(connector=connector) as session,
        session.get(f"http://public.example:{port}/") as response,
    ):
        await response.read()
    return peers


def test_a_public_name_that_answers_with_a_private_address_is_refused() -> None:
    with pytest.raises(AddressRefused, match=r"public\.example is at 127\.0\.0\.1"):
        asyncio.run(connected_to(Settings(), Answers("127.0.0.1")))


def test_of_several_addresses_only_the_allowed_ones_are_tried() -> None:
    settings = Settings(allow_private=("127.0.0.1",))

    assert asyncio.run(connected_to(settings, Answers("10.0.0.1", "169.254.169.254", "127.0.0.1"))) == ["127.0.0.1"]


def test_a_host_that_is_allowed_by_name_may_be_at_a_private_address() -> None:
    settings = Settings(allow_private=("public.example",))

    assert asyncio.run(connected_to(settings, Answers("127.0.0.1"))) == ["127.0.0.1"]
