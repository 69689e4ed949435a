"""
School streets, quiet hours, weight and size limits: the same rules as of zones, by place and hour.

Method: one zone of each kind around the square of `places`, one vehicle that stands in it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.compliance.domain.checking import check_presences
from services.compliance.domain.filter import Bounds, VehicleFilter
from services.compliance.domain.rule import Prohibition, Rule
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan, YearDay
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import Zone, ZoneKind
from services.compliance.tests.places import (
    DIESEL_VAN,
    HELSINKI,
    SQUARE,
    book,
    day,
    hours,
    standing,
)

HOUR, TONNE = 3_600, 1_000_000
WORKDAYS = (0, 1, 2, 3, 4)
SCHOOL_DAYS = Schedule(
    spans=(TimeSpan(WORKDAYS, 8 * HOUR, 9 * HOUR, HolidayEffect.EXCLUDED),),
    excepted=(YearDay(6, 8, 2026), YearDay(6, 9, 2026)),  # school holidays
)
TRUCK = replace(DIESEL_VAN, max_mass_grams=12 * TONNE, height_centimeters=380)


def street(kind: ZoneKind, wanted: VehicleFilter, schedule: Schedule) -> Zone:
    rule = Rule("limit", Prohibition(), wanted, schedule)
    return Zone(
        "street", "Street", kind, HELSINKI, (SQUARE,), (rule,), holidays=(day("2026-05-14"),)
    )


SCHOOL = street(ZoneKind.SCHOOL_STREET, VehicleFilter(), SCHOOL_DAYS)
QUIET = street(ZoneKind.QUIET_HOURS, VehicleFilter(), hours(22, 6))
HEAVY = VehicleFilter(max_mass_grams=Bounds(min=7_500_001))
WEIGHT = street(ZoneKind.WEIGHT_SIZE, HEAVY, Schedule())
HIGH = VehicleFilter(height_centimeters=Bounds(min=351))
BRIDGE = street(ZoneKind.WEIGHT_SIZE, HIGH, Schedule())
SUMMER = Schedule(spans=(TimeSpan(months=(6, 7, 8)),))
BEACH = street(ZoneKind.OTHER, VehicleFilter(), SUMMER)


@pytest.mark.parametrize(
    ("zone", "start", "minutes", "vehicle", "expected"),
    [
        (SCHOOL, "2026-05-12 05:10", 10, DIESEL_VAN, Verdict.DENY),  # 08:10 on a Tuesday
        (SCHOOL, "2026-05-12 04:45", 15, DIESEL_VAN, Verdict.ALLOW),  # gone at eight
        (SCHOOL, "2026-05-12 04:45", 16, DIESEL_VAN, Verdict.DENY),
        (SCHOOL, "2026-05-12 06:00", 10, DIESEL_VAN, Verdict.ALLOW),
        (SCHOOL, "2026-05-16 05:10", 10, DIESEL_VAN, Verdict.ALLOW),  # a Saturday
        (SCHOOL, "2026-05-14 05:10", 10, DIESEL_VAN, Verdict.ALLOW),  # a public holiday
        (SCHOOL, "2026-06-08 05:10", 10, DIESEL_VAN, Verdict.ALLOW),  # no school
        (QUIET, "2026-05-12 18:50", 10, DIESEL_VAN, Verdict.ALLOW),  # gone at ten
        (QUIET, "2026-05-12 18:50", 11, DIESEL_VAN, Verdict.DENY),
        (QUIET, "2026-05-12 02:59", 5, DIESEL_VAN, Verdict.DENY),  # 05:59
        (QUIET, "2026-05-12 03:00", 5, DIESEL_VAN, Verdict.ALLOW),
        (WEIGHT, "2026-05-12 09:00", 5, DIESEL_VAN, Verdict.ALLOW),
        (WEIGHT, "2026-05-12 09:00", 5, TRUCK, Verdict.DENY),
        (WEIGHT, "2026-05-12 09:00", 5, Vehicle("v"), Verdict.UNKNOWN),
        (BRIDGE, "2026-05-12 09:00", 5, TRUCK, Verdict.DENY),
        (BRIDGE, "2026-05-12 09:00", 5, DIESEL_VAN, Verdict.UNKNOWN),  # no height is stated
        (BEACH, "2026-05-31 20:55", 5, DIESEL_VAN, Verdict.ALLOW),  # until midnight of 31 May
        (BEACH, "2026-05-31 20:55", 6, DIESEL_VAN, Verdict.DENY),
    ],
)
def test_a_street_is_closed_to_whom_and_when_its_rule_says(
    zone: Zone, start: str, minutes: int, vehicle: Vehicle, expected: Verdict
) -> None:
    (answer,) = check_presences(book(zone), [(vehicle, standing(start, minutes))])

    assert answer.verdict is expected
