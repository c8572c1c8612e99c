"""Mail by SMTP. One rule: headers are built by ``email.message`` alone, so that no text can add a header."""

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from dsa.domain.errors import Refused

_SECONDS = 15
# What concerns one mail and not the server: the next may well be taken.
_OF_ONE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError)


class SmtpPost:
    """Hands mail over to the server of an ``smtp://`` or ``smtps://`` address."""

    def __init__(self, url: str, *, sender: str) -> None:
        self._parts, self._sender = urlsplit(url), sender

    def send(self, *, to: str, subject: str, body: str) -> None:
        """Hand a mail over; raises OSError (smtplib's errors are) where the server cannot be had, Refused for one mail
        that it does not take."""
        message = _message(self._sender, to, subject, body)
        host, port = self._parts.hostname or "localhost", self._parts.port
        if self._parts.scheme == "smtps":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, port or 25, timeout=_SECONDS)
        with server:
            if self._parts.username:
                server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
            try:
                server.send_message(message)
            except _OF_ONE as error:
                raise Refused("The mail server does not take this mail. Check the address.") from error


def _message(sender: str, to: str, subject: str, body: str) -> EmailMessage:
    message = EmailMessage()
    try:
        message["From"], message["To"], message["Subject"] = sender, to, subject
    except ValueError as error:  # a header of several lines
        raise Refused("This cannot be written as a mail. Check the address.") from error
    message.set_content(body)
    return message
