"""
Which vehicles a rule is about: conditions that must hold together, each with three-valued truth.

Pure. An empty condition selects every vehicle; see `Truth` for what is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from services.compliance.domain.faults import check
from services.compliance.domain.truth import Truth, every
from services.compliance.domain.vehicle import NO_EXHAUST_EURO, Body, Category, Fuel, Vehicle

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Whole numbers from `min` to `max`, both included; None bounds nothing."""

    min: int | None = None
    max: int | None = None

    def __post_init__(self) -> None:
        both = self.min is not None and self.max is not None
        check(not both or self.min <= self.max, "the lower bound is above the upper one")  # type: ignore[operator]

    def contains(self, value: int | None) -> Truth:
        """Whether the number lies inside; None is unknown, unless nothing is bounded."""
        if self.min is None and self.max is None:
            return Truth.HOLDS
        if value is None:
            return Truth.UNKNOWN
        above = self.min is None or self.min <= value
        return Truth.of(above and (self.max is None or value <= self.max))

    def __str__(self) -> str:
        low = "" if self.min is None else f"at least {self.min}"
        high = "" if self.max is None else f"at most {self.max}"
        return " and ".join(filter(None, (low, high))) or "anything"


@dataclass(frozen=True, slots=True)
class DateBounds:
    """Days of `[start, end)`; None bounds nothing."""

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        both = self.start is not None and self.end is not None
        check(not both or self.start < self.end, "the last day is not after the first")  # type: ignore[operator]

    def contains(self, day: date | None) -> Truth:
        """Whether the day lies inside; None is unknown, unless nothing is bounded."""
        if self.start is None and self.end is None:
            return Truth.HOLDS
        if day is None:
            return Truth.UNKNOWN
        begun = self.start is None or self.start <= day
        return Truth.of(begun and (self.end is None or day < self.end))

    def __str__(self) -> str:
        low = "" if self.start is None else f"from {self.start}"
        high = "" if self.end is None else f"before {self.end}"
        return " and ".join(filter(None, (low, high))) or "any day"


@dataclass(frozen=True, slots=True)
class StickerBounds:
    """Bounds on the grade of one sticker scheme."""

    scheme: str
    grade: Bounds


@dataclass(frozen=True, slots=True)
class VehicleFilter:
    """The conditions of a rule; the empty filter selects every vehicle."""

    categories: tuple[Category, ...] = ()
    fuels: tuple[Fuel, ...] = ()
    excluded_fuels: tuple[Fuel, ...] = ()
    euro_class: Bounds = Bounds()
    max_mass_grams: Bounds = Bounds()
    unladen_mass_grams: Bounds = Bounds()
    first_registration: DateBounds = DateBounds()
    bodies: tuple[Body, ...] = ()
    lacking_permits: tuple[str, ...] = ()
    held_permits: tuple[str, ...] = ()
    auto_pay: bool | None = None
    stickers: tuple[StickerBounds, ...] = ()
    toll_classes: tuple[str, ...] = ()
    registration_countries: tuple[str, ...] = ()
    height_centimeters: Bounds = Bounds()
    width_centimeters: Bounds = Bounds()
    length_centimeters: Bounds = Bounds()
    axle_mass_grams: Bounds = Bounds()


EVERY_VEHICLE = VehicleFilter()


SPOKEN = {("euro_class", NO_EXHAUST_EURO): "none: no exhaust"}  # what a number stands for


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition with what was asked and found; `attribute` is the contract's field name."""

    attribute: str
    expected: str
    actual: str
    truth: Truth


def truth_of(wanted: VehicleFilter, vehicle: Vehicle, day: date) -> Truth:
    """Whether the filter selects the vehicle on that local day."""
    return every(condition.truth for condition in conditions(wanted, vehicle, day))


