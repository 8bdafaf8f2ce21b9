"""A mail says what it must in its headers, and each answer of a mail server has its outcome."""

import asyncio
import re
from base64 import b64decode
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from quopri import decodestring

import pytest

from alerts import render
from alerts.channels import open_channel
from alerts.notice import Notice
from alerts.outcome import Outcome
from tests.notices import HEADLINE, copy_in, mention_of, notice
from tests.receivers import MailServer, mail_server
from wire.errors import Misconfigured
from wire.settings import Settings

TO = "anne@home.example"


def settings_for(folder: Path, port: int, **facts: object) -> Settings:
    mail = {"smtp_host": "127.0.0.1", "smtp_security": "none", "smtp_from": "newswatch@news.example"}
    return Settings(home=folder, smtp_port=port, **(mail | facts))  # type: ignore[arg-type]  # a test's facts


def mailed(folder: Path, *told: Notice, **server: object) -> tuple[list[Outcome], MailServer]:
    async def run() -> tuple[list[Outcome], MailServer]:
        async with mail_server(**server) as receiver:
            channel = open_channel("email", {"to": TO}, settings_for(folder, receiver.port))
            outcomes = [await channel.send(one, attempt=1) for one in told or (notice(),)]
            await channel.close()
            return outcomes, receiver

    return asyncio.run(run())


def mail_of(folder: Path, told: Notice) -> tuple[EmailMessage, bytes]:
    _, server = mailed(folder, told)
    return server.mails()[0], server.raw[0]


def test_mail_has_a_text_and_an_html_part(tmp_path: Path) -> None:
    mail, _ = mail_of(tmp_path, notice())
    text, html = list(mail.iter_parts())
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert HEADLINE in text.get_content()
    assert "<mark" in html.get_content()


def test_given_up_in_mid_answer_it_hangs_up(tmp_path: Path) -> None:
    """The sender stops waiting before the server answers."""

    async def run() -> bytes:
        gone: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            gone.set_result(await reader.read())
            writer.close()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            channel = open_channel("email", {"to": TO}, settings_for(tmp_path, port))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(channel.send(notice(), attempt=1), 0.3)
            return await asyncio.wait_for(gone, 5)

    assert asyncio.run(run()) == b""


def test_headers_say_that_a_machine_writes_and_of_which_list(tmp_path: Path) -> None:
    mail, _ = mail_of(tmp_path, notice())
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "newswatch <alerts.news.example>"
    assert mail["From"] == "newswatch <newswatch@news.example>"
    assert mail["To"] == TO
    assert mail["Date"].datetime.tzinfo is not None


def test_alerts_of_one_story_are_one_thread(tmp_path: Path) -> None:
    first = notice(key="one")
    _, server = mailed(
        tmp_path, first, replace(first, key="two", occasion="update:a2"), replace(first, key="3", story="other")
    )
    ids = [mail["Message-ID"] for mail in server.mails()]
    threads = [mail["References"] for mail in server.mails()]
    assert len(set(ids)) == 3
    assert threads[0] == threads[1] != threads[2]


def test_lines_are_short_enough_for_any_server(tmp_path: Path) -> None:
    endless = notice(copy_in("A" * 5000, "word " * 3000), mentions=(mention_of("Helvion", "x" * 2000 + "Helvion"),))
    _, raw = mail_of(tmp_path, endless)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()


LONG = [
    "Orvanne Energy: " + "une réorganisation très étendue à l’été, évoquée dès février par l’autorité déléguée " * 2,
    "Orvanne Energy: "
    + "Aufsichtsratsvorsitzende bestätigt Übernahmegespräche für Donaudampfschifffahrtsgesellschaft " * 2,
    "Orvanne Energy: "
    + "Übernahmeüberprüfungsbestätigungsänderungsmaßnahmenkatalogseröffnungsfeierlichkeitsgästeliste" * 2,
    "Orvanne Energy: " + "能源公司宣布首席执行官离职消息震动市场" * 8,
    "Orvanne Energy, « l’été »\u00a0: « déjà » vu\u202f! =?utf-8?q?forged?= 😀👩‍👩‍👧",
    "Orvanne Energy plain words only " * 5,
    "Orvanne Energy “quoted” words, a, b; c <d@e.example> (comment) \\ back",
    "é" * 170,
]


