"""Mail goes to a real server; one that is away, silent or refuses holds up nothing; no password leaves in clear."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from govapp.jobs import mail
from govapp.jobs.mail import Mailer, MailServerAway
from govapp.services.outbox import Parcel

SENDER = "Gates <gates@govapp.example>"


class Kept:
    """Keeps what it gets; refuses one recipient."""

    def __init__(self) -> None:
        self.mails: list[object] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address.startswith("nobody"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.mails.append(envelope.content.decode())
        return "250 OK"


@contextmanager
def served(handler: Kept, **how: object) -> Iterator[str]:
    """A mail server on this machine; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, **how)
    controller.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        controller.stop()


def parcel(to: str = "owner@example.test", number: int = 7, **more: str) -> Parcel:
    payload = {"to": to, "subject": "A decision waits", "text": "Please decide about M-1."} | more
    return Parcel(number, "mail", payload, 0)


@pytest.fixture
def kept() -> Iterator[tuple[Kept, str]]:
    handler = Kept()
    with served(handler, enable_SMTPUTF8=False) as address:
        yield handler, address


def test_a_mail_arrives_with_heads_on_one_line_and_the_same_number_when_sent_again(kept):
    handler, address = kept
    mailer = Mailer(f"smtp://{address}", SENDER)
    for _ in range(2):
        mailer.send(parcel(subject="Décision\r\nBcc: all@example.test"))
    first, second = handler.mails
    heads = first.split("\r\n\r\n")[0].splitlines()
    assert "To: owner@example.test" in heads
    assert not [head for head in heads if head.startswith("Bcc:")]
    number = [head for head in heads if head.startswith("Message-ID:")]
    assert number == [head for head in second.splitlines() if head.startswith("Message-ID:")]
    assert "@govapp.example>" in number[0]


def test_a_mail_the_server_refuses_says_nothing_about_the_server(kept):
    handler, address = kept
    mailer = Mailer(f"smtp://{address}", SENDER)
    with pytest.raises(OSError, match="no such mailbox"):
        mailer.send(parcel("nobody@example.test"))
    with pytest.raises(OSError, match="SMTPUTF8"):
        mailer.send(parcel("ötter@example.test"))
    assert mailer.open
    mailer.send(parcel())
    assert len(handler.mails) == 1


def test_a_server_that_is_not_there_or_says_nothing_rests_the_mailer(monkeypatch):
    monkeypatch.setattr(mail, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        mailer = Mailer(f"smtp://127.0.0.1:{port}", SENDER)
        began = time.monotonic()
        with pytest.raises(MailServerAway):
            mailer.send(parcel())
        assert time.monotonic() - began < 2
        assert not mailer.open
    gone = Mailer(f"smtp://127.0.0.1:{port}", SENDER)
    with pytest.raises(MailServerAway):
        gone.send(parcel())
    assert not gone.open


def test_a_password_is_not_given_to_a_server_elsewhere_that_offers_no_tls(kept, monkeypatch):
    handler, address = kept
    monkeypatch.setattr(mail, "LOOPBACK", frozenset())
    mailer = Mailer(f"smtp://gates:secret@{address}", SENDER)
    with pytest.raises(MailServerAway, match="no TLS"):
        mailer.send(parcel())
    assert handler.mails == []


def test_on_this_machine_the_mailer_signs_in_with_its_password():
    said = []

    def check(server, session, envelope, mechanism, data):
        said.append((data.login, data.password))
        return AuthResult(success=data.password == b"s3cret")

    signing = {"authenticator": check, "auth_require_tls": False}
    with served(Kept(), **signing) as address:
        Mailer(f"smtp://gates:s3cret@{address}", SENDER).send(parcel())
        wrong = Mailer(f"smtp://gates:other@{address}", SENDER)
        with pytest.raises(MailServerAway):
            wrong.send(parcel())
    assert said[0] == (b"gates", b"s3cret")
    assert not wrong.open
