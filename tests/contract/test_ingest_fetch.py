"""The fetcher against a server on loopback that behaves, and misbehaves, as real ones do."""

import asyncio
import gzip
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import brotli
import pytest
from aiohttp import web

from ingest.fetch import MOST_REDIRECTS, Failed, Fetched, Fetcher, NotModified, Outcome, Validators
from wire.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FEED = b'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title></channel></rss>'
SETTINGS = Settings(allow_private=("127.0.0.1",), contact="https://operator.example/us", poll_timeout=3.0)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    server = web.Server(handler)  # type: ignore[arg-type]  # BaseRequest is what it is called before routing
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def fetched(
    handler: Handler, validators: Validators | None = None, *, settings: Settings = SETTINGS, path: str = "/feed"
) -> Outcome:
    async def fetch() -> Outcome:
        async with serving(handler) as base:
            return await fetch_one(base + path, validators or Validators(), settings)

    return asyncio.run(fetch())


async def fetch_one(url: str, validators: Validators, settings: Settings) -> Outcome:
    fetcher = Fetcher(settings)
    try:
        return await fetcher.fetch(url, validators)
    finally:
        await fetcher.close()


def raw(*chunks: bytes, pause: float = 0.0) -> Outcome:
    """What is fetched from a server that answers with these very bytes."""

    answered = asyncio.Event()
    left = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
                with suppress(TimeoutError):
                    await asyncio.wait_for(left.wait(), pause)
                    break
        writer.close()
        answered.set()

    async def fetch() -> Outcome:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            outcome = await fetch_one(f"http://127.0.0.1:{port}/feed", Validators(), SETTINGS)
            left.set()
            await answered.wait()
        return outcome

    return asyncio.run(fetch())


def failed(outcome: Outcome) -> Failed:
    assert isinstance(outcome, Failed), outcome
    return outcome


async def plain(request: web.Request) -> web.Response:
    return web.Response(body=FEED, content_type="application/rss+xml")


def test_a_document_comes_with_its_validators_byte_for_byte() -> None:
    async def answer(request: web.Request) -> web.Response:
        headers = {"ETag": 'W/"a b,\'c"', "Last-Modified": "Mon, 4 Nov 2024 08:00:00 UTC"}
        return web.Response(body=FEED, headers=headers, content_type="text/xml")

    outcome = fetched(answer)

    assert isinstance(outcome, Fetched)
    assert outcome.body == FEED
    assert outcome.content_type.startswith("text/xml")
    assert outcome.validators == Validators(etag='W/"a b,\'c"', last_modified="Mon, 4 Nov 2024 08:00:00 UTC")


def test_both_validators_are_sent_as_they_were_given() -> None:
    heard: list[tuple[str | None, str | None]] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append((request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")))
        return web.Response(status=304)

    given = Validators(etag='W/"x"', last_modified="Mon, 4 Nov 2024 08:00:00 UTC")

    assert fetched(answer, given) == NotModified(validators=given)
    assert heard == [('W/"x"', "Mon, 4 Nov 2024 08:00:00 UTC")]


def test_validators_on_a_304_replace_the_old_ones() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=304, headers={"ETag": '"new"'})

    outcome = fetched(answer, Validators(etag='"old"', last_modified="then"))

    assert outcome == NotModified(validators=Validators(etag='"new"', last_modified="then"))


def test_a_304_that_nobody_asked_for_is_no_answer() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=304)

    assert failed(fetched(answer)).reason == "protocol"


def test_a_request_says_who_asks_and_nothing_else() -> None:
    heard: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append(dict(request.headers))
        response = web.Response(body=FEED)
        response.set_cookie("track", "you")
        return response

    async def twice() -> None:
        async with serving(answer) as base:
            fetcher = Fetcher(SETTINGS)
            for _ in range(2):
                await fetcher.fetch(base + "/feed", Validators())
            await fetcher.close()

    asyncio.run(twice())
    first, second = heard
    assert first == second
    assert set(first) == {"Host", "User-Agent", "Accept", "Accept-Encoding"}
    assert first["User-Agent"].startswith("newswatch/")
    assert first["User-Agent"].endswith("(+https://operator.example/us)")
    assert first["Accept-Encoding"] == "gzip, br"


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress)])
def test_packed_bodies_are_unpacked(coding: str, pack: Callable[[bytes], bytes]) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=pack(FEED), headers={"Content-Encoding": coding})

    outcome = fetched(answer)

    assert isinstance(outcome, Fetched)
    assert outcome.body == FEED


def quick_brotli(body: bytes) -> bytes:
    return bytes(brotli.compress(body, quality=3))


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("br", quick_brotli)])
def test_a_bomb_goes_off_in_no_memory(coding: str, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(bytes(256 * 1024**2))

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": coding})

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = failed(fetched(answer))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert outcome.reason == "too_large"
    assert "NEWSWATCH_POLL_MAX_BYTES" in outcome.detail
    assert grown < 50 * 1024  # kB


def test_a_body_without_end_is_cut_off() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"<item/>" * 10_000)
        except ConnectionError:
            return response

    assert failed(fetched(answer)).reason == "too_large"


