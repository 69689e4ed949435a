"""
Deliveries and what they are made of: valid by construction, and quiet about people.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.dispatch.domain.delivery import (
    AmountToCollect,
    HandoverAlternative,
    HandoverKind,
    PaymentMethod,
    Recipient,
    VerificationKind,
    VerificationRequirement,
)
from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.values import AccessProfile, Money, Unsound
from services.dispatch.tests.domain.samples import delivery, place

CASH = (PaymentMethod.CASH,)
SOUND: dict[str, Callable[[], object]] = {
    "a code with its hash": lambda: VerificationRequirement(
        VerificationKind.PIN, pin_sha256=b"x" * 32
    ),
    "a photo without one": lambda: VerificationRequirement(VerificationKind.PHOTO),
    "the least amount": lambda: AmountToCollect(Money("EUR", 1), CASH),
    "a locker that is named": lambda: HandoverAlternative(HandoverKind.PUDO, "locker-1"),
    "a neighbor": lambda: HandoverAlternative(HandoverKind.NEIGHBOR, note="Ada"),
    "skills wanted and others not": lambda: delivery(
        required_skills=("a",), excluded_skills=("b",)
    ),
}
UNSOUND: dict[str, Callable[[], object]] = {
    "a code without a hash": lambda: VerificationRequirement(VerificationKind.PIN),
    "a photo with a hash": lambda: VerificationRequirement(VerificationKind.PHOTO, pin_sha256=b"x"),
    "nothing to collect": lambda: AmountToCollect(Money("EUR", 0), CASH),
    "money to be handed out": lambda: AmountToCollect(Money("EUR", -1), CASH),
    "a locker without a name": lambda: HandoverAlternative(HandoverKind.PUDO),
    "a neighbor at a place": lambda: HandoverAlternative(HandoverKind.NEIGHBOR, "locker-1"),
    "a skill wanted and not": lambda: delivery(required_skills=("a", "b"), excluded_skills=("b",)),
}


@pytest.mark.parametrize("what", SOUND)
def test_what_makes_sense_exists(what: str) -> None:
    assert SOUND[what]()


@pytest.mark.parametrize("what", UNSOUND)
def test_what_makes_no_sense_does_not_exist(what: str) -> None:
    with pytest.raises(Unsound):
        UNSOUND[what]()


def test_a_delivery_weighs_what_its_parcels_weigh() -> None:
    parcels = (Parcel("a", 1_500, 20), Parcel("b", 500, 2), Parcel("c"))

    found = delivery(parcels=parcels)

    assert (found.mass_grams, found.volume_cubic_centimeters) == (2_000, 22)


@pytest.mark.parametrize(
    ("service", "access", "seconds"),
    [
        (None, None, 180),  # the contract's default
        (timedelta(0), None, 0),  # nothing is not the default
        (timedelta(seconds=60), None, 60),
        (None, AccessProfile(floor=2), 230),
        (timedelta(seconds=60), AccessProfile(walk_duration=timedelta(seconds=40)), 100),
    ],
)
def test_a_stop_takes_its_service_and_the_way_to_the_door(
    service: timedelta | None, access: AccessProfile | None, seconds: int
) -> None:
    found = delivery(service_duration=service, access_profile=access)

    assert found.stop_duration == timedelta(seconds=seconds)


def test_a_delivery_names_its_origin_and_its_pick_up_points() -> None:
    found = delivery(
        alternatives=(
            HandoverAlternative(HandoverKind.PUDO, "locker-1"),
            HandoverAlternative(HandoverKind.NEIGHBOR),
            HandoverAlternative(HandoverKind.PUDO, "shop"),
        )
    )

    assert found.place_ids == ("depot", "locker-1", "shop")


def test_nothing_about_a_person_shows_in_a_repr() -> None:
    found = delivery(
        location=place(0),
        recipient=Recipient("Grace", "+358401234567", "grace@example.org", "fi"),
        instructions="bell",
        alternatives=(HandoverAlternative(HandoverKind.NEIGHBOR, note="Ada"),),
        verification_requirements=(
            VerificationRequirement(VerificationKind.PIN, pin_sha256=b"HASH", pin_salt=b"SALT"),
        ),
    )

    shown = repr(found) + repr(found.recipient)

    for secret in ("60.17", "Grace", "+358", "grace@", "bell", "Ada", "HASH", "SALT"):
        assert secret not in shown
