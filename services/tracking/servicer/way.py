"""How this process reaches receivers and recipients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.tracking.adapters.apprise_carrier import AppriseCarrier
from services.tracking.adapters.mail import Mail, SmtpServer
from services.tracking.adapters.vault import FernetVault
from services.tracking.adapters.webhook_post import WebhookPost
from services.tracking.config import TrackingSettings
from services.tracking.domain.subscription import Channel
from services.tracking.outbound_ports import Carrier, Post


@dataclass(frozen=True, slots=True)
class Way:
    """What the configuration gave it."""

    post: Post
    vault: FernetVault | None  # None: there is no key, hence no webhooks
    contacts: FernetVault | None  # opens dispatch's seal on contacts; None: hence no messages
    channels: frozenset[Channel]


def way_of(settings: TrackingSettings) -> Way:
    """What the configuration gives. Raises ValueError or OSError that says what is wrong."""
    if settings.webhook_loopback and not settings.sandbox:
        raise ValueError("WEBHOOK_LOOPBACK is for a sandbox only")
    return Way(
        post=WebhookPost(loopback=settings.webhook_loopback),
        vault=_vault(settings.seal_key_file),
        contacts=_vault(settings.contact_key_file),
        channels=frozenset(carriers_of(settings)),
    )


def carriers_of(settings: TrackingSettings) -> dict[Channel, Carrier]:
    """The ways to people that are there. Raises ValueError for one that cannot be."""
    found = dict[Channel, Carrier]()
    if settings.contact_key_file is None:
        return found
    if settings.smtp_host:
        found[Channel.EMAIL] = Mail(
            SmtpServer(
                settings.smtp_host,
                settings.smtp_port,
                settings.smtp_sender,
                settings.smtp_tls,
                settings.smtp_username,
                settings.smtp_password.get_secret_value(),
            )
        )
    for channel, url in ((Channel.SMS, settings.sms_url), (Channel.PUSH, settings.push_url)):
        if text := url.get_secret_value():
            found[channel] = _apprise(channel, text)
    return found


def _apprise(channel: Channel, url: str) -> AppriseCarrier:
    try:
        return AppriseCarrier(url)
    except ValueError as error:
        raise ValueError(f"{channel}_URL {error}") from None


def _vault(path: Path | None) -> FernetVault | None:
    return FernetVault.read(path) if path else None
