"""Which processes run here, in which order?

    with System.start(settings) as system:
        system.wait_until_ready(60)

starts the broker (unless yours is used), makes the topics, starts every program, and restarts what dies.
"""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import HTTPError, URLError

from newswatch import child
from newswatch.broker import Broker, check_port, free_port
from newswatch.home import claimed
from wire import settings as configuration
from wire.errors import Misconfigured, Transient
from wire.kafka import Admin, wait_for_kafka
from wire.service import EXIT_MISCONFIGURED
from wire.settings import Settings
from wire.topics import ARTICLES

START_ORDER = ("alert", "annotate", "cluster", "poll")  # who reads starts before who writes
STOP_ORDER = ("poll", "annotate", "cluster", "alert")  # who writes stops before who reads
DRAIN_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # between a child's death and its restart, doubled each time
HEALTHY_AFTER = 30.0  # seconds of life after which a child's earlier deaths are forgotten
DEATHS_ALLOWED = 8
KEEPER_PATIENCE = 10.0  # the keeper may be waiting for a broker that it just started

Report = Callable[[str], None]
# Loopback is never behind a proxy, whatever the environment says of the world outside.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _silent(_: str) -> None:
    return


@dataclass
class Child:
    """One program's process, and how often it had to be started."""

    program: str
    instance: int
    port: int
    log: Path
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    restart_at: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.program}-{self.instance}"

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def answers(self, page: str) -> str:
        """Empty when the page says yes, else what it says."""
        try:
            with _direct.open(f"http://127.0.0.1:{self.port}/{page}", timeout=2) as answer:
                answer.read()
                return ""
        except HTTPError as error:
            return str(error.read().decode("utf-8", "replace")).strip()
        except (URLError, OSError):
            return "starting" if self.running() else "not running"


