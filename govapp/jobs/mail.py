"""Sends mail from the outbox to the mail server of GOVAPP_SMTP_URL."""

import hashlib
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

from govapp.data.types import canonical
from govapp.jobs.breaker import Breaker
from govapp.present.mails import line, mail_words
from govapp.services.mails import address_now
from govapp.services.outbox import FarSideAway, Parcel

SECONDS = 5
BREAKER_SECONDS = 30.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# What says something about the server and not about this mail.
_AWAY = (
    smtplib.SMTPServerDisconnected,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
)
_CLOSING = 421


class MailServerAway(FarSideAway):
    """The mail server cannot be used; all mail waits."""


class Mailer:
    """Delivers parcels of kind `mail`, whose words are made here. Rests half a minute when the server is away."""

    def __init__(self, url: str, sender: str, base: str = "") -> None:
        """`base` is the address people use. Raises ValueError for a server that is not smtp:// or smtps://."""
        self._to = urlsplit(url)
        if self._to.scheme not in {"smtp", "smtps"} or not self._to.hostname:
            raise ValueError("GOVAPP_SMTP_URL must be smtp://user:password@host:port or smtps://...")
        self._sender = sender
        self._base = base.rstrip("/")
        self._breaker = Breaker(BREAKER_SECONDS)

    @property
    def open(self) -> bool:
        """False within half a minute after the server was away."""
        return self._breaker.open

    def send(self, parcel: Parcel) -> None:
        """Send one mail, unless its person is disabled by now.

        Raises MailServerAway, and what the server says when it refuses this mail.
        """
        to = address_now(parcel.payload)
        if to is None:
            return
        message = self._message(parcel, to)
        try:
            with self._connected() as server:
                server.send_message(message)
        except (OSError, MailServerAway) as error:
            if _about_this_mail(error):
                raise
            self._breaker.rest()
            raise MailServerAway(str(error)) from error

    def ask(self) -> None:
        """Open a session with the server and end it. Raises OSError or MailServerAway with what is wrong."""
        with self._connected() as server:
            server.noop()

    def _message(self, parcel: Parcel, to: str) -> EmailMessage:
        """The mail; sent again after a crash it bears the same Message-ID, so that it is shown once."""
        message = EmailMessage()
        words = mail_words(parcel.payload, self._base)
        message["From"], message["To"], message["Subject"] = self._sender, line(to), line(words.subject)
        content = hashlib.sha256(canonical(parcel.payload).encode()).hexdigest()[:16]
        domain = parseaddr(self._sender)[1].rpartition("@")[2] or "govapp.local"
        message["Date"], message["Message-ID"] = formatdate(), f"<outbox-{parcel.id}-{content}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(words.text)
        return message

    def _connected(self) -> smtplib.SMTP:
        """A session with the server, signed in where the address names somebody."""
        host, port = self._to.hostname or "", self._to.port or 0
        if self._to.scheme == "smtps":
            verified = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=verified)
        else:
            server = smtplib.SMTP(host, port or 25, timeout=SECONDS)
        try:
            self._sign_in(server, safe=self._to.scheme == "smtps" or host in LOOPBACK)
        except BaseException:
            server.close()
            raise
        return server

    def _sign_in(self, server: smtplib.SMTP, *, safe: bool) -> None:
        """A password is given only on this machine, or over TLS to who can prove its name."""
        server.ehlo_or_helo_if_needed()
        if self._to.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context() if self._to.username else None)
            safe = True
        if self._to.username:
            if not safe:
                raise MailServerAway("it offers no TLS, so the password is kept")
            server.login(unquote(self._to.username), unquote(self._to.password or ""))


def _about_this_mail(error: Exception) -> bool:
    """True when the server took the session and refused the mail; anything else keeps all mail waiting."""
    answered = isinstance(error, smtplib.SMTPException) and not isinstance(error, _AWAY)
    return answered and getattr(error, "smtp_code", 0) != _CLOSING
