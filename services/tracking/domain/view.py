"""What one delivery looks like to one audience: the value behind GetTracking. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import Eta, MilestoneReached, Risk
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point, encode, project
from services.tracking.domain.link import Link, LinkScope
from services.tracking.domain.note import Comment
from services.tracking.domain.proof import Proof
from services.tracking.domain.visibility import OPEN, Visibility, coarse
from services.tracking.domain.words import ENDED_STATES, Milestone, TrackingState

# What a recipient's timeline leaves out: how the work is organised is nobody else's business.
INTERNAL = frozenset(
    {Milestone.PLAN_CHANGED, Milestone.INCIDENT_OPENED, Milestone.INCIDENT_RESOLVED}
)
# The way back to the depot is another's stop: a recipient sees nothing of it.
GOING_BACK = frozenset({TrackingState.RETURNING, TrackingState.RETURNED})
UNDER_WAY = frozenset({TrackingState.OUT_FOR_DELIVERY, TrackingState.ARRIVING})
# While it is still to come: later the vehicle stands at the doors of others, whatever a link says.
TO_COME = UNDER_WAY | {TrackingState.CREATED, TrackingState.PLANNED, TrackingState.ASSIGNED}


@dataclass(frozen=True, slots=True)
class View:
    """What may be seen; None and empty where nothing may."""

    delivery: Delivery
    eta: Eta | None
    remaining_stops: int | None
    remaining_meters: int | None
    fix: Fix | None
    polyline: str
    entries: tuple[MilestoneReached, ...]
    proofs: tuple[Proof, ...]
    risk: Risk | None
    link: Link | None
    at: datetime
    comments: tuple[Comment, ...] = ()
    survey_open: bool = False  # whether the survey of the last attempt can be answered

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.delivery.state in ENDED_STATES


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known about a delivery, before anybody asks who may see it."""

    delivery: Delivery
    eta: Eta | None = None
    fix: Fix | None = None
    line: tuple[Point, ...] = ()  # of the leg to its stop
    entries: tuple[MilestoneReached, ...] = ()
    proofs: tuple[Proof, ...] = ()
    risk: Risk | None = None
    comments: tuple[Comment, ...] = ()  # that the audience may read
    survey_answered: bool = False  # of the last attempt that ended


def seen(known: Known, link: Link | None, at: datetime) -> View:
    """What the holder of a link sees; without one, those who run the work see all."""
    rules: Visibility = link.visibility if link else OPEN
    under_way = known.delivery.state in UNDER_WAY
    theirs = link is None or known.delivery.state not in GOING_BACK
    eta = known.eta if theirs and not known.delivery.closed else None
    shows = {
        name: getattr(rules, name).shows(eta, under_way=under_way)
        for name in ("position", "eta", "stops", "distance", "polyline")
    }
    to_come = known.delivery.state in TO_COME and not known.delivery.closed
    moving = known.fix if (link is None or to_come) and shows["position"] else None
    return View(
        delivery=known.delivery,
        eta=eta if shows["eta"] else None,
        remaining_stops=eta.remaining_stops if eta and shows["stops"] else None,
        remaining_meters=eta.remaining_meters if eta and shows["distance"] else None,
        fix=moving,
        polyline=_ahead(known, link) if moving and shows["polyline"] else "",
        entries=known.entries if link is None else public(known.entries),
        proofs=known.proofs,
        risk=known.risk if link is None else None,
        link=link,
        at=at,
        comments=known.comments,
        survey_open=_survey_open(known, link),
    )


def _survey_open(known: Known, link: Link | None) -> bool:
    allowed = link is None or LinkScope.SURVEY in link.scopes
    return allowed and known.delivery.outcome is not None and not known.survey_answered


def shown_point(view: View) -> Point | None:
    """Where the vehicle is, as this audience sees it."""
    if view.fix is None:
        return None
    return coarse(view.fix.point) if view.link else view.fix.point


def _ahead(known: Known, link: Link | None) -> str:
    """The way left; for recipients it begins no more exactly than the position they see."""
    if known.fix is None or not known.line:
        return ""
    point = coarse(known.fix.point) if link else known.fix.point
    return encode(project(known.line, point).ahead)


def public(entries: Iterable[MilestoneReached]) -> tuple[MilestoneReached, ...]:
    """The entries that recipients may see."""
    return tuple(entry for entry in entries if entry.milestone not in INTERNAL)
