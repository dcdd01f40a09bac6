"""Sends mail from the outbox to the mail server of GOVAPP_SMTP_URL."""

import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from govapp.services.outbox import FarSideAway, Parcel

SECONDS = 10


class MailServerAway(FarSideAway):
    """The mail server cannot be reached; all mail waits."""


class Mailer:
    """Delivers parcels of kind `mail`: payload `to`, `subject`, `text`."""

    def __init__(self, url: str, sender: str) -> None:
        """Raises ValueError for an address that is not smtp:// or smtps://."""
        self._to = urlsplit(url)
        if self._to.scheme not in {"smtp", "smtps"} or not self._to.hostname:
            raise ValueError("GOVAPP_SMTP_URL must be smtp://user:password@host:port or smtps://...")
        self._sender = sender

    def send(self, parcel: Parcel) -> None:
        """Send one mail. Raises MailServerAway, and what the server says when it refuses this mail."""
        message = EmailMessage()
        message["From"], message["To"] = self._sender, _one_line(parcel.payload["to"])
        message["Subject"] = _one_line(parcel.payload["subject"])
        message["Date"], message["Message-ID"] = (
            formatdate(),
            make_msgid(f"outbox-{parcel.id}", "govapp.local"),
        )
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(str(parcel.payload["text"]))
        try:
            with self._connected() as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError) as error:
            if isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
                raise
            raise MailServerAway(str(error)) from error

    def _connected(self) -> smtplib.SMTP:
        host, port = self._to.hostname or "", self._to.port or 0
        if self._to.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS)
        else:
            server = smtplib.SMTP(host, port or 25, timeout=SECONDS)
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls()
        if self._to.username:
            server.login(unquote(self._to.username), unquote(self._to.password or ""))
        return server


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
