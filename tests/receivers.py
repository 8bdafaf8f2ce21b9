"""Real receivers on loopback: a web server, a mail server. Each answers as the test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes


@dataclass
class WebReceiver:
    """Keeps what came; answers 200, or what `answer` says."""

    url: str = ""
    port: int = 0
    received: list[Received] = field(default_factory=list)
    answer: Answer | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers, await request.read()))
        return await self.answer(request) if self.answer else web.Response(text="thanks")


@asynccontextmanager
async def web_receiver(answer: Answer | None = None) -> AsyncIterator[WebReceiver]:
    receiver = WebReceiver(answer=answer)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.port = int(runner.addresses[0][1])
    receiver.url = f"http://127.0.0.1:{receiver.port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def answers(status: int, text: str = "", **headers: str) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=named)

    return answer


async def drops(request: web.Request) -> web.StreamResponse:
    """Takes the request and breaks the connection."""
    assert request.transport
    request.transport.close()
    return web.Response()


async def drips(request: web.Request) -> web.StreamResponse:
    """Says 200 and never comes to the end of its text."""
    response = web.StreamResponse()
    await response.prepare(request)
    await asyncio.sleep(60)
    return response


async def hangs(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


@dataclass
class MailServer:
    """A real SMTP server. `replies` are given in place of the usual ones, by command; `drops_at` breaks off there."""

    port: int = 0
    raw: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    drops_at: str = ""

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]

    async def handle_MAIL(self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802  # aiosmtpd's name
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        self.senders.append(address)
        return self._reply("MAIL", server)

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        self.recipients.append(address)
        return self._reply("RCPT", server)

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.raw.append(envelope.original_content)
        return self._reply("DATA", server)

    def _reply(self, command: str, server: Any) -> str:
        if self.drops_at == command:
            server.transport.abort()
        return self.replies.get(command, "250 OK")


@asynccontextmanager
async def mail_server(**facts: Any) -> AsyncIterator[MailServer]:
    receiver = MailServer(**facts)
    connections: list[Any] = []

    def connected() -> SMTP:
        connection = SMTP(receiver, hostname="mail.example", enable_SMTPUTF8=True)
        connections.append(connection)
        return connection

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connected, "127.0.0.1", 0)
    receiver.port = int(server.sockets[0].getsockname()[1])
    try:
        yield receiver
    finally:
        server.close()