@dataclass
class System:
    """All programs of one newswatch on this machine."""

    settings: Settings
    report: Report = _silent
    children: list[Child] = field(default_factory=list)
    broker: Broker | None = None
    failure: str = ""
    began: float = field(default_factory=time.time)
    _broker_deaths: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _claim: ExitStack = field(default_factory=ExitStack)
    _keeper: threading.Thread | None = None

    @classmethod
    def start(cls, settings: Settings, report: Report = _silent) -> Self:
        """Start everything. When that fails, or is interrupted, what was started is stopped again."""
        # In a new home no broker of ours can still be ending: nothing is to be made there just to be refused.
        if not settings.kafka and not (settings.home / "kafka").exists():
            check_port(settings.kafka_port)
        system = cls(settings=settings, report=report)
        system._claim.enter_context(claimed(settings.home))
        try:
            system._start()
        except BaseException:
            system.stop()
            raise
        return system

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait_until_ready(self, timeout: float, stop: threading.Event | None = None) -> None:
        """Return once every program is able to do its work, or a stop is asked for.

        Raises:
            Misconfigured: one is not within `timeout` seconds, or cannot live; says which and why.
        """
        until = time.monotonic() + timeout
        while waiting := self.not_ready():
            if self.failure:
                raise Misconfigured(self.failure)
            if stop is not None and stop.is_set():
                return
            if time.monotonic() > until:
                raise Misconfigured("not ready: " + "; ".join(f"{name}: {why}" for name, why in waiting.items()))
            time.sleep(0.1)

    def not_ready(self) -> dict[str, str]:
        """Which program is not ready, and why."""
        answers = {each.name: each.answers("readyz") for each in self.children}
        return {name: answer for name, answer in answers.items() if answer}

    def stop(self) -> None:
        """Drain and stop, writers before readers, within half a minute."""
        self._stopping.set()
        if self._keeper is not None:
            self._keeper.join(KEEPER_PATIENCE)
        until = time.monotonic() + DRAIN_SECONDS
        for program in STOP_ORDER:
            self._stop_program(program, until)
        if self.broker is not None:
            self.broker.stop()
            self.broker = None
        self._claim.close()

    def _start(self) -> None:
        (self.settings.home / "logs").mkdir(exist_ok=True)
        if self.settings.kafka:
            self.report(f"using Kafka at {self.settings.kafka}")
            wait_for_kafka(self.settings, timeout=15)
        else:
            self._start_broker()
        with Admin(self.settings) as admin:
            admin.create_topics()
            self._report_limits(admin)
        self.children = self._plan()
        for each in self.children:
            self._spawn(each)
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._keeper.start()

    def _report_limits(self, admin: Admin) -> None:
        """Topics that an older newswatch or somebody else made may take less than we send; most messages still fit."""
        try:
            admin.check_limits()
        except Misconfigured as error:
            self.report(str(error))

    def _start_broker(self) -> None:
        self.report("starting Kafka")
        self.broker = Broker.start(
            self.settings.home,
            port=self.settings.kafka_port,
            java=self.settings.java,
            kafka_home=self.settings.kafka_home,
            partition_bytes=self.settings.kafka_topic_bytes,
        )

    def _plan(self) -> list[Child]:
        """Alert workers and the cluster stage are one each here; reading articles gets every core."""
        counts = {"annotate": min(len(os.sched_getaffinity(0)), ARTICLES.partitions)}
        names = [(program, number) for program in START_ORDER for number in range(1, counts.get(program, 1) + 1)]
        logs = self.settings.home / "logs"
        return [
            Child(
                program=program,
                instance=number,
                port=free_port(),
                log=logs / f"{program}-{number}.log",
                command=[sys.executable, "-P", "-m", "newswatch", "run", program],  # -P: nothing of where we stand
            )
            for program, number in names
        ]

    def _spawn(self, each: Child) -> None:
        if not _is_free(each.port):
            each.port = free_port()
        with each.log.open("ab") as log:
            each.process = child.spawn(
                each.command,
                env=self._environment(each),
                stderr=log,
                stdout=None if each.program == "alert" else log,  # terminal channels speak through the alert worker
            )
        each.started = time.monotonic()

    def _environment(self, each: Child) -> dict[str, str]:
        own = {
            "NEWSWATCH_INSTANCE": str(each.instance),
            "NEWSWATCH_PORT": str(each.port),
            "NEWSWATCH_HOST": "127.0.0.1",
        }
        return os.environ | configuration.environment(self.settings) | own

    def _keep(self) -> None:
        try:
            while not self._stopping.wait(0.1):
                if self.broker is not None and not self.broker.alive():
                    self._revive_broker()
                for each in self.children:
                    self._tend(each)
        except Exception as error:  # noqa: BLE001  # a keeper that dies in silence keeps nobody
            self.failure = f"what died cannot be started again: {error}"

    def _revive_broker(self) -> None:
        self._broker_deaths += 1
        if self._broker_deaths > DEATHS_ALLOWED:
            self.failure = (
                f"Kafka died {self._broker_deaths} times; its log: {self.settings.home / 'logs' / 'kafka.log'}"
            )
            self._stopping.set()
            return
        self.report("Kafka died; starting it again on the same data")
        self._start_broker()

    def _tend(self, each: Child) -> None:
        if each.running():
            if time.monotonic() - each.started > HEALTHY_AFTER:
                each.deaths = 0
            return
        if each.process is not None:
            self._bury(each, each.process.returncode)
        elif time.monotonic() >= each.restart_at and not self.failure:
            self._spawn(each)

    def _bury(self, each: Child, code: int) -> None:
        each.process = None
        each.deaths += 1
        pause = min(FIRST_PAUSE * 2 ** (each.deaths - 1), LONGEST_PAUSE)
        each.restart_at = time.monotonic() + pause
        if code == EXIT_MISCONFIGURED or each.deaths > DEATHS_ALLOWED:
            self._give_up(each, code)
        else:
            self.report(f"{each.name} ended with {code}; starting it again in {pause:.1f} s (log: {each.log})")

    def _give_up(self, each: Child, code: int) -> None:
        """A child that cannot live must not keep its partitions until its session ends."""
        self.failure = f"{each.name} cannot live (it ended with {code}):\n{_last_lines(each.log)}\nIts log: {each.log}"
        try:
            with Admin(self.settings) as admin:
                admin.remove_member(each.program, str(each.instance))
        except Transient:
            return

    def _stop_program(self, program: str, until: float) -> None:
        mine = [each.process for each in self.children if each.program == program and each.process is not None]
        for process in mine:
            process.terminate()
        for process in mine:
            child.end(process, patience=max(1.0, until - time.monotonic()))


def _is_free(port: int) -> bool:
    """Another process may have taken a dead child's port meanwhile."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _last_lines(log: Path, count: int = 5) -> str:
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    return "\n".join(lines[-count:])
