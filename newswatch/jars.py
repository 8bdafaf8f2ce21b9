"""Where do Kafka's jars come from?

From a Maven repository, once, into the user's cache folder; or from an unpacked Kafka that is already there.
Which jars, and the SHA-256 of each, stands in `kafka-jars.txt`. Every start verifies every jar: 45 MB take 0.03 s,
so there is no mark "all verified" that could be wrong.
"""

import errno
import fcntl
import hashlib
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from wire.errors import Misconfigured

KAFKA_VERSION = "4.2.0"
FETCHES_AT_ONCE = 8
TRIES = 3
OTHER_WAYS = (
    "Ways without this download: NEWSWATCH_KAFKA_HOME names the folder of an unpacked Kafka 4.2 to launch instead; "
    "NEWSWATCH_KAFKA names the address (host:port) of a Kafka that is running already."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """One file of the Maven repository, and what must be in it."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str

    @property
    def filename(self) -> str:
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{classifier}.jar"


def pinned_jars() -> tuple[Jar, ...]:
    """The jars of `kafka-jars.txt`."""
    return parse_jars(Path(__file__).with_name("kafka-jars.txt").read_text("utf-8"))


def parse_jars(text: str) -> tuple[Jar, ...]:
    """The jars listed in `text`, one a line; lines that start with # are comments."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(_parse_line(line) for line in lines if line and not line.startswith("#"))


def _parse_line(line: str) -> Jar:
    coordinate, sha256 = line.split()
    group, artifact, version, *classifier = coordinate.split(":")
    return Jar(
        group=group,
        artifact=artifact,
        version=version,
        classifier=classifier[0] if classifier else "",
        sha256=sha256,
    )


def default_cache() -> Path:
    return platformdirs.user_cache_path("newswatch") / f"kafka-{KAFKA_VERSION}"


def kafka_jars(*, kafka_home: Path | None = None, cache: Path | None = None) -> tuple[Path, ...]:
    """The jars of Kafka's class path, fetched first where they are missing.

    Raises:
        Misconfigured: a jar is not what it should be, cannot be fetched, or `kafka_home` holds no Kafka 4.
    """
    if kafka_home is not None:
        return unpacked_jars(kafka_home)
    return fetched_jars(pinned_jars(), cache or default_cache())


def unpacked_jars(kafka_home: Path) -> tuple[Path, ...]:
    """The jars of an unpacked Kafka distribution, which its own publisher answers for."""
    jars = tuple(sorted((kafka_home / "libs").glob("*.jar")))
    found = [match for jar in jars if (match := re.fullmatch(r"kafka_2\.1\d-(\d+)\.[\d.]+.*\.jar", jar.name))]
    if not found:
        raise Misconfigured(
            f"NEWSWATCH_KAFKA_HOME: no Kafka in {kafka_home}. It must be the folder that an Apache Kafka 4.2 archive "
            "unpacks to, the one that contains libs/kafka_2.13-4.2.0.jar."
        )
    if int(found[0][1]) < int(KAFKA_VERSION[0]):
        raise Misconfigured(
            f"NEWSWATCH_KAFKA_HOME: {found[0][0]} in {kafka_home}/libs is too old; newswatch needs Kafka 4.2."
        )
    return jars


def fetched_jars(jars: Sequence[Jar], folder: Path) -> tuple[Path, ...]:
    """The pinned jars in `folder`, each verified; missing ones are fetched, by one process at a time."""
    missing = _missing(jars, folder)
    if missing:
        with _alone(folder):
            _fetch_all(_missing(missing, folder), folder)
    return tuple(folder / jar.filename for jar in jars)


def _missing(jars: Sequence[Jar], folder: Path) -> list[Jar]:
    return [jar for jar in jars if not _is_cached(jar, folder / jar.filename)]


def _is_cached(jar: Jar, path: Path) -> bool:
    """Whether it is there. A changed file is not quietly replaced: somebody should know."""
    try:
        found = sha256_of(path)
    except FileNotFoundError:
        return False
    if found != jar.sha256:
        raise Misconfigured(
            f"{path} has been changed or damaged since it was fetched.\n"
            f"  expected SHA-256 {jar.sha256}\n  found    SHA-256 {found}\n"
            "Delete that file and start again: it is then fetched anew."
        )
    return True


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise Misconfigured(f"Kafka's jars cannot be kept in {folder}: {error.strerror}. {OTHER_WAYS}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch_all(jars: list[Jar], folder: Path) -> None:
    staging = folder / ".partial"
    shutil.rmtree(staging, ignore_errors=True)  # of a fetch that was killed
    pool = ThreadPoolExecutor(FETCHES_AT_ONCE)
    try:
        with _progress(len(jars), folder) as advance:
            for fetch in as_completed([pool.submit(_fetch, jar, staging, folder) for jar in jars]):
                fetch.result()
                advance()
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(staging, ignore_errors=True)


def _fetch(jar: Jar, staging: Path, folder: Path) -> None:
    """Fetch one jar; only a verified one gets its final name, so whatever is in `folder` is whole."""
    for left in reversed(range(TRIES)):
        try:
            path = _download(jar, staging / str(left))  # a try of its own: jgo takes a torn file for a whole one
        except (OSError, RuntimeError) as error:  # what requests and jgo raise; a full disk is an OSError, too
            if left and not _is_local(error):
                continue
            raise _unfetched(jar, folder, error) from error
        if (found := sha256_of(path)) == jar.sha256:
            path.replace(folder / jar.filename)
            return
        path.unlink()
    raise Misconfigured(
        f"{jar.group}:{jar.artifact}:{jar.version} is not the file that newswatch was tested with; it was not kept.\n"
        f"  expected SHA-256 {jar.sha256}\n  received SHA-256 {found}\n"
        "Something between this machine and the Maven repository changes files (often a proxy or a virus scanner). "
        f"{OTHER_WAYS}"
    )


def _download(jar: Jar, staging: Path) -> Path:
    from jgo.maven import MavenContext  # 0.4 s to import, and needed on the first start only

    component = MavenContext(repo_cache=staging).project(jar.group, jar.artifact).at_version(jar.version)
    return Path(component.artifact(jar.classifier).resolve())


def _is_local(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS)


def _unfetched(jar: Jar, folder: Path, error: Exception) -> Misconfigured:
    if _is_local(error):
        return Misconfigured(f"Kafka's jars cannot be kept in {folder}: {error}. They need 50 MB there. {OTHER_WAYS}")
    return Misconfigured(
        f"{jar.group}:{jar.artifact}:{jar.version} could not be fetched: {error}\n"
        f"The first start downloads Kafka's jars (45 MB) from the Maven repository into {folder}; later starts need no "
        f"network. Behind a proxy, set HTTPS_PROXY. {OTHER_WAYS}"
    )


@contextmanager
def _progress(total: int, folder: Path) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, two lines elsewhere, both on standard error."""
    if not sys.stderr.isatty():
        print(f"fetching Kafka {KAFKA_VERSION}: {total} jars into {folder}", file=sys.stderr, flush=True)
        yield lambda: None
        print(f"fetched Kafka {KAFKA_VERSION}", file=sys.stderr, flush=True)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"fetching Kafka {KAFKA_VERSION}", total=total)
        yield lambda: bar.advance(task)
