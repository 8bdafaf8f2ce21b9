"""Fetching Kafka's jars: from a small repository on this machine, which misbehaves on request."""

import gc
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jgo.maven._core as jgo_core
import pytest

from newswatch.jars import Jar, fetched_jars, kafka_jars, pinned_jars
from wire.errors import Misconfigured

# jgo leaves the answer of a repository that lacks a file to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
CONTENT = b"what a jar holds" * 1000


class Repository(ThreadingHTTPServer):
    """Serves `files` by path; of those in `torn`, only a part, as often as it says."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.files: dict[str, bytes] = {}
        self.torn: dict[str, int] = {}
        self.asked: list[str] = []


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Repository)
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if content is not None:
            torn = self.server.torn.get(self.path, 0)
            self.server.torn[self.path] = torn - 1
            self.wfile.write(content[: len(content) // 2] if torn > 0 else content)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    with Repository() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setattr(jgo_core, "DEFAULT_REMOTE_REPOS", {"here": address})
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield server
        server.shutdown()
    gc.collect()


def a_jar(repository: Repository, name: str, content: bytes = CONTENT) -> Jar:
    repository.files[f"/org/example/{name}/1.0/{name}-1.0.jar"] = content
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return Jar(group="org.example", artifact=name, version="1.0", classifier="", sha256=sha256)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != ".lock"}


def test_missing_jars_are_fetched_once(repository: Repository, tmp_path: Path) -> None:
    jars = [a_jar(repository, f"lib{number}") for number in range(20)]
    paths = fetched_jars(jars, tmp_path)
    assert [path.read_bytes() for path in paths] == [CONTENT] * 20
    assert names(tmp_path) == {jar.filename for jar in jars}
    repository.asked.clear()
    assert fetched_jars(jars, tmp_path) == paths
    assert repository.asked == []


def test_two_first_starts_at_once_fetch_once(repository: Repository, tmp_path: Path) -> None:
    jars = [a_jar(repository, f"lib{number}") for number in range(10)]
    starts = [threading.Thread(target=fetched_jars, args=(jars, tmp_path)) for _ in range(2)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len([path for path in repository.asked if path.endswith(".jar")]) == 10


def test_a_torn_download_is_tried_again(repository: Repository, tmp_path: Path) -> None:
    jar = a_jar(repository, "lib")
    repository.torn["/org/example/lib/1.0/lib-1.0.jar"] = 2
    [path] = fetched_jars([jar], tmp_path)
    assert path.read_bytes() == CONTENT


def test_a_jar_with_a_wrong_hash_is_refused_and_not_kept(repository: Repository, tmp_path: Path) -> None:
    jar = a_jar(repository, "lib", content=b"something else")
    with pytest.raises(Misconfigured, match=r"org\.example:lib:1\.0") as refusal:
        fetched_jars([jar], tmp_path)
    assert jar.sha256 in str(refusal.value)
    assert hashlib.sha256(b"something else").hexdigest() in str(refusal.value)
    assert names(tmp_path) == set()


def test_a_jar_that_the_repository_lacks_is_named(repository: Repository, tmp_path: Path) -> None:
    jar = a_jar(repository, "lib")
    repository.files.clear()
    with pytest.raises(Misconfigured, match=r"org\.example:lib:1\.0 could not be fetched"):
        fetched_jars([jar], tmp_path)


def test_what_was_fetched_before_a_failure_is_not_fetched_again(repository: Repository, tmp_path: Path) -> None:
    good, bad = a_jar(repository, "good"), a_jar(repository, "bad", content=b"something else")
    fetched_jars([good], tmp_path)
    repository.asked.clear()
    with pytest.raises(Misconfigured):
        fetched_jars([good, bad], tmp_path)
    assert {path.split("/")[3] for path in repository.asked} == {"bad"}


def test_a_jar_changed_in_the_cache_is_refused(tmp_path: Path) -> None:
    for jar in kafka_jars():
        (tmp_path / jar.name).symlink_to(jar)
    changed = tmp_path / "kafka-clients-4.2.0.jar"
    original = changed.read_bytes()
    changed.unlink()
    changed.write_bytes(original[::-1])
    with pytest.raises(Misconfigured, match="changed or damaged") as refusal:
        kafka_jars(cache=tmp_path)
    assert str(changed) in str(refusal.value)
    assert {jar.sha256 for jar in pinned_jars() if jar.sha256 in str(refusal.value)} != set()


def test_without_a_network_the_ways_out_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # the discard port: nobody answers
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(Misconfigured, match="could not be fetched") as refusal:
        kafka_jars(cache=tmp_path)
    for way_out in ("HTTPS_PROXY", "NEWSWATCH_KAFKA_HOME", "NEWSWATCH_KAFKA "):
        assert way_out in str(refusal.value)
    assert names(tmp_path) == set()
