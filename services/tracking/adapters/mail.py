"""E-mail by SMTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from services.tracking.outbound_ports import Message, Undelivered

TIMEOUT_SECONDS = 15.0
PERMANENT = 500  # RFC 5321, 4.2.1: 5yz replies stay what they are, 4yz are worth another try


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over."""

    host: str
    port: int
    sender: str
    tls: str  # none, starttls, tls
    username: str = ""
    password: str = field(default="", repr=False)


class Mail:
    """Implements `outbound_ports.Carrier`."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def send(self, message: Message) -> None:
        """Hands a mail over. Raises Undelivered, which never names the address."""
        server = self._server
        try:
            await aiosmtplib.send(
                _mail(message, server.sender),
                hostname=server.host,
                port=server.port,
                username=server.username or None,
                password=server.password or None,
                use_tls=server.tls == "tls",
                start_tls=server.tls == "starttls",
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            codes = [one.code for one in refused.recipients]
            final = all(code >= PERMANENT for code in codes)
            raise Undelivered(f"the server refused it with {codes}", final=final) from None
        except aiosmtplib.SMTPResponseException as refused:
            final = refused.code >= PERMANENT
            raise Undelivered(f"the server answered {refused.code}", final=final) from None
        except ValueError:  # its text may have the address in it
            raise Undelivered("the address is none", final=True) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Undelivered(f"the server is away ({type(error).__name__})") from None


def _mail(message: Message, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail.set_content(message.text)  # first, for it clears the headers that begin with Content-
    mail["From"] = sender
    mail["To"] = message.address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{message.message_id}@{sender.rpartition('@')[2].rstrip('>')}>"
    mail["Content-Language"] = message.language_code
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies, please
    return mail
