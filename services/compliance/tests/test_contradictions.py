"""
What in rules contradicts itself, and what is wrong with areas.

Method: one sound rule or square with one fault planted; the place and the sentence must name it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.compliance.domain.contradictions import contradictions
from services.compliance.domain.faults import Unsound
from services.compliance.domain.filter import Bounds, StickerBounds, VehicleFilter
from services.compliance.domain.geometry import E7, Point, Polygon, Ring
from services.compliance.domain.rule import Charge, ChargeUnit, PermitDemand, Prohibition, Rule
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan, YearDay
from services.compliance.domain.shapes import area_shape, check_area
from services.compliance.domain.vehicle import Fuel
from services.compliance.tests.places import DIESEL, SQUARE, charged, day, forbidden, hours, square

Corner = tuple[float, float]
EURO, CROWN = (Charge(1, code, ChargeUnit.DAY, 9) for code in ("EUR", "SEK"))
MONDAYS = TimeSpan((0,))
HOLIDAYS = TimeSpan(holidays=HolidayEffect.ONLY)
EVERY_DATE = tuple(
    YearDay(one.month, one.day)
    for one in (day("2000-01-01") + timedelta(days=n) for n in range(366))  # a leap year
)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (VehicleFilter(fuels=(Fuel.DIESEL,), excluded_fuels=(Fuel.DIESEL,)), "excluded_fuels"),
        (VehicleFilter(lacking_permits=("a",), held_permits=("a", "b")), "held_permits"),
        (VehicleFilter(fuels=(Fuel.ELECTRIC,), euro_class=Bounds(max=5)), "euro_class"),
        (VehicleFilter(max_mass_grams=Bounds(max=-1)), "max_mass_grams"),
        (
            VehicleFilter(
                stickers=(StickerBounds("a", Bounds(max=2)), StickerBounds("a", Bounds(min=3)))
            ),
            "stickers",
        ),
    ],
)
def test_a_filter_that_matches_nothing_is_told(wanted: VehicleFilter, field: str) -> None:
    (found,) = contradictions([Rule("a", Prohibition(), wanted)])

    assert (found.rule_index, found.field) == (0, f"filter.{field}")


@pytest.mark.parametrize(
    ("schedule", "holidays", "holds"),
    [
        (Schedule(), (), True),
        (Schedule(day("2026-05-12"), day("2026-05-13"), (MONDAYS,)), (), False),  # a Tuesday
        (Schedule(day("2026-05-11"), day("2026-05-13"), (MONDAYS,)), (), True),
        (Schedule(excepted=EVERY_DATE), (), False),
        (Schedule(excepted=EVERY_DATE[:-1]), (), True),
        (Schedule(end=day("2026-05-12"), excepted=EVERY_DATE), (), False),
        (Schedule(day("2026-05-12"), day("2026-05-13"), (HOLIDAYS,)), (), True),  # nobody knows
        (
            Schedule(day("2026-05-12"), day("2026-05-13"), (HOLIDAYS,)),
            (day("2026-05-14"),),
            False,
        ),
        (Schedule(spans=(replace(MONDAYS, months=(2,), days_of_month=(30,)),)), (), False),
    ],
)
def test_a_schedule_that_never_holds_is_told(
    schedule: Schedule, holidays: tuple[date, ...], holds: bool
) -> None:
    found = list(contradictions([forbidden(schedule=schedule)], holidays))

    assert [one.field for one in found] == ([] if holds else ["schedule"])


@pytest.mark.parametrize(
    ("rules", "fields"),
    [
        ([charged(), forbidden()], ["schedule"]),
        ([forbidden(), charged()], ["schedule"]),
        ([forbidden(schedule=hours(6, 7)), charged(schedule=hours(6, 7))], ["schedule"]),
        ([forbidden(), charged(schedule=hours(6, 7))], ["schedule"]),
        ([forbidden(schedule=hours(6, 7)), charged()], []),  # due at other hours
        ([forbidden(), Rule("pass", PermitDemand("a"), DIESEL)], ["schedule"]),
        ([forbidden(), Rule("fee", EURO)], []),  # due for others
        ([forbidden(), forbidden("again", hours(6, 7))], []),  # says the same by another law
        ([charged(), charged(rule_id="again")], ["rule_id"]),
        ([charged(), charged(rule_id="again", schedule=hours(6, 7))], []),
        ([Rule("a", EURO), Rule("b", CROWN)], ["charge.currency_code"]),
        (
            [Rule("a", EURO), Rule("b", replace(CROWN, daily_cap_micros=0))],
            ["charge.currency_code"],
        ),
        (
            [
                Rule("a", replace(EURO, daily_cap_micros=0)),
                Rule("b", replace(CROWN, daily_cap_micros=0)),
            ],
            [],
        ),
    ],
)
def test_rules_that_do_not_go_together_are_told_at_the_later_one(
    rules: list[Rule], fields: list[str]
) -> None:
    found = list(contradictions(rules))

    assert [one.field for one in found] == fields
    assert all(one.rule_index == 1 for one in found)


def ring(*corners: Corner) -> Ring:
    return Ring(tuple(Point.of_degrees(*corner) for corner in corners))


OUTER = ring((60, 24), (60, 25), (61, 25), (61, 24))
HOLE = ring((60.2, 24.2), (60.2, 24.4), (60.4, 24.4), (60.4, 24.2))


@pytest.mark.parametrize(
    ("area", "where", "said"),
    [
        (
            (Polygon(ring((60, 24), (61, 25), (61, 24), (60, 25))),),
            "areas[0].outer",
            "crosses itself at latitude 60.5, longitude 24.5",
        ),
        ((Polygon(ring((60, 24), (60.5, 24.5), (61, 25))),), "areas[0].outer", "lie on one line"),
        (
            (Polygon(OUTER, (ring((62, 24), (62, 25), (63, 25)),)),),
            "areas[0].holes[0]",
            "leaves its outer boundary",
        ),
        (
            (Polygon(OUTER, (HOLE, ring((60.5, 24.5), (60.5, 26), (60.6, 24.5)))),),
            "areas[0].holes[1]",
            "leaves its outer boundary at latitude 60.5",
        ),
        ((Polygon(OUTER, (HOLE, HOLE)),), "areas[0].holes", ""),
        (
            (Polygon(OUTER, (ring((60, 24.5), (60.5, 24), (61, 24.5), (60.5, 25)),)),),
            "areas[0].holes",
            "cut the area in pieces",
        ),
        ((SQUARE, SQUARE), "areas[1]", "is the same as areas[0]"),
        (
            (SQUARE, square(61, 30), square(60, 25)),
            "areas[2]",
            "overlaps areas[0] at latitude 60.0250000",
        ),
    ],
)
def test_an_area_is_refused_with_the_place_of_its_fault(area: Any, where: str, said: str) -> None:
    with pytest.raises(Unsound) as caught:
        check_area(area)
    assert caught.value.where == where
    assert said in str(caught.value)
    assert caught.value.reason == "GEOMETRY_INVALID"


@pytest.mark.parametrize(
    "area",
    [
        (Polygon(Ring(OUTER.points[::-1])),),  # the other way round
        (Polygon(Ring((*OUTER.points, OUTER.points[0]))),),  # closed by its sender
        (Polygon(OUTER, (HOLE,)),),
        (Polygon(OUTER, (ring((60, 24), (60.2, 24.1), (60.2, 24.2)),)),),  # touches in a point
        (SQUARE, square(59.95, 25.05)),  # side by side
    ],
)
def test_an_area_may_be_written_either_way_round_closed_or_not(area: Any) -> None:
    check_area(area)

    assert not area_shape(area).is_empty


@pytest.mark.parametrize(
    "corners", [((0.1, 179), (0.1, -179), (1, -179)), ((10, -100), (10, 100), (20, 0))]
)
def test_half_the_earth_and_the_antimeridian_are_refused(corners: tuple[Corner, ...]) -> None:
    with pytest.raises(Unsound, match="degrees wide"):
        ring(*corners)


def test_the_units_of_a_degree_are_those_of_the_store() -> None:
    assert Point.of_degrees(60, 24) == Point(60 * E7, 24 * E7)