@pytest.mark.parametrize("title", LONG)
def test_a_subject_decodes_exactly_by_two_independent_decoders(tmp_path: Path, title: str) -> None:
    told = notice(copy_in("A", title))
    mail, raw = mail_of(tmp_path, told)
    wanted = render.subject(told)
    folded = re.search(rb"^Subject: ([^\r]*(?:\r\n[ \t][^\r]*)*)", raw, re.MULTILINE)
    assert folded
    assert str(mail["Subject"]) == wanted
    assert decoded_by_hand(folded[1]) == wanted
    assert max(map(len, folded[0].split(b"\r\n"))) <= 78
    words = re.findall(rb"=\?[^?]+\?[bqBQ]\?[^?]*\?=", folded[1])
    assert all(len(word) <= 75 for word in words)


def decoded_by_hand(folded: bytes) -> str:
    """RFC 2047 as it is written: blanks between two encoded words vanish, each word is whole characters."""
    line = re.sub(rb"\r\n([ \t])", rb"\1", folded.rstrip(b"\r"))
    line = re.sub(rb"(\?=)[ \t]+(?==\?)", rb"\1", line)
    return re.sub(rb"=\?utf-8\?([bq])\?([^?]*)\?=", _word, line, flags=re.IGNORECASE).decode()


def _word(found: re.Match[bytes]) -> bytes:
    word = b64decode(found[2]) if found[1].lower() == b"b" else decodestring(found[2], header=True)
    return word.decode().encode()


@pytest.mark.parametrize(
    ("reply", "kind", "reason", "code"),
    [
        ({"RCPT": "450 mailbox busy"}, "transient", "server_error", 450),
        ({"RCPT": "550 no such user"}, "permanent", "client_error", 550),
        ({"RCPT": "452 too many"}, "transient", "server_error", 452),
        ({"DATA": "451 try later"}, "transient", "server_error", 451),
        ({"DATA": "552 too large"}, "permanent", "client_error", 552),
        ({"DATA": "250 queued as 7"}, "sent", "ok", 250),
        ({"MAIL": "421 going down"}, "transient", "server_error", 421),
        ({"MAIL": "550 sender not allowed"}, "transient", "server_error", 550),
    ],
)
def test_each_reply_has_its_outcome(tmp_path: Path, reply: dict[str, str], kind: str, reason: str, code: int) -> None:
    (outcome,), _ = mailed(tmp_path, replies=reply)
    assert (outcome.kind, outcome.reason, outcome.code) == (kind, reason, code)


def test_a_servers_words_are_kept_for_the_ledger(tmp_path: Path) -> None:
    (outcome,), _ = mailed(tmp_path, replies={"RCPT": "550 no such\x1b[2J user"})
    assert outcome.snippet == "no such[2J user"


@pytest.mark.parametrize(("command", "kind"), [("MAIL", "transient"), ("RCPT", "transient"), ("DATA", "uncertain")])
def test_a_connection_lost_before_the_mail_is_transient_and_after_it_uncertain(
    tmp_path: Path, command: str, kind: str
) -> None:
    (outcome,), _ = mailed(tmp_path, drops_at=command)
    assert outcome.kind == kind


def test_a_server_without_login_or_encryption_is_transient(tmp_path: Path) -> None:
    async def run(**facts: object) -> Outcome:
        async with mail_server() as receiver:
            settings = settings_for(tmp_path, receiver.port, **facts)
            return await open_channel("email", {"to": TO}, settings).send(notice(), attempt=1)

    assert asyncio.run(run(smtp_user="u", smtp_password="hunter2")).kind == "transient"
    assert asyncio.run(run(smtp_security="starttls")).kind == "transient"


@pytest.mark.parametrize(
    ("facts", "complaint"), [({"smtp_host": ""}, "NEWSWATCH_SMTP_HOST"), ({"smtp_from": ""}, "NEWSWATCH_SMTP_FROM")]
)
def test_a_missing_mail_server_or_sender_is_a_misconfiguration(
    tmp_path: Path, facts: dict[str, str], complaint: str
) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        open_channel("email", {"to": TO}, settings_for(tmp_path, 25, **facts))
