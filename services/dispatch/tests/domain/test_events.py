"""
What other services hear of a delivery: all that they need, and nobody's name.
"""

from __future__ import annotations

import pytest

from services.dispatch.domain.delivery import (
    DeliveryState,
    HandoverAlternative,
    HandoverKind,
    Recipient,
    ServiceLevel,
    VerificationKind,
    VerificationRequirement,
)
from services.dispatch.domain.events import digest
from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.task import TaskType
from services.dispatch.domain.values import AccessProfile, Address, BuildingKind, Money
from services.dispatch.tests.domain.samples import delivery, place, window

WHOLE = delivery(
    state=DeliveryState.ASSIGNED,
    service_level=ServiceLevel.SLOT,
    recipient=Recipient("Grace", "+358401234567", "grace@example.org", "fi"),
    address=Address(
        address_lines=("Katu 1",), locality="Espoo", region_code="FI", administrative_area="Uusimaa"
    ),
    access_profile=AccessProfile(
        3, lift_available=True, gate_code="4711", note="dog", building_kind=BuildingKind.OFFICE
    ),
    windows=(window(0, 60),),
    promise_window=window(0, 90),
    instructions="bell",
    alternatives=(HandoverAlternative(HandoverKind.NEIGHBOR, note="Ada"),),
    parcels=(Parcel("p", 1_000, declared_value=Money("EUR", 999)),),
    verification_requirements=(VerificationRequirement(VerificationKind.PHOTO),),
    required_skills=("cold",),
    priority=4,
    segment="shop",
    order_reference="A-17",
    territory_id="north",
    attempt_number=2,
)


def test_others_hear_what_was_promised_and_where() -> None:
    told = digest(WHOLE)

    assert (told.delivery_id, told.task_id, told.attempt_number) == ("d", "t", 2)
    assert (told.state, told.service_level) == (DeliveryState.ASSIGNED, ServiceLevel.SLOT)
    assert (told.windows, told.promise_window) == ((window(0, 60),), window(0, 90))
    assert (told.location, told.origin_place_id) == (place(0), "depot")
    assert told.verification_requirements == WHOLE.verification_requirements
    assert (told.priority, told.segment, told.territory_id) == (4, "shop", "north")
    assert (told.order_reference, told.region) == ("A-17", "FI/Uusimaa")
    assert (told.floor, told.lift_available, told.language_code) == (3, True, "fi")
    assert told.building_kind is BuildingKind.OFFICE
    assert (told.required_skills, told.task_type) == (("cold",), TaskType.DELIVERY)


def test_others_hear_nothing_about_a_person_or_what_goods_are_worth() -> None:
    told = repr(digest(WHOLE))  # the recipient itself leaves under a seal only: `convert.events`

    for secret in ("Grace", "+358", "grace@", "Katu", "Espoo", "4711", "dog", "bell", "Ada", "999"):
        assert secret not in told


@pytest.mark.parametrize("kind", [None, TaskType.PUDO_DROP])
def test_a_delivery_of_which_little_is_known_is_told_of_too(kind: TaskType | None) -> None:
    told = digest(delivery(), kind)

    assert (told.floor, told.lift_available, told.language_code) == (0, False, "")
    assert told.building_kind is None
    assert told.task_type is kind
