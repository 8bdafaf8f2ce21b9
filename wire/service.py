"""How does a process start, report health, stop?

One port a process: `/healthz` (alive and getting on), `/readyz` (able to do its work), `/metrics`. SIGTERM and SIGINT
ask for a drain. A watchdog outside the program's own loop ends a process that has work and gets nowhere.
"""

import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from types import FrameType, TracebackType
from typing import Self

from wire import logs, metrics
from wire.errors import Misconfigured
from wire.settings import Settings

EXIT_FAILED = 1
EXIT_MISCONFIGURED = 2
EXIT_STALLED = 75
VERSION = version("newswatch")

Check = Callable[[], str]


class Service:
    """The process of one program: its health, its port, its stop. A context manager of the main thread."""

    def __init__(self, program: str, settings: Settings) -> None:
        self.program = program
        self.settings = settings
        self.stopping = threading.Event()
        self.log = logs.get()
        self._checks: dict[str, Check] = {}
        self._progressed = time.monotonic()
        self._has_work: Callable[[], bool] = lambda: False
        self._on_stall: Callable[[], None] = lambda: None
        self._on_stop: list[Callable[[], None]] = []
        self._server: ThreadingHTTPServer | None = None
        self._handlers: dict[int, object] = {}

    @property
    def port(self) -> int:
        """Where this process answers about itself; the one picked when the setting was 0."""
        return int(self._server.server_address[1]) if self._server else self.settings.port

    def ready_if(self, name: str, check: Check) -> None:
        """Ready only while `check` returns an empty text; otherwise it says what is missing. Any thread may ask."""
        self._checks[name] = check

    def missing(self) -> dict[str, str]:
        """What keeps this process from being ready, by name of the check."""
        answers = {name: _answer(check) for name, check in self._checks.items()}
        return {name: answer for name, answer in answers.items() if answer}

    def progress(self) -> None:
        """Something was done. Call after every unit of work, and whenever there is none."""
        self._progressed = time.monotonic()

    def watch(self, has_work: Callable[[], bool], on_stall: Callable[[], None] = lambda: None) -> None:
        """End this process when `has_work` holds and nothing progresses for `stall_seconds`.

        `on_stall` runs first, in the watchdog's thread, and must be short: the note that tells the next start why.
        """
        self._has_work, self._on_stall = has_work, on_stall
        self.progress()
        threading.Thread(target=self._watchdog, name="watchdog", daemon=True).start()

    def when_stopping(self, call: Callable[[], None]) -> None:
        """Call this, from the signal handler, when a stop is asked for: to wake a loop that sleeps."""
        self._on_stop.append(call)

    def stop(self) -> None:
        """Ask for a drain."""
        self.stopping.set()
        for call in self._on_stop:
            call()

    def __enter__(self) -> Self:
        metrics.start_at_zero(self.program, VERSION)
        self._server = self._listen()
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._handlers[number] = signal.signal(number, self._signalled)
        self.log.info("started", version=VERSION, port=self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself returned
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self.log.info("stopped", **({"error": str(error)} if error else {}))

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.stop()

    def _listen(self) -> ThreadingHTTPServer:
        try:
            server = ThreadingHTTPServer((self.settings.host, self.settings.port), _Pages)
        except OSError as error:
            raise Misconfigured(
                f"NEWSWATCH_PORT: cannot listen on {self.settings.host}:{self.settings.port}: {error.strerror}. "
                "Choose another port, or 0 for a free one."
            ) from error
        server.daemon_threads = True
        server.service = self  # type: ignore[attr-defined]  # the pages read it from there
        return server

    def stalled_for(self) -> float:
        """Seconds since the last progress while there is work; 0 while there is none."""
        return time.monotonic() - self._progressed if self._has_work() else 0.0

    def _watchdog(self) -> None:
        limit = self.settings.stall_seconds
        while True:
            time.sleep(min(1.0, limit / 4))
            if not self._has_work():
                self.progress()
            elif self.stalled_for() > limit:
                self.log.error("stalled", seconds=round(self.stalled_for(), 1), advice="see the stacks below")
                faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
                self._on_stall()
                os._exit(EXIT_STALLED)


class _Pages(BaseHTTPRequestHandler):
    """The three pages that operators and orchestrators read."""

    def do_GET(self) -> None:
        service: Service = self.server.service  # type: ignore[attr-defined]  # set in _listen
        if self.path == "/metrics":
            self._answer(200, metrics.exposition(), "text/plain; version=0.0.4; charset=utf-8")
        elif self.path == "/healthz":
            stalled = service.stalled_for()
            alive = stalled <= service.settings.stall_seconds
            self._answer(200 if alive else 503, b"alive\n" if alive else b"no progress for %.0f s\n" % stalled)
        elif self.path == "/readyz":
            missing = service.missing()
            lines = "".join(f"{name}: {why}\n" for name, why in missing.items()) or "ready\n"
            self._answer(503 if missing else 200, lines.encode())
        else:
            self._answer(404, b"/healthz /readyz /metrics\n")

    def _answer(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Scrapes are no news."""


def _answer(check: Check) -> str:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  # a check that fails is an answer: not ready
        return str(error) or type(error).__name__
