"""
The whole check: verdicts, money, and when it would be allowed.

Method: the line of `places` is inside its square from a quarter to three quarters of its way; with
40 minutes from 09:00 UTC (12:00 in Helsinki) that is 12:10 to 12:30.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.compliance.domain.checking import check_presences, check_routes
from services.compliance.domain.finding import Answer, CheckedRoute
from services.compliance.domain.presence import Presence
from services.compliance.domain.rule import (
    Charge,
    ChargeUnit,
    PermitDemand,
    Prohibition,
    Rule,
)
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan
from services.compliance.domain.vehicle import Category, Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import Caveat, Closure, Confidence, Zone
from services.compliance.tests.places import (
    BIKE,
    DIESEL_VAN,
    E_VAN,
    SQUARE,
    at,
    away,
    book,
    charged,
    crossing,
    day,
    forbidden,
    hours,
    square,
    standing,
    version,
    zone,
)

NOON = "2026-05-12 09:00"
EUR = 1_000_000


def ask(rules: RuleBook, presence: Presence, vehicle: Vehicle = DIESEL_VAN) -> Answer:
    (answer,) = check_presences(rules, [(vehicle, presence)])
    return answer


def micros(answer: Answer) -> int:
    return sum(total.amount_micros for total in answer.totals)


@pytest.mark.parametrize(
    ("vehicle", "verdict"),
    [
        (DIESEL_VAN, Verdict.DENY),
        (E_VAN, Verdict.ALLOW),
        (BIKE, Verdict.ALLOW),
        (Vehicle("unknown", Category.N1), Verdict.UNKNOWN),
    ],
)
def test_a_rule_is_about_its_vehicles(vehicle: Vehicle, verdict: Verdict) -> None:
    assert ask(book(zone(forbidden())), crossing(NOON), vehicle).verdict is verdict


def test_missing_data_are_named() -> None:
    (finding,) = ask(book(zone(forbidden())), crossing(NOON), Vehicle("unknown")).findings

    assert finding.missing == ("fuel",)


@pytest.mark.parametrize(
    ("schedule", "verdict"),
    [
        (hours(0, 12), Verdict.ALLOW),  # over when it starts
        (Schedule(spans=(TimeSpan((), 0, 12 * 3600 + 600),)), Verdict.ALLOW),  # 12:10, half-open
        (Schedule(spans=(TimeSpan((), 0, 12 * 3600 + 601),)), Verdict.DENY),
        (Schedule(spans=(TimeSpan((), 12 * 3600 + 1800, 20 * 3600),)), Verdict.ALLOW),  # 12:30
        (Schedule(spans=(TimeSpan((), 12 * 3600 + 1799, 20 * 3600),)), Verdict.DENY),
    ],
)
def test_only_the_time_inside_counts(schedule: Schedule, verdict: Verdict) -> None:
    assert ask(book(zone(forbidden(schedule=schedule))), crossing(NOON)).verdict is verdict


def test_the_inside_interval_is_told() -> None:
    (finding,) = ask(book(zone(forbidden())), crossing(NOON)).findings

    assert (finding.entry, finding.exit) == (at("2026-05-12 09:10"), at("2026-05-12 09:30"))


def test_forbidden_goes_before_permit_before_charge() -> None:
    permit = Rule("permit", PermitDemand("loading"))

    assert ask(book(zone(charged())), crossing(NOON)).verdict is Verdict.ALLOW_WITH_CHARGE
    answer = ask(book(zone(charged(), permit)), crossing(NOON))
    assert answer.verdict is Verdict.PERMIT_NEEDED
    assert answer.findings[0].permit_schemes == ("loading",)
    assert ask(book(zone(charged(), permit, forbidden())), crossing(NOON)).verdict is Verdict.DENY


def test_charges_of_different_zones_add_up() -> None:
    other = zone(charged(7), zone_id="ring", area=square(59.9, 24.9, 0.2))

    assert micros(ask(book(zone(charged(5)), other), crossing(NOON))) == 12 * EUR


def test_a_stay_over_midnight_costs_two_days() -> None:
    late = standing("2026-05-12 20:30", 60)  # 23:30 to 00:30 in Helsinki

    assert micros(ask(book(zone(charged(5))), late)) == 10 * EUR
    assert micros(ask(book(zone(charged(5))), replace(late, duration=timedelta(minutes=30)))) == (
        5 * EUR
    )


@pytest.mark.parametrize(
    ("unit", "due"), [(ChargeUnit.DAY, 5), (ChargeUnit.ENTRY, 5), (ChargeUnit.PASSAGE, 10)]
)
def test_a_crossing_is_one_day_one_entry_two_passages(unit: ChargeUnit, due: int) -> None:
    assert micros(ask(book(zone(charged(5, unit))), crossing(NOON))) == due * EUR


def test_passages_are_capped_per_day() -> None:
    rules = book(zone(charged(5, ChargeUnit.PASSAGE, cap=8)))

    assert micros(ask(rules, crossing(NOON))) == 8 * EUR


def test_a_passage_costs_by_its_own_hour() -> None:
    cheap = charged(1, ChargeUnit.PASSAGE, "cheap", hours(0, 12))
    dear = charged(4, ChargeUnit.PASSAGE, "dear", hours(12, 24))
    early = crossing("2026-05-12 08:40")  # in at 11:50, out at 12:10

    assert micros(ask(book(zone(cheap, dear)), early)) == 5 * EUR


def test_a_passage_out_may_be_all_that_costs() -> None:
    late = charged(4, ChargeUnit.PASSAGE, "late", Schedule(spans=(TimeSpan((), 44_400, 86_400),)))
    answer = ask(book(zone(late)), crossing("2026-05-12 08:50"))  # leaves at 12:20, which is 44,400
    (finding,) = answer.findings

    assert (finding.verdict, finding.rule_ids) == (Verdict.ALLOW_WITH_CHARGE, ("late",))
    assert micros(answer) == 4 * EUR


def test_the_second_day_is_due_at_its_midnight() -> None:
    (finding,) = ask(book(zone(charged(5))), standing("2026-05-12 20:30", 60)).findings

    assert [due.at for due in finding.charges] == [at("2026-05-12 20:30"), at("2026-05-12 21:00")]


def test_rules_are_named_in_the_order_of_the_zone() -> None:
    late = forbidden("first", hours(12, 24))
    early = forbidden("second", hours(0, 12))
    (finding,) = ask(book(zone(late, early)), crossing("2026-05-12 08:40")).findings

    assert finding.rule_ids == ("first", "second")


def test_the_highest_cap_of_a_day_bounds_all_of_it() -> None:
    morning = charged(5, ChargeUnit.PASSAGE, "morning", hours(0, 13), cap=8)
    evening = charged(1, ChargeUnit.PASSAGE, "evening", hours(13, 24), cap=12)
    whole = route(*(crossing(f"2026-05-12 {hour:02}:00") for hour in (6, 7, 12)))
    (answer,) = check_routes(book(zone(morning, evening)), [whole])

    assert micros(answer) == 12 * EUR


def test_inside_all_the_way_is_no_entry() -> None:
    inside = replace(crossing(NOON), duration=timedelta(minutes=40))
    answer = ask(book(zone(charged(5, ChargeUnit.ENTRY), area=square(59.0, 24.0, 2.0))), inside)

    assert answer.verdict is Verdict.ALLOW
    assert answer.findings == ()


def test_the_next_allowed_time_suits_every_zone_at_once() -> None:
    morning = zone(forbidden(schedule=hours(6, 14)))
    ring = zone(forbidden(schedule=hours(14, 15)), zone_id="ring", area=square(59.9, 24.9, 0.2))
    answer = ask(book(morning, ring), crossing(NOON))

    assert answer.verdict is Verdict.DENY
    assert answer.next_allowed == at("2026-05-12 12:00")  # 15:00 in Helsinki


def route(*presences: Presence, vehicle: Vehicle = DIESEL_VAN, route_id: str = "r") -> CheckedRoute:
    return CheckedRoute(route_id, vehicle, presences)


def test_a_day_charge_is_due_once_per_vehicle_over_the_plan() -> None:
    twice = [
        route(crossing(NOON), crossing("2026-05-12 10:00"), route_id="a"),
        route(crossing("2026-05-12 12:00"), route_id="b"),
        route(crossing(NOON), vehicle=replace(DIESEL_VAN, vehicle_id="other"), route_id="c"),
    ]
    answers = check_routes(book(zone(charged(5))), twice)

    assert [micros(answer) for answer in answers] == [5 * EUR, 0, 5 * EUR]
    assert [answer.verdict for answer in answers] == [Verdict.ALLOW_WITH_CHARGE] * 3


def test_the_earlier_route_pays_whatever_the_order_of_the_request() -> None:
    late, early = crossing("2026-05-12 12:00"), crossing(NOON)
    answers = check_routes(
        book(zone(charged(5))), [route(late, route_id="b"), route(early, route_id="a")]
    )

    assert [micros(answer) for answer in answers] == [0, 5 * EUR]


def test_a_stop_between_two_legs_is_no_second_entry() -> None:
    middle = standing("2026-05-12 09:20", 10)
    rules = book(zone(charged(5, ChargeUnit.ENTRY)))
    whole = crossing(NOON)
    joined = route(whole, middle)  # the leg has left again: the stop is an entry of its own

    assert micros(check_routes(rules, [route(middle)])[0]) == 5 * EUR
    assert micros(check_routes(rules, [joined])[0]) == 10 * EUR
    assert micros(check_routes(rules, [route(middle, replace(middle, subject_id="b"))])[0]) == (
        5 * EUR
    )


def test_what_nobody_tells_between_two_presences_is_crossed_all_the_same() -> None:
    inside, outside = standing("2026-05-12 09:00", 10), away("2026-05-12 09:20")
    again = standing("2026-05-12 09:40", 10)
    entries = book(zone(charged(5, ChargeUnit.ENTRY)))
    passages = book(zone(charged(1, ChargeUnit.PASSAGE)))

    assert micros(check_routes(entries, [route(inside, outside, again)])[0]) == 10 * EUR
    assert micros(check_routes(passages, [route(inside, outside, again)])[0]) == 3 * EUR
    assert micros(check_routes(passages, [route(inside, again)])[0]) == 1 * EUR


def test_a_closure_forbids_while_it_lasts() -> None:
    closure = Closure("works", "Roadworks", (SQUARE,), at(NOON), at("2026-05-12 10:00"))
    rules = RuleBook(1, [], [closure])
    (finding,) = ask(rules, crossing(NOON)).findings

    assert (finding.closure_id, finding.zone_id, finding.rule_ids) == ("works", "", ())
    assert finding.next_allowed == at("2026-05-12 10:00")
    assert ask(rules, crossing("2026-05-12 10:00")).verdict is Verdict.ALLOW


def test_a_retired_zone_asks_nothing() -> None:
    retired = replace(zone(forbidden()), retired=True)

    assert ask(book(retired), crossing(NOON)).verdict is Verdict.ALLOW


def test_a_zone_that_moved_is_judged_where_it_was_then() -> None:
    elsewhere = replace(zone(forbidden()), area=(square(50.0, 10.0),))
    versions = [version(zone(forbidden()), 1), version(elsewhere, 2, start=at("2026-05-13 00:00"))]
    rules = RuleBook(2, versions)

    assert ask(rules, crossing(NOON)).verdict is Verdict.DENY
    assert ask(rules, crossing("2026-05-13 09:00")).verdict is Verdict.ALLOW


def test_reservations_travel_with_the_finding() -> None:
    festive = Schedule(spans=(TimeSpan((), 0, 86_400, HolidayEffect.EXCLUDED),))
    doubtful: Zone = replace(
        zone(forbidden(schedule=festive)), demonstration=True, confidence=Confidence.UNCERTAIN
    )
    (finding,) = ask(book(doubtful), crossing(NOON)).findings

    assert set(finding.caveats) == set(Caveat) - {Caveat.RULES_UNRECORDED}


def test_every_local_year_of_a_stay_needs_its_holidays() -> None:
    festive = Schedule(spans=(TimeSpan((), 0, 86_400, HolidayEffect.EXCLUDED),))
    listed = replace(zone(forbidden(schedule=festive)), holidays=(day("2026-12-25"),))
    old = ask(book(listed), standing("2026-12-31 21:00", 30)).findings[0]
    new = ask(book(listed), standing("2026-12-31 22:00", 30)).findings[0]  # 00:00 in Helsinki

    assert (old.caveats, new.caveats) == ((), (Caveat.HOLIDAYS_UNLISTED,))


def test_a_denied_entry_costs_nothing() -> None:
    both = zone(charged(5), Rule("ban", Prohibition(100 * EUR, "EUR")))
    answer = ask(book(both), crossing(NOON))

    assert (answer.verdict, answer.totals) == (Verdict.DENY, ())


def test_currencies_are_not_mixed() -> None:
    swedish = Rule("fee", Charge(3 * EUR, "SEK", ChargeUnit.DAY))
    other = zone(swedish, zone_id="ring", area=square(59.9, 24.9, 0.2))
    found = ask(book(zone(charged(5)), other), crossing(NOON)).totals

    assert [(total.currency_code, total.amount_micros) for total in found] == [
        ("EUR", 5 * EUR),
        ("SEK", 3 * EUR),
    ]


@pytest.mark.parametrize(
    ("entry", "verdicts", "caveats"),
    [
        ("2026-05-11 20:00", [Verdict.UNKNOWN], [Caveat.RULES_UNRECORDED]),
        ("2026-05-12 09:00", [Verdict.DENY], []),
    ],
)
def test_a_check_outside_every_version_says_so(
    entry: str, verdicts: list[Verdict], caveats: list[Caveat]
) -> None:
    first = version(zone(forbidden()), 1, start=at("2026-05-12 00:00"))
    (answer,) = check_presences(RuleBook(1, [first]), [(DIESEL_VAN, crossing(entry))])

    assert [finding.verdict for finding in answer.findings] == verdicts
    assert [caveat for finding in answer.findings for caveat in finding.caveats] == caveats
    assert answer.verdict is verdicts[0]


def test_what_nobody_recorded_is_allowed_when_the_first_version_says_so() -> None:
    first = version(zone(), 1, start=at("2026-05-12 00:00"))
    early = crossing("2026-05-11 20:00")
    (answer,) = check_presences(RuleBook(1, [first]), [(DIESEL_VAN, early)])

    assert answer.findings[0].missing == ("rules",)
    assert answer.findings[0].next_allowed == at("2026-05-12 00:00")


def test_a_zone_that_moved_is_recorded_where_it_was() -> None:
    elsewhere = zone(forbidden(), area=square(61, 30))
    versions = [version(zone(), 1), version(elsewhere, 2, start=at("2026-05-13 00:00"))]
    (answer,) = check_presences(RuleBook(2, versions), [(DIESEL_VAN, crossing("2026-05-14 09:00"))])

    assert answer.findings == ()
