"""Mail by SMTP. One rule: headers are built by ``email.message`` alone, so that no text can add a header."""

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

_SECONDS = 15


class SmtpPost:
    """Hands mail over to the server of an ``smtp://`` or ``smtps://`` address."""

    def __init__(self, url: str, *, sender: str) -> None:
        self._parts, self._sender = urlsplit(url), sender

    def send(self, *, to: str, subject: str, body: str) -> None:
        """Hand a mail over; raises OSError (smtplib's errors are) when it could not be."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message.set_content(body)
        host, port = self._parts.hostname or "localhost", self._parts.port
        if self._parts.scheme == "smtps":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, port or 25, timeout=_SECONDS)
        with server:
            if self._parts.username:
                server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
            server.send_message(message)
