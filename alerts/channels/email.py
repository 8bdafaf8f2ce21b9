"""How does a mailbox get an alert?

One address a channel, so that a server's answer is one delivery's outcome. A refusal of the recipient or of the mail
is final; one of the connection, the login or the sender is ours to mend and is tried again. Lost after DATA: uncertain.
"""

import hashlib
import re
import socket
import ssl
import string
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib

from alerts import render
from alerts.answers import snippet
from alerts.notice import Notice
from alerts.outcome import Outcome, Reason
from wire.errors import Misconfigured
from wire.settings import Settings

REQUIRED: tuple[str, ...] = ("to",)
OPTIONAL: tuple[str, ...] = ()
SECRETS: tuple[str, ...] = ()
TIMEOUT = 15.0
SENDER_NAME = "newswatch"
PLAIN_SUBJECT = 69  # with "Subject: ", a line of 78
WORD = 57  # with "Subject: =?utf-8?q?…?=", a line of 78
PLAIN_BYTES = frozenset(b" !*+-/" + string.ascii_letters.encode() + string.digits.encode())
ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)


def check(config: Mapping[str, str]) -> list[str]:
    to = config.get("to", "")
    return [f"to: {to!r} is no address such as anne@news.example (one only)"] if to and not _address(to) else []


def open_channel(config: Mapping[str, str], settings: Settings) -> "EmailChannel":
    if not settings.smtp_host:
        raise Misconfigured("NEWSWATCH_SMTP_HOST is not set: e-mail channels need a mail server")
    sender = _address(settings.smtp_from)
    if sender is None:
        raise Misconfigured("NEWSWATCH_SMTP_FROM must be the address that mails come from, e.g. newswatch@news.example")
    recipient = _address(config["to"])
    if recipient is None:
        raise Misconfigured(check(config)[0])
    return EmailChannel(sender, recipient, settings)


class EmailChannel:
    """One mailbox. Each mail has a connection of its own: servers close idle ones, which would cost repeats."""

    def __init__(self, sender: Address, recipient: Address, settings: Settings) -> None:
        self._sender = sender
        self._recipient = recipient
        self._settings = settings

    async def send(self, notice: Notice, *, attempt: int) -> Outcome:  # noqa: ARG002  # each attempt looks the same
        raw = message(notice, self._sender, self._recipient, datetime.now(UTC))
        client = self._client()
        try:
            try:
                await client.connect()
                await client.mail(self._sender.addr_spec)
            except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
                return _not_connected(error)
            outcome = await self._hand_over(client, raw)
            await _leave(client)
            return outcome
        finally:
            client.close()  # also when the sender gives up waiting; what is closed already stays so

    async def close(self) -> None:
        """Nothing is held open between two mails."""

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user or None,
            password=settings.smtp_password.get_secret_value() if settings.smtp_user else None,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            local_hostname=self._sender.domain,  # the default asks the resolver for our name, which can take long
            timeout=TIMEOUT,
        )

    async def _hand_over(self, client: aiosmtplib.SMTP, raw: bytes) -> Outcome:
        try:
            await client.rcpt(self._recipient.addr_spec)
        except aiosmtplib.SMTPResponseException as error:
            return _answered(error)
        except (aiosmtplib.SMTPException, OSError) as error:
            return _not_connected(error)
        try:
            answer = await client.data(raw)
        except aiosmtplib.SMTPResponseException as error:
            return _answered(error)
        except (aiosmtplib.SMTPException, OSError) as error:
            # The driver does not say whether the mail was out already, so it may have been.
            return Outcome(kind="uncertain", reason=_reason(error), snippet=snippet(str(error)))
        return Outcome(kind="sent", reason="ok", code=answer.code, snippet=snippet(answer.message))


def message(notice: Notice, sender: Address, recipient: Address, now: datetime) -> bytes:
    """The mail as sent. Its Message-ID is that of the delivery, its thread that of the story."""
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = Address(SENDER_NAME, sender.username, sender.domain)
    mail["To"] = recipient
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = _id("alert", notice.key, sender)
    mail["References"] = _id("story", notice.story, sender)
    mail["List-Id"] = f"{SENDER_NAME} <alerts.{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(render.text(notice), cte="quoted-printable")
    mail.add_alternative(render.html(notice), subtype="html", cte="quoted-printable")
    return f"Subject: {encoded(render.subject(notice))}\r\n".encode() + mail.as_bytes()


def encoded(subject: str) -> str:
    """The subject as RFC 2047 has it: words of at most 75 characters, none cut within a letter, one a line.

    The library's own folding makes longer words, and takes what looks encoded in a headline for encoded.
    """
    if subject.isascii() and "=?" not in subject and len(subject) <= PLAIN_SUBJECT:
        return subject
    words = [""]
    for character in subject:
        written = "".join(chr(byte) if byte in PLAIN_BYTES else f"={byte:02X}" for byte in character.encode())
        if len(words[-1]) + len(written) > WORD:
            words.append("")
        words[-1] += written.replace(" ", "_")
    return "\r\n ".join(f"=?utf-8?q?{word}?=" for word in words)


def _id(what: str, written: str, sender: Address) -> str:
    """Keys are ours and stories are hashes; hashed once more, neither can hold what a header may not."""
    return f"<{what}.{hashlib.sha256(written.encode()).hexdigest()[:40]}@{sender.domain}>"


async def _leave(client: aiosmtplib.SMTP) -> None:
    """The server has answered for the mail already; how the farewell goes changes nothing."""
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=1.0)


def _answered(error: aiosmtplib.SMTPResponseException) -> Outcome:
    told = snippet(error.message)
    if error.code < 500:  # noqa: PLR2004  # SMTP's own classes
        return Outcome(kind="transient", reason="server_error", code=error.code, snippet=told)
    return Outcome(kind="permanent", reason="client_error", code=error.code, snippet=told)


def _not_connected(error: Exception) -> Outcome:
    code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
    return Outcome(kind="transient", reason=_reason(error), code=code, snippet=snippet(str(error)))


def _reason(error: BaseException) -> Reason:
    """The driver wraps what the network said; its cause tells more."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return "auth"
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return "server_error"
    for each in (error, error.__cause__):
        for family, reason in _FAMILIES.items():
            if isinstance(each, family):
                return reason
    return "other"


_FAMILIES: dict[type[BaseException], Reason] = {
    TimeoutError: "timeout",
    socket.gaierror: "dns",
    ssl.SSLError: "tls",
    ConnectionRefusedError: "refused",
}


def _address(written: str) -> Address | None:
    return Address(addr_spec=written.strip()) if ADDRESS.fullmatch(written.strip()) else None
