import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from wire.errors import Misconfigured
from wire.service import Service
from wire.settings import Settings


def has_newer_loopback() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.fixture
def service() -> Iterator[Service]:
    with Service("test", Settings(stall_seconds=30)) as running:
        yield running


def page(service: Service, path: str) -> tuple[int, str]:
    return page_at(service.port, path)


def page_at(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def until(holds: Callable[[], bool], within: float = 10.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_a_process_is_alive_and_ready_unless_a_check_says_otherwise(service: Service) -> None:
    assert page(service, "/healthz") == (200, "alive\n")
    assert page(service, "/readyz") == (200, "ready\n")


def test_what_is_missing_is_told_line_by_line_until_it_is_there(service: Service) -> None:
    waiting = {"topics": "not made yet"}
    service.ready_if("kafka", lambda: "")
    service.ready_if("topics", lambda: waiting.get("topics", ""))
    service.ready_if("watchlists", lambda: "2 of 3 read")
    assert page(service, "/readyz") == (503, "topics: not made yet\nwatchlists: 2 of 3 read\n")
    assert page(service, "/healthz")[0] == 200
    waiting.clear()
    assert page(service, "/readyz") == (503, "watchlists: 2 of 3 read\n")


def test_a_check_that_fails_is_not_ready_and_says_why(service: Service) -> None:
    def check() -> str:
        raise KeyError("partition 3")

    service.ready_if("log", check)
    assert page(service, "/readyz") == (503, "log: 'partition 3'\n")


def test_metrics_are_what_prometheus_reads(service: Service) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'newswatch_build_info{program="test"' in text
    assert page(service, "/metrics?name[]=x")[0] == 200


def test_another_page_says_which_there_are(service: Service) -> None:
    assert page(service, "/") == (404, "/healthz /readyz /metrics\n")


def test_a_reader_that_hangs_up_or_says_nothing_disturbs_nobody(
    service: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    silent = socket.create_connection(("127.0.0.1", service.port))
    rude = socket.create_connection(("127.0.0.1", service.port))
    rude.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    rude.close()
    assert page(service, "/healthz")[0] == 200
    silent.close()
    assert capfd.readouterr().err == ""


def test_a_taken_port_is_a_mistake_of_the_settings() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wanted = f"NEWSWATCH_PORT: cannot listen on 127.0.0.1:{port}: Address already in use.*0 for a free one"
        with pytest.raises(Misconfigured, match=wanted), Service("test", Settings(port=port)):
            pass


def test_a_host_that_is_not_ours_is_a_mistake_of_the_settings() -> None:
    with pytest.raises(Misconfigured, match="NEWSWATCH_HOST"), Service("test", Settings(host="203.0.113.7")):
        pass


@pytest.mark.skipif(not has_newer_loopback(), reason="this machine has no IPv6")
def test_it_listens_where_it_is_told_also_on_the_newer_loopback() -> None:
    with (
        Service("test", Settings(host="::1")) as running,
        urllib.request.urlopen(f"http://[::1]:{running.port}/healthz", timeout=5) as answer,
    ):
        assert answer.status == 200


def test_the_port_is_free_again_when_the_service_has_ended(service: Service) -> None:
    with Service("other", Settings()) as other:
        port = other.port
    with pytest.raises(OSError, match="refused"):
        page_at(port, "/healthz")


def test_handlers_of_signals_are_the_former_ones_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Service("test", Settings()):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_who_asks_to_be_woken_after_the_stop_is_woken_at_once(service: Service) -> None:
    woken: list[str] = []
    service.when_stopping(lambda: woken.append("before"))
    service.stop()
    service.when_stopping(lambda: woken.append("after"))
    assert woken == ["before", "after"]


def test_health_tells_a_stall_before_the_watchdog_acts(service: Service) -> None:
    service._waiting = True
    assert page(service, "/healthz") == (200, "alive\n")
    service._progressed -= 31
    status, text = page(service, "/healthz")
    assert (status, text.rpartition(" ")[0]) == (503, "no progress for 31")
    service.progress()
    assert page(service, "/healthz") == (200, "alive\n")


def test_health_is_told_while_the_question_for_work_is_not_answered(service: Service) -> None:
    asked, answer = threading.Event(), threading.Event()

    def has_work() -> bool:
        asked.set()
        return answer.wait(30)

    service.watch(has_work)
    assert asked.wait(10)
    assert page(service, "/healthz") == (200, "alive\n")
    answer.set()
    assert until(lambda: service.stalled_for() > 0)


def test_a_service_that_has_ended_watches_no_longer() -> None:
    with Service("test", Settings(stall_seconds=0.2)) as running:
        running.watch(lambda: False)
        assert "watchdog" in {thread.name for thread in threading.enumerate()}
    assert until(lambda: "watchdog" not in {thread.name for thread in threading.enumerate()})
    time.sleep(1.6)  # the interpreter's timer would have ended these tests by now
