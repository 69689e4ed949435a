"""
Conditional restrictions of OpenStreetMap: `no @ (07:30-19:00 AND weight>7.5)` -> clauses.

Whoever delivers has its destination in the street: `destination` and `delivery` hold for us.

Syntax: https://wiki.openstreetmap.org/wiki/Conditional_restrictions
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from services.compliance.convert.imports.hours import Hours, hours_of
from services.compliance.domain.faults import Unsound
from services.compliance.domain.filter import Bounds, VehicleFilter

OURS = {"destination", "delivery"}
GRAMS_PER_TONNE, CENTIMETERS_PER_METER = 1_000_000, 100
MEASURES = {  # the word of a condition or limit: our condition, its units
    "weight": ("max_mass_grams", GRAMS_PER_TONNE),
    "weightrating": ("max_mass_grams", GRAMS_PER_TONNE),
    "axleload": ("axle_mass_grams", GRAMS_PER_TONNE),
    "height": ("height_centimeters", CENTIMETERS_PER_METER),
    "width": ("width_centimeters", CENTIMETERS_PER_METER),
    "length": ("length_centimeters", CENTIMETERS_PER_METER),
}
NUMBER = r"\d{1,6}(?:\.\d{1,6})?"  # of tonnes or meters: a longer one is none
CLAUSE = re.compile(r"\s*([^@;]+?)\s*@\s*(\([^)]*\)|[^;]+?)\s*(?:;|$)")
ATOM = re.compile(rf"({'|'.join(MEASURES)})\s*(<=|>=|<|>)\s*({NUMBER})")


@dataclass(frozen=True, slots=True)
class Clause:
    """A value, and when it holds: hours, the vehicles above a measure, or what nobody can read."""

    value: str
    text: str
    hours: str = ""
    above: VehicleFilter | None = None  # the measure separates vehicles at this bound
    is_above: bool = True  # whether the clause is about those above it
    unread: str = ""

    def when(self) -> Hours:
        """The hours; without any, always."""
        return hours_of(self.hours or "24/7")


def clauses(text: str) -> Iterator[Clause]:
    """Every clause in order; what cannot be read at all is one clause that says so."""
    end = 0
    for found in CLAUSE.finditer(text):
        if found.start() != end:
            break
        end = found.end()
        yield _clause(found[1].strip(), found[2].strip(), found[0].strip(" ;"))
    if end != len(text.strip()) and end != len(text):
        yield Clause("", text, unread=text)


def _clause(value: str, condition: str, text: str) -> Clause:
    if condition.startswith("(") and condition.endswith(")"):
        condition = condition[1:-1]
    hours, above, is_above = "", None, True
    for atom in re.split(r"\s+AND\s+", condition.strip()):
        compared = ATOM.fullmatch(atom)
        if compared is not None and above is None:
            above, is_above = _measured(compared[1], compared[2], compared[3])
        elif compared is not None or (hours and atom not in OURS):
            return Clause(value, text, unread=condition)
        elif atom not in OURS:
            hours = atom
    try:
        hours_of(hours or "24/7").schedule()
    except Unsound:
        return Clause(value, text, unread=condition)
    return Clause(value, text, hours, above, is_above)


def _measured(word: str, sign: str, number: str) -> tuple[VehicleFilter, bool]:
    """Those above a bound, and whether they are the ones who are meant."""
    name, unit = MEASURES[word]
    bound = int(Decimal(number) * unit)
    first = bound if sign in (">=", "<") else bound + 1
    return over(name, first), sign.startswith(">")


def over(name: str, first: int) -> VehicleFilter:
    """The vehicles that measure so much or more."""
    return VehicleFilter(**{name: Bounds(min=first)})  # type: ignore[arg-type]
