"""
Conditional access of OpenStreetMap against its own law: the last clause that holds decides.

Method: random clauses on the keys of a van; every hour of two weeks with two public holidays is
asked of the rules that were made, and of the clauses one by one, read by the library of hours. The
rules say the same, or that it is unknown, and then why.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime

import pytest
from opening_hours import OpeningHours

from services.compliance.convert.imports.osm_tags import Street, street_of
from services.compliance.domain.filter import truth_of
from services.compliance.domain.rule import Prohibition
from services.compliance.domain.truth import Truth
from services.compliance.domain.vehicle import Category, Vehicle
from services.compliance.tests.test_hours import QUARTERS, holds

HOURS = (
    *("24/7", "Mo-Fr 08:00-16:00", "10:00-12:00", "Mo-Fr 08:00-20:00; PH off", "Sa", "19:00-06:00"),
    *("Mo-Fr 20:00-26:00", "PH,Su 00:00-24:00", "May Mo-Fr 10:00-18:00", "2026 May 6-May 9"),
)
VALUES = ("no", "yes", "delivery", "destination", "no")
WEIGHTS = ("", "", "", " AND weight>3.5", " AND weight<=3.5")
KEYS = ("vehicle", "motor_vehicle", "goods")
VANS = [Vehicle("van", Category.N1, max_mass_grams=mass) for mass in (2_000_000, 5_000_000)]

Said = tuple[str, str, str]  # a value, hours, a condition of weight


def clauses(dice: random.Random) -> dict[str, list[Said]]:
    said: dict[str, list[Said]] = {}
    for _ in range(dice.randrange(1, 5)):
        clause = dice.choice(VALUES), dice.choice(HOURS), dice.choice(WEIGHTS)
        said.setdefault(dice.choice(KEYS), []).append(clause)
    return said


def tags_of(plain: Mapping[str, str], said: Mapping[str, list[Said]]) -> dict[str, str]:
    conditional = {
        f"{key}:conditional": "; ".join(f"{value} @ ({hours}{more})" for value, hours, more in own)
        for key, own in said.items()
    }
    return {"highway": "residential", **plain, **conditional}


def is_open(plain: str, said: Mapping[str, list[Said]], van: Vehicle, at: datetime) -> bool:
    """By the clauses alone."""
    value = plain
    for key in KEYS:
        for own, hours, more in said.get(key, ()):
            heavy = (van.max_mass_grams or 0) > 3_500_000
            meant = not more or heavy is (">" in more)
            if meant and OpeningHours(hours, country="FR").is_open(at):
                value = own
    return value != "no"


def answer(street: Street, van: Vehicle, at: datetime) -> bool | None:
    """By the rules; None is unknown."""
    met = [
        isinstance(rule.effect, Prohibition)
        for rule in street.rules
        if truth_of(rule.filter, van, at.date()) is not Truth.FAILS and holds(rule.schedule, at)
    ]
    return None if met and not any(met) else not met


@pytest.mark.parametrize("seed", range(60))
def test_the_last_clause_that_holds_decides(seed: int) -> None:
    dice = random.Random(seed)
    plain, said = dice.choice(["yes", "no"]), clauses(dice)
    tags = tags_of({"access": plain}, said)
    street = street_of(tags)
    unknown = False
    for at in QUARTERS[::4]:
        for van in VANS:
            found = answer(street, van, at)
            unknown |= found is None
            assert found in (None, is_open(plain, said, van, at)), (tags, van, at, street.rules)

    assert not unknown or street.notices
