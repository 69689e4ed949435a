"""
A vehicle as access rules and emission factors see it.

Pure. What is None is unknown, never assumed. Masses in grams, sizes in centimeters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.compliance.domain.faults import check
from services.compliance.domain.truth import Truth

NO_EXHAUST_EURO = 99  # a vehicle without exhaust is cleaner than every Euro class


class Category(StrEnum):
    """Vehicle categories of Regulation (EU) 2018/858, and what needs no type approval."""

    CYCLE = "CYCLE"
    L = "L"
    M1 = "M1"
    M2 = "M2"
    M3 = "M3"
    N1 = "N1"
    N2 = "N2"
    N3 = "N3"
    FOOT = "FOOT"


class Fuel(StrEnum):
    """What moves a vehicle."""

    DIESEL = "DIESEL"
    PETROL = "PETROL"
    ELECTRIC = "ELECTRIC"
    HYDROGEN = "HYDROGEN"
    LPG = "LPG"
    CNG = "CNG"
    HYBRID_PETROL = "HYBRID_PETROL"
    HYBRID_DIESEL = "HYBRID_DIESEL"
    PLUG_IN_PETROL = "PLUG_IN_PETROL"
    PLUG_IN_DIESEL = "PLUG_IN_DIESEL"
    MUSCLE = "MUSCLE"


NO_EXHAUST = frozenset({Fuel.ELECTRIC, Fuel.HYDROGEN, Fuel.MUSCLE})


class Body(StrEnum):
    """Vehicle bodies."""

    RIGID = "RIGID"
    TRACTOR = "TRACTOR"
    VAN = "VAN"
    PASSENGER = "PASSENGER"


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether the permit of a scheme is held, on the local days `[start, end)`."""

    scheme: str
    held: bool
    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        dated = self.start is not None and self.end is not None
        check(not dated or self.start < self.end, "a permit ends after it starts")  # type: ignore[operator]

    def valid_on(self, day: date) -> bool:
        """Whether it is held on that day."""
        begun = self.start is None or self.start <= day
        return self.held and begun and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Sticker:
    """The grade of an environmental sticker, by its scheme's own count."""

    scheme: str
    grade: int


@dataclass(frozen=True, slots=True)
class Vehicle:
    """The attributes; hashable, so that answers can be kept per vehicle."""

    vehicle_id: str
    category: Category | None = None
    fuel: Fuel | None = None
    euro_class: int | None = None
    max_mass_grams: int | None = None
    unladen_mass_grams: int | None = None
    first_registration: date | None = None
    body: Body | None = None
    permits: tuple[Permit, ...] = ()
    permits_complete: bool = False
    auto_pay: bool | None = None
    stickers: tuple[Sticker, ...] = ()
    toll_class: str | None = None
    registration_country: str | None = None
    height_centimeters: int | None = None
    width_centimeters: int | None = None
    length_centimeters: int | None = None
    axle_mass_grams: int | None = None
    user_classes: tuple[str, ...] = ()
    payload_grams: int | None = None
    watt_hours_per_kilometer: int | None = None
    milliliters_per_hundred_kilometers: int | None = None
    refrigerated: bool = False
    renewable_diesel: bool = False  # HVO: to rules it is diesel, to factors too, which say so

    def __post_init__(self) -> None:
        schemes = [sticker.scheme for sticker in self.stickers]
        check(len(schemes) == len(set(schemes)), "one sticker per scheme")

    @property
    def euro(self) -> int | None:
        """The Euro class that rules compare."""
        return NO_EXHAUST_EURO if self.fuel in NO_EXHAUST else self.euro_class

    @property
    def has_dated_permits(self) -> bool:
        """Whether the answer to a rule may change from one day to the next."""
        return any(permit.start or permit.end for permit in self.permits)

    def holds(self, scheme: str, day: date) -> Truth:
        """Whether it holds a permit of the scheme on that day."""
        listed = [permit for permit in self.permits if permit.scheme == scheme]
        if not listed and not self.permits_complete:
            return Truth.UNKNOWN
        return Truth.of(any(permit.valid_on(day) for permit in listed))

    def grade(self, scheme: str) -> int | None:
        """The grade of its sticker."""
        return next((s.grade for s in self.stickers if s.scheme == scheme), None)
