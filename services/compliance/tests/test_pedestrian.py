"""
Delivery hours of a pedestrian street: who stops there must have left before they end.

Method: a street as Heidelberg's Hauptstrasse is mapped in OpenStreetMap, open to motor vehicles by
`motor_vehicle:conditional=destination @ (Mo-Sa 06:00-11:00)`; Berlin is two hours ahead of UTC.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.compliance.domain.checking import check_presences, check_routes
from services.compliance.domain.filter import VehicleFilter
from services.compliance.domain.finding import CheckedRoute
from services.compliance.domain.geometry import E7, Point
from services.compliance.domain.presence import Presence
from services.compliance.domain.rule import Prohibition, Rule
from services.compliance.domain.schedule import Schedule, TimeSpan
from services.compliance.domain.vehicle import Category, Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import Zone, ZoneKind
from services.compliance.tests.places import BIKE, DIESEL_VAN, at, book, square

HOUR = 3_600
SUNDAY, WORKDAYS = (6,), tuple(range(6))
CLOSED = Schedule(
    spans=(
        TimeSpan(WORKDAYS, 0, 6 * HOUR),
        TimeSpan(WORKDAYS, 11 * HOUR, 24 * HOUR),
        TimeSpan(SUNDAY),
    )
)
MOTOR = VehicleFilter(categories=(Category.L, Category.M1, Category.N1, Category.N2, Category.N3))
STREET = Zone(
    "hauptstrasse",
    "Hauptstrasse",
    ZoneKind.PEDESTRIAN,
    "Europe/Berlin",
    (square(49.41, 8.70, 0.002),),
    (Rule("closed", Prohibition(), MOTOR, CLOSED),),
)
BOOK = book(STREET)


def stop(start: str, minutes: int) -> Presence:
    place = Point(round(49.411 * E7), round(8.701 * E7))
    return Presence(place, at(start), timedelta(minutes=minutes), subject_id="stop")


def verdict(presence: Presence, vehicle: Vehicle = DIESEL_VAN) -> Verdict:
    (answer,) = check_presences(BOOK, [(vehicle, presence)])
    return answer.verdict


@pytest.mark.parametrize(
    ("start", "minutes", "expected"),
    [
        ("2026-05-12 04:00", 15, Verdict.ALLOW),  # 06:00, as it opens
        ("2026-05-12 03:59", 15, Verdict.DENY),  # a minute early
        ("2026-05-12 08:45", 15, Verdict.ALLOW),  # gone at 11:00
        ("2026-05-12 08:50", 15, Verdict.DENY),  # arrives inside, departs at 11:05
        ("2026-05-12 08:59", 0, Verdict.ALLOW),
        ("2026-05-12 09:00", 0, Verdict.DENY),
        ("2026-05-12 03:00", 400, Verdict.DENY),  # around the whole of the hours
        ("2026-05-17 05:00", 15, Verdict.DENY),  # a Sunday
        ("2026-05-16 05:00", 15, Verdict.ALLOW),  # a Saturday
        ("2026-03-28 09:45", 15, Verdict.ALLOW),  # 10:45 in winter time
        ("2026-03-30 09:45", 15, Verdict.DENY),  # 11:45 in summer time
    ],
)
def test_a_stop_is_allowed_only_when_arrival_and_departure_lie_inside(
    start: str, minutes: int, expected: Verdict
) -> None:
    assert verdict(stop(start, minutes)) is expected


def test_a_cargo_bike_may_stop_at_any_time() -> None:
    assert verdict(stop("2026-05-12 15:00", 15), BIKE) is Verdict.ALLOW


def test_a_vehicle_of_unknown_category_is_not_let_in_after_hours() -> None:
    assert verdict(stop("2026-05-12 15:00", 15), Vehicle("v")) is Verdict.UNKNOWN


def test_who_would_leave_too_late_is_told_the_next_arrival_that_suits() -> None:
    (answer,) = check_presences(BOOK, [(DIESEL_VAN, stop("2026-05-12 08:50", 15))])

    assert answer.next_allowed == at("2026-05-13 04:00")
    assert answer.findings[0].rule_ids == ("closed",)


def test_one_late_stop_of_a_route_denies_the_route() -> None:
    stops = (stop("2026-05-12 08:00", 10), stop("2026-05-12 08:55", 10))
    (answer,) = check_routes(BOOK, [CheckedRoute("rte", DIESEL_VAN, stops)])

    assert answer.verdict is Verdict.DENY
    assert [finding.entry for finding in answer.findings] == [at("2026-05-12 08:55")]
