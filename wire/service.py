"""How does a process start, report health, stop?

One port a process: `/healthz` (alive and getting on), `/readyz` (able to do its work), `/metrics`. SIGTERM and SIGINT
ask for a drain. A watchdog outside the program's own loop ends a process that has work and gets nowhere; behind it
stands a timer of the interpreter's, for code that never lets any other thread run.
"""

import faulthandler
import os
import signal
import socket
import socketserver
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
NOTE_SECONDS = 2.0  # what `on_stall` may take before the process ends without it
VERSION = version("newswatch")

Check = Callable[[], str]


class Service:
    """The process of one program: its health, its port, its stop. A context manager of the main thread."""

    def __init__(self, program: str, settings: Settings) -> None:
        self.program = program
        self.settings = settings
        self.stopping = threading.Event()
        self._ended = threading.Event()
        self.log = logs.get()
        self._checks: dict[str, Check] = {}
        self._progressed = time.monotonic()
        self._has_work: Callable[[], bool] = lambda: False
        self._waiting = False  # the watchdog's last answer: asking may be slow, and nobody else shall have to
        self._on_stall: Callable[[], None] = lambda: None
        self._on_stop: list[Callable[[], None]] = []
        self._server: _Server | None = None
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
        """End this process, with exit code 75, when `has_work` holds and nothing progresses for `stall_seconds`.

        Both are called in other threads. `has_work` may take some seconds, if fewer than `stall_seconds`. `on_stall`
        runs first and must be short: the note that tells the next start why. Code that lets no other thread run (a
        regular expression gone wild) ends the process five seconds later, with exit code 1 and without that note.
        """
        self._has_work, self._on_stall = has_work, on_stall
        self.progress()
        self._arm()
        threading.Thread(target=self._watchdog, name="watchdog", daemon=True).start()

    def when_stopping(self, call: Callable[[], None]) -> None:
        """Call this, from the signal handler, when a stop is asked for (at once if it was): to wake a sleeping loop."""
        self._on_stop.append(call)
        if self.stopping.is_set():
            call()

    def stop(self) -> None:
        """Ask for a drain."""
        self.stopping.set()
        for call in self._on_stop:
            call()

    def __enter__(self) -> Self:
        metrics.start_at_zero(self.program, VERSION)
        self._server = self._listen()
        threading.Thread(target=self._server.serve_forever, args=[0.05], name="health", daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._handlers[number] = signal.signal(number, self._signalled)
        self.log.info("started", version=VERSION, port=self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself returned
        self._ended.set()
        faulthandler.cancel_dump_traceback_later()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self.log.info("stopped", **({"error": str(error)} if error else {}))

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.stop()

    def _listen(self) -> "_Server":
        host, port = self.settings.host, self.settings.port
        try:
            return _Server((host, port), self)
        except OSError as error:
            raise Misconfigured(
                f"NEWSWATCH_HOST, NEWSWATCH_PORT: cannot listen on {host}:{port}: {error.strerror}. "
                "Choose another port, or 0 for a free one."
            ) from error

    def stalled_for(self) -> float:
        """Seconds since the last progress while there is work, as the watchdog saw last; 0 while there is none."""
        return time.monotonic() - self._progressed if self._waiting else 0.0

    def _busy(self) -> bool:
        try:
            return self._has_work()
        except Exception:  # noqa: BLE001  # whoever cannot say whether there is work must show progress
            return True

    def _watchdog(self) -> None:
        limit = self.settings.stall_seconds
        while not self._ended.wait(min(1.0, limit / 4)):
            self._arm()
            self._waiting = self._busy()
            self._arm()
            if not self._waiting:
                self.progress()
            elif self.stalled_for() > limit:
                self._end_stalled()
        faulthandler.cancel_dump_traceback_later()

    def _arm(self) -> None:
        """The interpreter's own timer, put off for as long as the watchdog gets to run."""
        faulthandler.dump_traceback_later(self.settings.stall_seconds + 2 * NOTE_SECONDS + 1, exit=True)

    def _end_stalled(self) -> None:
        # The note first, and in a thread: it may hang on what hangs the program, and so may writing to a full pipe.
        note = threading.Thread(target=self._on_stall, name="note", daemon=True)
        note.start()
        note.join(NOTE_SECONDS)
        words = threading.Thread(target=self._tell_stall, name="last words", daemon=True)
        words.start()
        words.join(NOTE_SECONDS)
        os._exit(EXIT_STALLED)

    def _tell_stall(self) -> None:
        self.log.error("stalled", seconds=round(self.stalled_for(), 1), advice="see the stacks below")
        faulthandler.dump_traceback(file=sys.stderr, all_threads=True)


class _Server(ThreadingHTTPServer):
    """Answers about one service."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], service: Service) -> None:
        self.service = service
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Pages)

    def server_bind(self) -> None:
        """As http.server does, but for asking name servers who we are: that takes seconds where none answers."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]  # either may be bytes

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that hangs up in mid-answer is no news."""


class _Pages(BaseHTTPRequestHandler):
    """The three pages that operators and orchestrators read."""

    timeout = 10  # seconds for a request to arrive
    server: _Server

    def do_GET(self) -> None:
        service = self.server.service
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(200, metrics.exposition(), "text/plain; version=0.0.4; charset=utf-8")
        elif path == "/healthz":
            stalled = service.stalled_for()
            alive = stalled <= service.settings.stall_seconds
            self._answer(200 if alive else 503, b"alive\n" if alive else b"no progress for %.0f s\n" % stalled)
        elif path == "/readyz":
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
