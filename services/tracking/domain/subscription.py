"""
Subscriptions: who is told what, by a signed webhook or by a message to the recipient. Pure.

A change of the feed is `News` here: what a subscription decides by, and nothing of its content.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from services.tracking.domain.words import Milestone

MILESTONE = "milestone_reached"  # the type of event that becomes milestones
ETA_THRESHOLD = timedelta(minutes=10)  # unless the subscription says another
WAITS = timedelta(days=7)  # business time: older events are not sent any more

# What a carrier may be told: its own work. Risks and comments are for those who run the work.
CARRIER_TYPES = frozenset(
    {
        MILESTONE,
        "stop_arrived",
        "stop_departed",
        "task_outcome_recorded",
        "leg_completed",
        "eta_changed",
        "incident_opened",
        "incident_acknowledged",
        "incident_resolved",
        "proof_accepted",
        "route_started",
        "route_completed",
        "parcel_scanned",
        "amount_collected",
        "idling_ended",
        "vehicle_charged",
    }
)


class SubscriptionState(StrEnum):
    """Where a subscription stands."""

    UNSPECIFIED = "UNSPECIFIED"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"


class Channel(StrEnum):
    """Ways to tell a recipient."""

    UNSPECIFIED = "UNSPECIFIED"
    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody is disturbed, in civil time; over midnight when the end comes first."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Notice:
    """How recipients are told."""

    channel: Channel
    language_code: str = ""
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class News:
    """A change of the feed, as far as anybody decides by it."""

    type: str
    subject: str
    event_id: str
    shard: int
    sequence: int
    event_time: datetime
    record_time: datetime
    milestone: Milestone = Milestone.UNSPECIFIED
    delivery_id: str = ""
    route_id: str = ""
    carrier_id: str = ""
    late: bool = False
    arrival: datetime | None = None  # the median expected now


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as kept; exactly one of `url` and `notice` is there."""

    subscription_id: str
    url: str = ""
    notice: Notice | None = None
    milestones: tuple[Milestone, ...] = ()
    event_types: tuple[str, ...] = ()
    carrier_id: str = ""  # only of this carrier
    owner_carrier_id: str = ""  # the carrier whose own it is; empty: the tenant's
    eta_threshold: timedelta = ETA_THRESHOLD
    state: SubscriptionState = SubscriptionState.ACTIVE
    create_time: datetime | None = None
    update_time: datetime | None = None
    disable_reason: str = ""
    revision: int = 1

    @property
    def types(self) -> frozenset[str]:
        """Which types of events it asks for."""
        if self.notice is not None:
            return frozenset({MILESTONE})
        asked = frozenset(self.event_types)
        return asked | {MILESTONE} if self.milestones or not asked else asked

    def wants(self, news: News) -> bool:
        """Whether it is told of this; whether an expectation moved enough is asked apart."""
        if news.type not in self.types or (self.carrier_id and news.carrier_id != self.carrier_id):
            return False
        if self.owner_carrier_id and news.type not in CARRIER_TYPES:
            return False
        if news.type != MILESTONE:
            return True
        if self.milestones and news.milestone not in self.milestones:
            return False
        return not (self.notice and news.late)

    def moved(self, told: datetime | None, news: News) -> bool:
        """Whether an expectation differs by enough from the one told last."""
        if news.milestone is not Milestone.ETA_CHANGED or news.arrival is None or told is None:
            return True
        return abs(news.arrival - told) >= self.eta_threshold


def switched(known: Subscription, state: SubscriptionState) -> Subscription:
    """The subscription in another state; why it was disabled is over then."""
    return replace(known, state=state, disable_reason="")


def disabled(known: Subscription, why: str, now: datetime) -> Subscription:
    """Held by us, with the reason."""
    return replace(
        known,
        state=SubscriptionState.DISABLED,
        disable_reason=why,
        update_time=now,
        revision=known.revision + 1,
    )
