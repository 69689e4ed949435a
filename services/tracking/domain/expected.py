"""What is expected of a stop and of its promise, as values: events carry them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.tracking.domain.calibration import Raw
from services.tracking.domain.crew import Charge
from services.tracking.domain.route import Window


class EtaBasis(StrEnum):
    """What an expected arrival rests on."""

    PLAN = "PLAN"
    LIVE = "LIVE"
    CARRIER = "CARRIER"


class EtaReason(StrEnum):
    """Why an expectation is told anew."""

    UNSPECIFIED = "UNSPECIFIED"
    FIRST = "FIRST"
    FIRMER = "FIRMER"
    PROGRESS = "PROGRESS"
    PLAN_REVISED = "PLAN_REVISED"
    POSITION_LOST = "POSITION_LOST"
    WEATHER = "WEATHER"


class RiskLevel(StrEnum):
    """The chance of missing a promise, in words."""

    UNSPECIFIED = "UNSPECIFIED"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CERTAIN = "CERTAIN"


@dataclass(frozen=True, slots=True)
class Quote:
    """An expected arrival as it was told."""

    told_at: datetime
    p10: datetime
    p50: datetime
    p90: datetime
    basis: EtaBasis = EtaBasis.PLAN
    revision: int = 0  # of the route
    slowed: bool = False  # by the weather


@dataclass(frozen=True, slots=True)
class Eta:
    """When a vehicle is expected at a stop, and what that rests on."""

    route_id: str
    stop_id: str
    p10: datetime
    p50: datetime
    p90: datetime
    basis: EtaBasis
    computed_at: datetime
    planned_at: datetime
    remaining_stops: int
    remaining_meters: int
    fix_at: datetime | None = None
    service_seconds: int = 0  # from arrival to the handover, as learned or planned
    service_spread: int = 0  # its standard deviation, in seconds
    failure: float | None = None  # chance that the attempt fails; None: not known
    slowed: bool = False  # by the weather where the stop is
    revision: int = 0  # of the route
    raw: Raw | None = None  # before calibration


@dataclass(frozen=True, slots=True)
class Risk:
    """How likely a promise will be missed."""

    task: Charge
    stop_id: str
    route_id: str
    probability: float
    late_seconds: int
    level: RiskLevel
    promise: Window
    eta: Eta
    priority: int = 0
    stake: float = 0.0  # what risks are ranked by
