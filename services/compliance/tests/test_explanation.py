"""Why a decision was what it was: rule by rule, by the versions and days of the stay."""

from __future__ import annotations

from datetime import date

import pytest

from services.compliance.domain.checking import check_routes
from services.compliance.domain.explanation import explain
from services.compliance.domain.filter import Bounds, VehicleFilter
from services.compliance.domain.finding import CheckedRoute, Decision
from services.compliance.domain.rule import Charge, ChargeUnit, PermitDemand, Prohibition, Rule
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.schedule import Schedule, TimeSpan
from services.compliance.domain.truth import Truth
from services.compliance.domain.vehicle import Permit, Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.tests.places import DIESEL, DIESEL_VAN, E_VAN, at, standing, version, zone


def decided(book: RuleBook, vehicle: Vehicle, entry: str, minutes: int) -> Decision:
    """As it is stored."""
    route = CheckedRoute("r1", vehicle, (standing(entry, minutes),))
    (answer,) = check_routes(book, [route])
    told = (answer.verdict, answer.findings, answer.totals)
    return Decision("dec_1", "plan", route, *told, 1, at(entry), at(entry), "dec_1", 0)


def test_what_was_allowed_is_explained_by_the_rules_that_asked_nothing() -> None:
    book = RuleBook(1, [version(zone(Rule("ban", Prohibition(), DIESEL)), 1)])
    decision = decided(book, E_VAN, "2026-05-12 09:00", 5)

    assert decision.verdict is Verdict.ALLOW
    assert [(told.rule_id, told.truth) for told in explain(decision, book)] == [
        ("ban", Truth.FAILS)
    ]


def test_a_rule_is_explained_with_its_price_and_by_the_clock_of_its_zone() -> None:
    hours = Schedule(spans=(TimeSpan((0, 1, 2, 3, 4), 7 * 3_600, 19 * 3_600),))
    clean = VehicleFilter(euro_class=Bounds(min=6))
    fee = Rule("fee", Charge(5_000_000, "EUR", ChargeUnit.DAY), clean, hours, title="City fee")
    book = RuleBook(1, [version(zone(fee), 1)])
    (told,) = explain(decided(book, E_VAN, "2026-05-12 06:00", 5), book)

    assert told.text == (
        "Rule fee, City fee, charges 5 EUR a day; it holds: euro_class is none: no exhaust; "
        "schedule is 2026-05-12 09:00:00 to 2026-05-12 09:05:00 Europe/Helsinki."
    )


def test_a_permit_that_ends_during_the_stay_explains_that_one_is_needed() -> None:
    lacking = VehicleFilter(lacking_permits=("pass",))
    book = RuleBook(1, [version(zone(Rule("pass", PermitDemand("pass"), lacking)), 1)])
    holder = Vehicle("v", permits=(Permit("pass", True, end=date(2026, 5, 13)),))
    decision = decided(book, holder, "2026-05-12 20:00", 360)
    (told,) = explain(decision, book)

    assert decision.verdict is Verdict.PERMIT_NEEDED
    assert told.truth is Truth.HOLDS


@pytest.mark.parametrize(("hours", "expected"), [(1, ["old"]), (6, ["old", "new"])])
def test_every_version_that_a_stay_touches_is_explained(hours: int, expected: list[str]) -> None:
    versions = [
        version(zone(Rule("old", Prohibition(), DIESEL)), 1),
        version(zone(Rule("new", Prohibition(), DIESEL)), 2, start=at("2026-05-12 12:00")),
    ]
    book = RuleBook(2, versions)
    decision = decided(book, DIESEL_VAN, "2026-05-12 09:00", 60 * hours)

    assert [told.rule_id for told in explain(decision, book)] == expected
