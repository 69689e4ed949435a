"""
A rule of a zone: which vehicles, when, and what then. Pure; money in millionths of its currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.compliance.domain.faults import check
from services.compliance.domain.filter import EVERY_VEHICLE, VehicleFilter
from services.compliance.domain.schedule import ALWAYS, Schedule


class ChargeUnit(StrEnum):
    """For what a charge is due once."""

    DAY = "DAY"  # per vehicle and local day of presence
    ENTRY = "ENTRY"  # per entry from outside
    PASSAGE = "PASSAGE"  # per crossing of the boundary, in or out


@dataclass(frozen=True, slots=True)
class Prohibition:
    """Keeps the vehicle out; the fine is information only."""

    penalty_micros: int = 0
    currency_code: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """Lets the vehicle in for money. A cap of 0 is none."""

    amount_micros: int
    currency_code: str
    unit: ChargeUnit
    daily_cap_micros: int = 0

    def __post_init__(self) -> None:
        check(self.amount_micros > 0, "a charge costs something")
        check(len(self.currency_code) == 3, "a currency has three letters")


@dataclass(frozen=True, slots=True)
class PermitDemand:
    """Lets the vehicle in with a permit that, by the filter, it does not hold."""

    scheme: str
    instructions: str = ""


Effect = Prohibition | Charge | PermitDemand


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one zone."""

    rule_id: str
    effect: Effect
    filter: VehicleFilter = EVERY_VEHICLE
    schedule: Schedule = ALWAYS
    title: str = ""
    source: str = ""