def conditions(wanted: VehicleFilter, vehicle: Vehicle, day: date) -> Iterator[Condition]:
    """Every stated condition, in the order of the contract."""
    yield from _choices(wanted, vehicle)
    yield from _measures(wanted, vehicle)
    yield from _papers(wanted, vehicle, day)


def _choices(wanted: VehicleFilter, vehicle: Vehicle) -> Iterator[Condition]:
    for attribute, chosen, actual in (
        ("category", wanted.categories, vehicle.category),
        ("fuel", wanted.fuels, vehicle.fuel),
        ("body", wanted.bodies, vehicle.body),
        ("toll_class", wanted.toll_classes, vehicle.toll_class),
        (
            "registration_country_code",
            wanted.registration_countries,
            vehicle.registration_country,
        ),
    ):
        if chosen:
            yield _one_of(attribute, chosen, actual)
    if wanted.excluded_fuels:
        known = None if vehicle.fuel is None else vehicle.fuel not in wanted.excluded_fuels
        expected = f"none of {', '.join(wanted.excluded_fuels)}"
        yield Condition("fuel", expected, vehicle.fuel or UNKNOWN, Truth.of(known))


def _one_of(attribute: str, chosen: Collection[str], actual: str | None) -> Condition:
    known = None if actual is None else actual in chosen
    return Condition(attribute, f"one of {', '.join(chosen)}", actual or UNKNOWN, Truth.of(known))


def _measures(wanted: VehicleFilter, vehicle: Vehicle) -> Iterator[Condition]:
    for attribute, bounds, value in (
        ("euro_class", wanted.euro_class, vehicle.euro),
        ("max_mass_grams", wanted.max_mass_grams, vehicle.max_mass_grams),
        ("unladen_mass_grams", wanted.unladen_mass_grams, vehicle.unladen_mass_grams),
        ("height_centimeters", wanted.height_centimeters, vehicle.height_centimeters),
        ("width_centimeters", wanted.width_centimeters, vehicle.width_centimeters),
        ("length_centimeters", wanted.length_centimeters, vehicle.length_centimeters),
        ("axle_mass_grams", wanted.axle_mass_grams, vehicle.axle_mass_grams),
    ):
        if bounds != Bounds():
            yield _measured(attribute, bounds, value)
    for sticker in wanted.stickers:
        attribute = f"stickers.{sticker.scheme}"
        yield _measured(attribute, sticker.grade, vehicle.grade(sticker.scheme))


def _measured(attribute: str, bounds: Bounds, value: int | None) -> Condition:
    actual = UNKNOWN if value is None else SPOKEN.get((attribute, value), str(value))
    return Condition(attribute, str(bounds), actual, bounds.contains(value))


def _papers(wanted: VehicleFilter, vehicle: Vehicle, day: date) -> Iterator[Condition]:
    if wanted.first_registration != DateBounds():
        actual = vehicle.first_registration
        truth = wanted.first_registration.contains(actual)
        expected = str(wanted.first_registration)
        yield Condition("first_registration_date", expected, str(actual or UNKNOWN), truth)
    for scheme in wanted.lacking_permits:
        held = vehicle.holds(scheme, day)
        yield Condition(f"permits.{scheme}", "not held", _held(held), _negated(held))
    for scheme in wanted.held_permits:
        held = vehicle.holds(scheme, day)
        yield Condition(f"permits.{scheme}", "held", _held(held), held)
    if wanted.auto_pay is not None:
        known = None if vehicle.auto_pay is None else vehicle.auto_pay is wanted.auto_pay
        actual_pay = UNKNOWN if vehicle.auto_pay is None else str(vehicle.auto_pay).lower()
        yield Condition("auto_pay", str(wanted.auto_pay).lower(), actual_pay, Truth.of(known))


def _held(truth: Truth) -> str:
    return {Truth.HOLDS: "held", Truth.FAILS: "not held", Truth.UNKNOWN: UNKNOWN}[truth]


def _negated(truth: Truth) -> Truth:
    return Truth(Truth.HOLDS - truth)