@pytest.mark.parametrize("part", ["body", "headers", "nothing"])
def test_a_server_that_drips_is_left_in_time(part: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    drips = {
        "body": [head, *[b"<"] * 100],
        "headers": [b"HTTP/1.1 200 OK\r\n", *[b"X-Slow: 1\r\n"] * 100],
        "nothing": [b""] * 100,
    }
    begun = time.monotonic()

    assert failed(raw(*drips[part], pause=0.2)).reason == "timeout"
    assert time.monotonic() - begun < SETTINGS.poll_timeout + 1.5


def test_a_redirect_is_followed_with_the_conditions() -> None:
    heard: list[tuple[str, str | None]] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append((request.path, request.headers.get("If-None-Match")))
        if request.path == "/feed":
            return web.Response(status=301, headers={"Location": "/moved"})
        return web.Response(body=FEED)

    outcome = fetched(answer, Validators(etag='"x"'))

    assert isinstance(outcome, Fetched)
    assert outcome.url.endswith("/moved")
    assert heard == [("/feed", '"x"'), ("/moved", '"x"')]


def test_redirects_end_somewhere() -> None:
    asked = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=302, headers={"Location": f"/{asked}"})

    assert failed(fetched(answer)).reason == "redirect"
    assert asked == MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    "target",
    [
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://127.0.0.2:{port}/",
        "http://0.0.0.0:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://100.64.0.1/",
        "http://[fe80::1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[2002:a00:1::]/",
    ],
)
def test_a_redirect_to_a_private_address_is_refused(target: str) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": target.format(port=request.url.port)})

    outcome = failed(fetched(answer))

    assert outcome.reason == "address"
    assert "NEWSWATCH_ALLOW_PRIVATE" in outcome.detail
    assert asked == ["/feed"]


@pytest.mark.parametrize(
    "target", ["file:///etc/hostname", "ftp://a.example/", "javascript:1", "http://", "", "http://["]
)
def test_a_redirect_elsewhere_than_http_is_refused(target: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": target})

    assert failed(fetched(answer)).reason == "redirect"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_unless_allowed(host: str) -> None:
    outcome = failed(asyncio.run(fetch_one(f"http://{host}:9/feed", Validators(), Settings())))

    assert outcome.reason == "address"


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0"])
def test_no_spelling_of_a_private_address_gets_through(host: str) -> None:
    outcome = failed(asyncio.run(fetch_one(f"http://{host}:9/feed", Validators(), Settings(poll_timeout=5))))

    assert outcome.reason in ("address", "protocol", "dns")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!DOCTYPE html><html><body>Checking your browser</body></html>", "html"),
        (b"\xef\xbb\xbf\n <HTML><body>Log in</body></HTML>", "html"),
        (b"", "empty"),
        (b" \n", "empty"),
    ],
)
def test_a_200_without_a_feed_is_an_error(body: bytes, reason: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="text/xml")

    assert failed(fetched(answer)).reason == reason


def test_a_broken_answer_does_not_tell_the_address() -> None:
    """Its query is a key at many publishers."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"nonsense\r\n\r\n")
        writer.close()

    async def fetch() -> Outcome:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await fetch_one(f"http://127.0.0.1:{port}/feed?token=s3cret", Validators(), SETTINGS)

    outcome = failed(asyncio.run(fetch()))
    assert outcome.reason == "protocol"
    assert "s3cret" not in outcome.detail


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "forbidden"),
        (403, "forbidden"),
        (404, "not_found"),
        (410, "gone"),
        (418, "client_error"),
        (429, "rate_limited"),
        (500, "server_error"),
        (503, "rate_limited"),
        (204, "client_error"),
    ],
)
def test_a_status_has_a_reason(status: int, reason: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": "120"})

    outcome = failed(fetched(answer))

    assert outcome.reason == reason
    assert str(status) in outcome.detail
    assert outcome.retry_after == 120


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "connection"),
        (b"\x00\x01\x02 nonsense\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<rss/>", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nnot zip", "protocol"),
    ],
)
def test_broken_http_has_a_reason(answer: bytes, reason: str) -> None:
    assert failed(raw(answer)).reason == reason


def test_an_etag_beyond_ascii_comes_back_as_it_was_or_not_at_all() -> None:
    given = b'"caf\xe9"'
    head = b"HTTP/1.1 200 OK\r\nETag: " + given + b"\r\nContent-Length: %d\r\n\r\n" % len(FEED)

    outcome = raw(head + FEED)

    assert isinstance(outcome, Fetched)
    assert outcome.validators.etag.encode("utf-8") in (b"", given)


def test_nobody_listens() -> None:
    outcome = asyncio.run(fetch_one("http://127.0.0.1:9/feed", Validators(), SETTINGS))

    assert failed(outcome).reason == "connection"


def test_a_password_is_sent_to_its_host_and_never_shown() -> None:
    heard: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append(request.headers.get("Authorization", ""))
        if request.path == "/feed":
            return web.Response(status=302, headers={"Location": "/moved"})
        return web.Response(status=500)

    async def fetch() -> Outcome:
        async with serving(answer) as base:
            url = base.replace("http://", "http://user:secret@") + "/feed"
            return await fetch_one(url, Validators(), SETTINGS)

    outcome = failed(asyncio.run(fetch()))

    assert heard[0] == heard[1] != ""
    assert "secret" not in outcome.detail


def test_a_password_stays_behind_at_another_host() -> None:
    heard: list[str] = []

    async def other(request: web.Request) -> web.Response:
        heard.append(request.headers.get("Authorization", ""))
        return web.Response(body=FEED)

    async def fetch() -> Outcome:
        async with serving(other) as there:

            async def answer(request: web.Request) -> web.Response:
                return web.Response(status=302, headers={"Location": there + "/feed"})

            async with serving(answer) as base:
                url = base.replace("http://", "http://user:secret@") + "/feed"
                return await fetch_one(url, Validators(), SETTINGS)

    assert isinstance(asyncio.run(fetch()), Fetched)
    assert heard == [""]
