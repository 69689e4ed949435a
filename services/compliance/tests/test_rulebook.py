"""
What a rule book keeps: never more than its budget, and whatever it forgets it says again.

Method: vehicles with dated permits, far more days than fit, and a book that forgets nothing beside.
"""

from __future__ import annotations

import gc
import random
from dataclasses import replace
from datetime import date, timedelta

from services.compliance.domain.budget import Budget
from services.compliance.domain.checking import check_presences
from services.compliance.domain.filter import VehicleFilter
from services.compliance.domain.geometry import E7, Point
from services.compliance.domain.presence import Presence
from services.compliance.domain.rule import PermitDemand, Rule
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.timeline import Timeline
from services.compliance.domain.vehicle import Permit, Vehicle
from services.compliance.tests.places import (
    DIESEL_VAN,
    at,
    charged,
    forbidden,
    hours,
    version,
    zone,
)

KEPT, ASKED, YEARS = 500, 400, 3
RULES = (
    charged(),
    forbidden(schedule=hours(8, 20, (0, 1, 2, 3, 4))),
    Rule("pass", PermitDemand("city"), VehicleFilter(lacking_permits=("city",)), hours(5, 23)),
)
MIDDLE = Point(60 * E7, 25 * E7)


def sized(kept_max: int) -> RuleBook:
    zones = [zone(*RULES, zone_id=f"z{number}") for number in range(3)]
    return RuleBook(1, [version(one, 1) for one in zones], (), kept_max)


def asked(draw: random.Random) -> tuple[Vehicle, Presence]:
    """A van with a permit for some weeks, on any day of three years."""
    first = date(2026, 1, 1) + timedelta(days=draw.randrange(900))
    permit = Permit("city", held=True, start=first, end=first + timedelta(days=60))
    van = replace(DIESEL_VAN, vehicle_id=f"v{draw.randrange(20)}", permits=(permit,))
    begun = at("2026-01-01 00:00") + timedelta(hours=draw.randrange(YEARS * 365 * 24))
    return van, Presence(MIDDLE, begun, timedelta(hours=1))


def kept(book: RuleBook) -> int:
    """What all its timelines that anybody still holds keep."""
    every = (one for one in gc.get_objects() if isinstance(one, Timeline))
    lines = [one for one in every if one._budget is book._budget]
    return sum(len(one._days) + len(one._next) + len(one._judged) for one in lines)


def test_a_book_keeps_no_more_than_its_budget_and_says_the_same() -> None:
    draw, small, ample = random.Random(3), sized(KEPT), sized(10_000_000)
    questions = [asked(draw) for _ in range(ASKED)]
    answers = list(check_presences(ample, questions))
    assert kept(ample) > 8 * KEPT

    for rank, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        assert list(check_presences(small, [question])) == [answer]
        if rank % 40 == 39:
            assert kept(small) <= KEPT


def test_what_somebody_still_holds_forgets_as_well() -> None:
    budget = Budget(2)
    held, other = (Timeline((), DIESEL_VAN, (), budget) for _ in range(2))
    held.outcome(at("2026-05-12 09:00"))
    for day in range(12, 16):
        other.outcome(at(f"2026-05-{day} 09:00"))
    held.outcome(at("2026-05-13 09:00"))

    assert len(held._days) == 1
