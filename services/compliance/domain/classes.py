"""
Which rows of a factor table describe a vehicle, best first.

Pure. The classes are those of the UK government's conversion factors (DESNZ/DEFRA): vans by
reference mass, rigid trucks by gross mass and load, average cars, average motorbikes. Where the
table knows no such vehicle a neighbour stands in, and is named as an assumption.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from services.compliance.domain.vehicle import Body, Category, Fuel, Vehicle

VAN_CLASSES = (  # upper bound of the reference mass in grams; DESNZ conversion factors 2025
    (1_305_000, "van-1"),
    (1_740_000, "van-2"),
    (3_500_000, "van-3"),
)
RIGID_CLASSES = (  # upper bound of the gross mass in grams; DESNZ conversion factors 2025
    (7_500_000, "rigid-7.5t"),
    (17_000_000, "rigid-17t"),
)
VAN_GRAMS_MAX = 3_500_000  # Regulation (EU) 2018/858, article 4: N1 up to 3.5 t
REFERENCE_EXTRA_GRAMS = (
    25_000  # reference mass = mass in running order + 25 kg: Reg. 715/2007 art. 3
)
VARIANTS: dict[Fuel, tuple[str, ...]] = {
    Fuel.DIESEL: ("diesel",),
    Fuel.PETROL: ("petrol",),
    Fuel.ELECTRIC: ("electric",),
    Fuel.LPG: ("lpg",),
    Fuel.CNG: ("cng",),
    Fuel.HYDROGEN: ("hydrogen",),  # in no built-in set: one that a tenant loads may have it
    Fuel.HYBRID_PETROL: ("hybrid", "petrol"),
    Fuel.HYBRID_DIESEL: ("hybrid", "diesel"),
    Fuel.PLUG_IN_PETROL: ("plug-in", "petrol"),
    Fuel.PLUG_IN_DIESEL: ("plug-in", "diesel"),
}

# Measured for electric cargo bikes: 0.03 kWh/km, European Transport Research Review 2021,
# doi:10.1186/s12544-021-00491-5, as quoted by ClimateView's transition-element-framework.
CARGO_BIKE_WATT_HOURS_PER_KILOMETER = 30
FUELS = {
    Fuel.DIESEL: "fuel.diesel.liter",
    Fuel.HYBRID_DIESEL: "fuel.diesel.liter",
    Fuel.PETROL: "fuel.petrol.liter",
    Fuel.HYBRID_PETROL: "fuel.petrol.liter",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Rows with weights that together describe the vehicle, and what that assumes."""

    parts: tuple[tuple[str, int], ...]
    assumptions: tuple[str, ...] = ()


def candidates(vehicle: Vehicle, mass_grams: int) -> Iterator[Candidate]:
    """From exact to rough; `mass_grams` is the load."""
    stands_in = tuple(_stands_in(vehicle))
    for found in _ranked(vehicle, mass_grams):
        yield Candidate(found.parts, (*found.assumptions, *stands_in))


def _stands_in(vehicle: Vehicle) -> Iterator[str]:
    """What the table has no rows for, and is counted by others."""
    if vehicle.category in (Category.M2, Category.M3):
        yield "a bus counts as a van: the table has no buses"
    if vehicle.body is Body.TRACTOR:
        yield "an articulated truck counts as a rigid one"
    if vehicle.category is None:
        counted = "truck" if _is_truck(vehicle) else "van"
        yield f"a vehicle of no stated category counts as a {counted}"


def _is_truck(vehicle: Vehicle) -> bool:
    """By category, else by mass."""
    heavy = (vehicle.max_mass_grams or 0) > VAN_GRAMS_MAX
    return vehicle.category in (Category.N2, Category.N3) or (vehicle.category is None and heavy)


def _ranked(vehicle: Vehicle, mass_grams: int) -> Iterator[Candidate]:
    if vehicle.category is Category.CYCLE:
        return
    if _is_truck(vehicle):
        yield from _trucks(vehicle, mass_grams)
    elif vehicle.category is Category.M1:
        yield from _named(("car-average",), vehicle)
    elif vehicle.category is Category.L:
        yield from _light(vehicle)
    else:
        yield from _vans(vehicle)
    if vehicle.fuel is None:
        assumed = ("the vehicle is not known well: an average van of unknown fuel stands in",)
        yield Candidate((("van-average.unknown.km", 1),), assumed)


def _vans(vehicle: Vehicle) -> Iterator[Candidate]:
    mass = vehicle.unladen_mass_grams
    own = () if mass is None else (_class_of(mass + REFERENCE_EXTRA_GRAMS, VAN_CLASSES, "van-3"),)
    yield from _named((*own, "van-average"), vehicle)


def _light(vehicle: Vehicle) -> Iterator[Candidate]:
    if vehicle.fuel is Fuel.ELECTRIC:
        assumed = ("a light electric vehicle counts as a small electric car",)
        yield Candidate((("car-small.electric.km", 1),), assumed)
    else:
        yield Candidate((("motorbike-average.km", 1),))


def _named(classes: tuple[str, ...], vehicle: Vehicle) -> Iterator[Candidate]:
    variants = VARIANTS.get(vehicle.fuel, ()) if vehicle.fuel else ()
    for variant, name in product(variants, classes):
        rough = name != classes[0] or variant != variants[0]
        assumed = (f"{name} {variant} stands in for this vehicle",) if rough else ()
        yield Candidate(((f"{name}.{variant}.km", 1),), assumed)


def _trucks(vehicle: Vehicle, mass_grams: int) -> Iterator[Candidate]:
    mass = vehicle.max_mass_grams
    name = "rigid-all" if mass is None else _class_of(mass, RIGID_CLASSES, "rigid-over-17t")
    prefix = "cooled-" if vehicle.refrigerated else ""
    diesel = vehicle.fuel in (Fuel.DIESEL, Fuel.HYBRID_DIESEL)
    assumed = () if diesel else ("a diesel truck stands in: the table has no other",)
    payload = vehicle.payload_grams
    if payload:
        load = min(mass_grams, payload)
        empty, full = f"{prefix}{name}.empty.km", f"{prefix}{name}.full.km"
        yield Candidate(((empty, payload - load), (full, load)), assumed)
    yield Candidate(((f"{prefix}{name}.average.km", 1),), assumed)


def _class_of(mass_grams: int, classes: tuple[tuple[int, str], ...], beyond: str) -> str:
    return next((name for bound, name in classes if mass_grams <= bound), beyond)
