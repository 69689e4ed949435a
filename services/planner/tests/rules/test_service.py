"""
Service: setup and service take what the problem states.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.travel import Profile
from services.planner.tests.rules.valid import Change, told, with_option

TABLE = [
    (with_option("parcel", service_seconds=181), [("SERVICE", "parcel", "", 1)]),
    (with_option("parcel", setup_seconds=50), [("SERVICE", "parcel", "", 10)]),
    (
        with_option("parcel", profile_service_seconds=((Profile.VAN, 200),)),
        [("SERVICE", "parcel", "", 20)],
    ),
    (with_option("parcel", profile_service_seconds=((Profile.CARGO_BIKE, 9),)), []),
    (
        with_option("parcel", profile_setup_seconds=((Profile.VAN, 90),)),
        [("SERVICE", "parcel", "", 30)],
    ),
    (with_option("parcel", profile_setup_seconds=((Profile.CARGO_BIKE, 9),)), []),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_service_is_told_as_service_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
