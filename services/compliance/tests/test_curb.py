"""
Curbs and idling: who may stand where, and with the engine running how long.

Method: one policy or limit per case; the moments are a Tuesday in Helsinki.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.compliance.domain.curb import (
    Activity,
    CurbPolicy,
    CurbRule,
    CurbStay,
    curb_answer,
    must_leave,
)
from services.compliance.domain.filter import VehicleFilter
from services.compliance.domain.idling import Excuse, IdlingLimit, idling_verdict
from services.compliance.domain.schedule import Schedule
from services.compliance.domain.vehicle import Fuel, Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.tests.places import DIESEL_VAN, E_VAN, HELSINKI, at, hours

LOADING = CurbRule(Activity.LOADING, frozenset({"van"}), timedelta(minutes=20), timedelta(hours=1))
VAN = frozenset({"van"})


def stay(start: str, minutes: int, *classes: str, left: str | None = None) -> CurbStay:
    begins = at(f"2026-05-12 {start}")
    before = at(f"2026-05-12 {left}") if left else None
    end = begins + timedelta(minutes=minutes)
    return CurbStay(Activity.LOADING, frozenset(classes) or VAN, begins, end, before)


@pytest.mark.parametrize(
    ("policies", "asked", "reason"),
    [
        ([CurbPolicy(1, (LOADING,))], stay("09:00", 20), ""),
        ([CurbPolicy(1, (LOADING,))], stay("09:00", 21), "max_stay"),
        ([CurbPolicy(1, (LOADING,))], stay("09:00", 5, "car"), "user_classes"),
        ([CurbPolicy(1, (LOADING,))], stay("09:00", 5, left="08:01"), "no_return"),
        ([CurbPolicy(1, (LOADING,))], stay("09:00", 5, left="08:00"), ""),
        ([CurbPolicy(1, (LOADING,), hours(7, 12))], stay("08:50", 10), ""),  # gone at 12:00
        ([CurbPolicy(1, (LOADING,), hours(7, 12))], stay("08:50", 11), "time_span"),
        ([], stay("09:00", 5), "time_span"),
        (
            [
                CurbPolicy(3, (LOADING,)),
                CurbPolicy(1, (CurbRule(Activity.NO_STOPPING),), hours(12, 13)),
            ],
            stay("08:50", 15),
            "no stopping",
        ),
        (
            [CurbPolicy(1, (CurbRule(Activity.PARKING),)), CurbPolicy(3, (LOADING,))],
            stay("09:00", 5),
            "",  # the first says nothing about loading
        ),
    ],
)
def test_a_stay_is_allowed_or_the_reason_says_why_not(
    policies: list[CurbPolicy], asked: CurbStay, reason: str
) -> None:
    answer = curb_answer(policies, asked, HELSINKI)

    assert (answer.allowed, answer.reason) == (not reason, reason)


def test_the_time_to_leave_is_the_end_of_the_window() -> None:
    assert must_leave(hours(6, 11), at("2026-05-12 08:05"), HELSINKI) == at("2026-05-12 08:00")
    assert must_leave(Schedule(end=date(2026, 1, 1)), at("2026-05-12 08:05"), HELSINKI) is None


@pytest.mark.parametrize(
    ("seconds", "vehicle", "excuses", "verdict"),
    [
        (180, DIESEL_VAN, frozenset(), Verdict.ALLOW),
        (181, DIESEL_VAN, frozenset(), Verdict.DENY),
        (181, DIESEL_VAN, frozenset({Excuse.LOADING_DEVICE}), Verdict.ALLOW),
        (181, DIESEL_VAN, frozenset({Excuse.TRAFFIC}), Verdict.DENY),
        (181, E_VAN, frozenset(), Verdict.ALLOW),
        (181, Vehicle("v"), frozenset(), Verdict.UNKNOWN),
    ],
)
def test_idling_longer_than_the_limit_is_forbidden(
    seconds: int, vehicle: Vehicle, excuses: frozenset[Excuse], verdict: Verdict
) -> None:
    rule = IdlingLimit(
        timedelta(seconds=180), VehicleFilter(fuels=(Fuel.DIESEL,)), (Excuse.LOADING_DEVICE,)
    )
    found = idling_verdict(rule, vehicle, timedelta(seconds=seconds), date(2026, 5, 12), excuses)

    assert found is verdict
