"""A webhook speaks Standard Webhooks and tells each of the receiver's answers apart."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import standardwebhooks
from aiohttp import ClientTimeout

from alerts.channels import open_channel, webhook
from alerts.outcome import Outcome
from newswatch.broker import free_port
from tests.notices import notice
from tests.receivers import Answer, Received, answers, drips, drops, hangs, web_receiver
from wire.errors import Misconfigured
from wire.settings import Settings

SECRET = "whsec_" + "bmV3c3dhdGNoIHNpZ25zIHdoYXQgaXQgc2VuZHM="
OLDER = "whsec_" + "dGhlIGtleSBiZWZvcmUgdGhlIG9uZSBvZiB0b2RheQ=="


def sent_to(
    folder: Path,
    answer: Answer | None = None,
    path: str = "hook",
    allowed: tuple[str, ...] = ("127.0.0.1",),
    **config: str,
) -> tuple[Outcome, list[Received]]:
    """The outcome of one attempt at a receiver that gives `answer`, and what it received."""

    async def run() -> tuple[Outcome, list[Received]]:
        async with web_receiver(answer) as receiver:
            url = f"http://127.0.0.1:{receiver.port}/{path}"
            settings = Settings(home=folder, allow_private=allowed)
            channel = open_channel("webhook", {"url": url, "secret": SECRET} | config, settings)
            outcome = await channel.send(notice(), attempt=1)
            await channel.close()
            return outcome, receiver.received

    return asyncio.run(run())


def test_signature_is_accepted_by_the_standards_own_package(tmp_path: Path) -> None:
    _, (hook,) = sent_to(tmp_path)
    assert standardwebhooks.Webhook(SECRET).verify(hook.body, hook.headers) == json.loads(hook.body)


def test_a_tampered_body_is_refused_by_the_standards_own_package(tmp_path: Path) -> None:
    _, (hook,) = sent_to(tmp_path)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET).verify(hook.body.replace(b"rival", b"pal"), hook.headers)


@pytest.mark.parametrize("known", [SECRET, OLDER])
def test_while_secrets_rotate_a_receiver_with_either_is_served(tmp_path: Path, known: str) -> None:
    _, (hook,) = sent_to(tmp_path, previous_secret=OLDER)
    assert standardwebhooks.Webhook(known).verify(hook.body, hook.headers)


def test_request_is_a_post_of_json_with_the_key_as_its_id(tmp_path: Path) -> None:
    _, (hook,) = sent_to(tmp_path)
    assert hook.headers["content-type"] == "application/json"
    assert hook.headers["webhook-id"] == "key-1"
    assert json.loads(hook.body)["type"] == "alert.created"


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (200, "sent", "ok"),
        (204, "sent", "ok"),
        (301, "permanent", "client_error"),
        (307, "permanent", "client_error"),
        (400, "permanent", "client_error"),
        (401, "permanent", "auth"),
        (403, "permanent", "auth"),
        (404, "permanent", "client_error"),
        (408, "transient", "timeout"),
        (410, "gone", "gone"),
        (413, "permanent", "client_error"),
        (429, "rate_limited", "rate_limited"),
        (500, "transient", "server_error"),
        (503, "transient", "server_error"),
    ],
)
def test_each_status_has_its_outcome(tmp_path: Path, status: int, kind: str, reason: str) -> None:
    outcome, _ = sent_to(tmp_path, answers(status, Location="/elsewhere"))
    assert (outcome.kind, outcome.reason, outcome.code) == (kind, reason, status)


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    _, received = sent_to(tmp_path, answers(302, Location="/elsewhere"))
    assert len(received) == 1


@pytest.mark.parametrize(
    ("status", "written", "seconds"), [(429, "7", 7.0), (503, "120", 120.0), (429, "99999", 3600.0)]
)
def test_the_receiver_says_when_to_come_back(tmp_path: Path, status: int, written: str, seconds: float) -> None:
    outcome, _ = sent_to(tmp_path, answers(status, Retry_After=written))
    assert outcome.retry_after == seconds


def test_a_connection_that_breaks_after_the_request_is_uncertain(tmp_path: Path) -> None:
    outcome, received = sent_to(tmp_path, drops)
    assert len(received) == 1
    assert outcome.kind == "uncertain"


def test_a_receiver_that_never_answers_is_uncertain_after_the_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", ClientTimeout(total=0.3))
    outcome, _ = sent_to(tmp_path, hangs)
    assert (outcome.kind, outcome.reason) == ("uncertain", "timeout")


def test_an_answer_whose_text_never_ends_counts_by_its_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", ClientTimeout(total=0.3))
    outcome, _ = sent_to(tmp_path, drips)
    assert (outcome.kind, outcome.code) == ("sent", 200)


def attempt_at(folder: Path, url: str, **settings: object) -> Outcome:
    async def run() -> Outcome:
        facts = Settings(home=folder, **settings)  # type: ignore[arg-type]  # a test's facts
        channel = open_channel("webhook", {"url": url, "secret": SECRET}, facts)
        outcome = await channel.send(notice(), attempt=1)
        await channel.close()
        return outcome

    return asyncio.run(run())


def test_a_host_without_address_is_transient(tmp_path: Path) -> None:
    outcome = attempt_at(tmp_path, "http://nobody.invalid/")
    assert (outcome.kind, outcome.reason) == ("transient", "dns")


def test_a_refused_connection_is_transient(tmp_path: Path) -> None:
    outcome = attempt_at(tmp_path, f"http://127.0.0.1:{free_port()}/", allow_private="127.0.0.1")
    assert (outcome.kind, outcome.reason) == ("transient", "refused")


def test_a_server_that_speaks_no_tls_is_transient(tmp_path: Path) -> None:
    async def run() -> Outcome:
        async with web_receiver() as receiver:
            url = receiver.url.replace("http:", "https:")
            channel = open_channel(
                "webhook",
                {"url": url, "secret": SECRET},
                Settings(home=tmp_path, allow_private="127.0.0.1"),  # type: ignore[arg-type]  # as a variable is written
            )
            outcome = await channel.send(notice(), attempt=1)
            await channel.close()
            return outcome

    assert asyncio.run(run()).reason == "tls"


def test_a_private_address_is_blocked_and_receives_nothing(tmp_path: Path) -> None:
    outcome, received = sent_to(tmp_path, allowed=())
    assert (outcome.kind, outcome.reason) == ("permanent", "address_blocked")
    assert "NEWSWATCH_ALLOW_PRIVATE" in outcome.snippet
    assert received == []


def test_a_public_host_is_reached_at_the_allowed_ports_only(tmp_path: Path) -> None:
    outcome = attempt_at(tmp_path, "http://8.8.8.8:25/")
    assert (outcome.kind, outcome.reason) == ("permanent", "address_blocked")
    assert outcome.snippet == "port 25 of 8.8.8.8 is not among [80, 443, 8080, 8443]"


def test_an_answer_that_echoes_secrets_is_told_without_them(tmp_path: Path) -> None:
    key = SECRET.removeprefix("whsec_")
    outcome, _ = sent_to(tmp_path, answers(400, f"bad call /T0KEN/p4th with {key}\x1b[2J"), path="T0KEN/p4th")
    assert outcome.snippet == "bad call /… with …[2J"


def test_an_endless_answer_is_cut(tmp_path: Path) -> None:
    outcome, _ = sent_to(tmp_path, answers(500, "x" * 1_000_000))
    assert outcome.snippet == "x" * 300


@pytest.mark.parametrize("refer", [lambda path: f"file:{path}", lambda path: "env:HOOK_SECRET"])
def test_a_secret_may_stand_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refer: Callable[[Path], str]
) -> None:
    (tmp_path / "secret").write_text(f"{OLDER}\n")
    monkeypatch.setenv("HOOK_SECRET", OLDER)
    _, (hook,) = sent_to(tmp_path, secret=refer(tmp_path / "secret"))
    assert standardwebhooks.Webhook(OLDER).verify(hook.body, hook.headers)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("env:NOT_SET_ANYWHERE", "secret: the variable NOT_SET_ANYWHERE is not set"),
        ("file:/not/there", "secret: cannot read /not/there"),
        ("file:/dev/null", "secret: file:/dev/null is empty"),
        ("env:HOOK_NONSENSE", "secret: must be whsec_"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_misconfiguration(tmp_path: Path, written: str, complaint: str) -> None:
    os.environ["HOOK_NONSENSE"] = "hunter2"
    with pytest.raises(Misconfigured, match=complaint) as raised:
        open_channel("webhook", {"url": "https://a.example/", "secret": written}, Settings(home=tmp_path))
    assert "hunter2" not in str(raised.value)
