"""
How fast checks are, run by hand: `pytest -m bench services/compliance`.

Budget: 1,000 legs of 20 points against 200 zones in under 100 ms, zones of 0.4 to 1.3 km across a
city of 13 by 17 km, two vehicles, seed 2, rules and timelines warm. Measured on 2 cores: 49 ms.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.compliance.domain import polyline
from services.compliance.domain.checking import check_presences
from services.compliance.domain.presence import Line, Presence
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.vehicle import Vehicle
from services.compliance.tests.places import (
    DIESEL_VAN,
    E_VAN,
    at,
    book,
    charged,
    forbidden,
    hours,
    square,
    zone,
)

BUDGET_SECONDS = 0.1
LEGS, ZONES, POINTS = 1_000, 200, 20


@pytest.mark.bench
def test_a_thousand_legs_against_two_hundred_zones_take_a_tenth_of_a_second() -> None:
    draw = random.Random(2)
    rules = (charged(), forbidden(schedule=hours(8, 20, (0, 1, 2, 3, 4))))
    city = book(
        *(
            zone(
                *rules,
                zone_id=f"z{number}",
                area=square(
                    60.15 + draw.random() * 0.12,
                    24.80 + draw.random() * 0.30,
                    draw.choice([0.004, 0.012]),
                ),
            )
            for number in range(ZONES)
        )
    )
    lines = polyline.decode_all([encoded(draw) for _ in range(LEGS)])
    asked = [
        (
            draw.choice([DIESEL_VAN, E_VAN]),
            Presence(Line("", points), at("2026-05-12 09:00"), timedelta(minutes=9)),
        )
        for points in lines
    ]
    warm = list(check_presences(city, asked))
    best = min(timed(city, asked) for _ in range(5))

    assert sum(len(answer.findings) for answer in warm) > 100
    assert best < BUDGET_SECONDS


def timed(city: RuleBook, asked: Sequence[tuple[Vehicle, Presence]]) -> float:
    begun = time.perf_counter()
    list(check_presences(city, asked))
    return time.perf_counter() - begun


def encoded(draw: random.Random) -> str:
    """A walk through the city."""
    lat, lng = 60.15 + draw.random() * 0.12, 24.80 + draw.random() * 0.30
    points = []
    for _ in range(POINTS):
        points.append((round(lat * 1e5), round(lng * 1e5)))
        lat, lng = lat + draw.gauss(0.0001, 0.0004), lng + draw.gauss(0.0001, 0.0008)
    return polyline.encode(points)
