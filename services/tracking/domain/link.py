"""Tracking links: how a recipient follows one delivery without a login. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.tracking.domain.visibility import Visibility

LIFE = timedelta(days=30)
LIFE_MAX = timedelta(days=366)


class LinkScope(StrEnum):
    """What the holder of a link may do."""

    TRACK = "TRACK"
    SURVEY = "SURVEY"
    RESCHEDULE = "RESCHEDULE"
    REDIRECT = "REDIRECT"


@dataclass(frozen=True, slots=True)
class Link:
    """A link as kept, without its token."""

    link_id: str
    delivery_id: str
    scopes: tuple[LinkScope, ...]
    create_time: datetime
    expire_time: datetime
    visibility: Visibility = field(default_factory=Visibility)
    revoke_time: datetime | None = None

    def works(self, at: datetime) -> bool:
        """Whether it shows anything at a moment."""
        return at < self.expire_time and self.revoke_time is None
