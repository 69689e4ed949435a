"""Documents of the store: what was packed comes back equal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.compliance.adapters.codec import pack, unpack
from services.compliance.adapters.factor_files import builtin_sets
from services.compliance.domain.checking import check_routes
from services.compliance.domain.filter import Bounds, DateBounds, StickerBounds, VehicleFilter
from services.compliance.domain.finding import CheckedRoute, Decision
from services.compliance.domain.footprint import Setting
from services.compliance.domain.ledger import EmissionRecord, Leg, Load, entry
from services.compliance.domain.rule import PermitDemand, Rule
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan, YearDay
from services.compliance.domain.vehicle import Category, Fuel, Permit, Sticker, Vehicle
from services.compliance.domain.zone import Closure, Confidence, Zone
from services.compliance.tests.places import (
    DIESEL_VAN,
    RECORDED,
    SQUARE,
    book,
    charged,
    crossing,
    forbidden,
    standing,
    zone,
)

FULL = Vehicle(
    "v",
    Category.N2,
    Fuel.DIESEL,
    6,
    first_registration=date(2020, 2, 29),
    permits=(Permit("dvs", held=True, end=date(2027, 1, 1)),),
    stickers=(Sticker("de-plakette", 4),),
    auto_pay=False,
)
RULE = Rule(
    "r",
    PermitDemand("dvs", "ask TfL"),
    VehicleFilter(
        (Category.N2,),
        euro_class=Bounds(max=5),
        first_registration=DateBounds(end=date(2025, 1, 1)),
        stickers=(StickerBounds("de-plakette", Bounds(0, 3)),),
    ),
    Schedule(
        date(2020, 1, 1),
        None,
        (TimeSpan((0, 1), 3_600, 7_200, HolidayEffect.EXCLUDED),),
        (YearDay(12, 25),),
    ),
)


def decision() -> Decision:
    route = CheckedRoute("r", FULL, (crossing("2026-05-12 09:00"), standing("2026-05-12 10:00", 5)))
    (answer,) = check_routes(book(zone(charged(), forbidden())), [route])
    return Decision(
        "dec_1",
        "rpl_1",
        route,
        answer.verdict,
        answer.findings,
        answer.totals,
        7,
        RECORDED,
        RECORDED + timedelta(microseconds=1),
    )


def record() -> EmissionRecord:
    leg = Leg("l", DIESEL_VAN, RECORDED, RECORDED, 5_000, loads=(Load("d", "t", 2_000),))
    made = entry(leg, (), Setting(builtin_sets()["desnz-2025"], "GB"))
    return EmissionRecord("emr_1", made, RECORDED)


@pytest.mark.parametrize(
    "value",
    [
        FULL,
        replace(
            zone(RULE, charged(), forbidden()),
            holidays=(date(2026, 5, 1),),
            confidence=Confidence.HIGH,
        ),
        Closure("c", "works", (SQUARE,), RECORDED, None, line=((1, 2), (3, 4)), halfwidth_meters=5),
        decision(),
        record(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_comes_back_from_its_document(value: object) -> None:
    assert unpack(pack(value), type(value)) == value


def test_a_document_is_plain_json_with_names_and_not_numbers_of_enums() -> None:
    document = json.loads(pack(decision()))

    assert document["verdict"] == "DENY"
    assert document["route"]["presences"][0]["duration"] == 40 * 60 * 1_000_000


def test_a_zone_keeps_its_rings_flat() -> None:
    document = json.loads(pack(zone()))

    assert document["area"][0]["outer"][:2] == [599_500_000, 249_500_000]
    assert isinstance(unpack(json.dumps(document), Zone), Zone)
