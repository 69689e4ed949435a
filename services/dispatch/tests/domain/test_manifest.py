"""
Manifests: what a driver needs, and the deltas that lead from one revision to the next.

Method: a route loses, gains and reorders stops; a phone that applies each delta holds the manifest
that a snapshot would have given it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.dispatch.domain.delivery import (
    AmountToCollect,
    Delivery,
    HandoverAlternative,
    HandoverKind,
    PaymentMethod,
    Recipient,
    VerificationKind,
    VerificationRequirement,
)
from services.dispatch.domain.manifest import (
    Manifest,
    ManifestTask,
    apply,
    difference,
    manifest_of,
)
from services.dispatch.domain.route import RevisionCause, Route, RouteState
from services.dispatch.domain.task import TaskState, TaskType
from services.dispatch.domain.values import AccessProfile, Address, Money
from services.dispatch.tests.domain.samples import (
    at,
    delivery,
    leg,
    route,
    stop,
    stop_task,
)

COUNT = 6
DELIVERIES = {f"d{n}": delivery(f"d{n}", traceparent=f"trace-{n}") for n in range(COUNT)}
TASKS = frozenset(f"t{n}" for n in range(COUNT))


def with_stops(ranks: Sequence[int], revision: int) -> Route:
    """The stops of these names, in this order."""
    stops = tuple(replace(stop(n), rank=rank) for rank, n in enumerate(ranks))
    legs = tuple(leg(rank) for rank in range(len(stops) + 1))
    return replace(route(""), stops=stops, legs=legs, revision=revision)


def manifest(ranks: Sequence[int], revision: int = 1, open_ids: frozenset[str] = TASKS) -> Manifest:
    return manifest_of(with_stops(ranks, revision), DELIVERIES, open_ids)


@pytest.mark.parametrize(
    ("before", "after", "changed", "removed"),
    [
        ([0, 1, 2], [0, 1, 2], [], []),
        ([0, 1, 2], [0, 2], ["s2"], ["t1"]),  # the third has another rank now
        ([0, 1], [0, 1, 2], ["s2"], []),
        ([0, 1], [1, 0], ["s1", "s0"], []),
        ([0, 1], [], [], ["t0", "t1"]),
        ([], [3], ["s3"], []),
        ([0, 1], [2, 3], ["s2", "s3"], ["t0", "t1"]),
    ],
)
def test_a_delta_says_what_changed_and_nothing_else(
    before: list[int], after: list[int], changed: list[str], removed: list[str]
) -> None:
    old, new = manifest(before), manifest(after, revision=2)

    delta = difference(old, new)

    assert [s.stop.stop_id for s in delta.changed_stops] == changed
    assert list(delta.removed_task_ids) == removed
    assert (delta.base_revision, delta.revision) == (1, 2)
    assert apply(old, delta) == new


@pytest.mark.parametrize("seed", range(20))
def test_a_phone_that_applies_every_delta_holds_what_a_snapshot_says(seed: int) -> None:
    dice = random.Random(seed)
    held = manifest(range(3))
    for revision in range(2, 12):
        ranks = dice.sample(range(COUNT), dice.randint(0, COUNT))
        open_ids = frozenset(dice.sample(sorted(TASKS), dice.randint(0, COUNT)))
        found = replace(
            with_stops(ranks, revision),
            state=dice.choice([RouteState.PUBLISHED, RouteState.ACTIVE]),
            cause=dice.choice(list(RevisionCause)),
            end_time=at(dice.randint(100, 200)),
        )
        new = manifest_of(found, DELIVERIES, open_ids)

        held = apply(held, difference(held, new))

        assert held == new


@pytest.mark.parametrize(("route_id", "base"), [("r", 2), ("r", 0), ("other", 1)])
def test_a_delta_for_another_manifest_is_not_applied(route_id: str, base: int) -> None:
    delta = replace(
        difference(manifest([0]), manifest([0], revision=2)), route_id=route_id, base_revision=base
    )

    with pytest.raises(ValueError, match=f"revision {base} of {route_id}"):
        apply(manifest([0]), delta)


def test_a_delta_applied_twice_is_refused_the_second_time() -> None:
    old, new = manifest([0, 1]), manifest([1], revision=2)
    delta = difference(old, new)

    with pytest.raises(ValueError, match="revision 1"):
        apply(apply(old, delta), delta)


def test_a_task_that_is_closed_says_so() -> None:
    found = manifest([0, 1], open_ids=frozenset({"t1"}))

    states = [task.state for s in found.stops for task in s.tasks]

    assert states == [TaskState.CLOSED, TaskState.OPEN]


def whole() -> Delivery:
    return delivery(
        "d0",
        recipient=Recipient("Grace", "+358401234567"),
        address=Address(address_lines=("Katu 1",)),
        access_profile=AccessProfile(floor=3, gate_code="4711"),
        instructions="bell",
        verification_requirements=(VerificationRequirement(VerificationKind.PHOTO),),
        amount_to_collect=AmountToCollect(Money("EUR", 1), (PaymentMethod.CASH,)),
        alternatives=(HandoverAlternative(HandoverKind.NEIGHBOR, note="Ada"),),
        traceparent="trace",
    )


def test_a_driver_gets_all_that_the_handover_needs() -> None:
    known = whole()

    found = manifest_of(route("."), {"d0": known}, TASKS)

    (at_door,) = found.stops
    assert (at_door.address, at_door.access_profile) == (known.address, known.access_profile)
    assert at_door.tasks == (
        ManifestTask(
            task_id="t0",
            delivery_id="d0",
            recipient=known.recipient,
            instructions="bell",
            parcels=known.parcels,
            verification_requirements=known.verification_requirements,
            amount_to_collect=known.amount_to_collect,
            alternatives=known.alternatives,
            traceparent="trace",
        ),
    )


def test_where_goods_are_only_picked_up_nothing_is_said_of_the_recipient() -> None:
    pickup = stop_task("t0", TaskType.PICKUP)
    found = replace(route("."), stops=(replace(stop(0), tasks=(pickup,)),))

    told = manifest_of(found, {"d0": whole()}, TASKS)

    (at_depot,) = told.stops
    assert (at_depot.address, at_depot.access_profile) == (None, None)
    assert at_depot.tasks == (
        ManifestTask("t0", "d0", parcels=whole().parcels, traceparent="trace"),
    )


def test_a_manifest_says_of_its_route_what_the_route_says() -> None:
    found = replace(with_stops([0], 3), acknowledged_revision=2, cause=RevisionCause.SWAP)

    told = manifest_of(found, DELIVERIES, TASKS)

    for name in ("route_id", "route_plan_id", "revision", "state", "shift_id", "vehicle_id"):
        assert getattr(told, name) == getattr(found, name)
    for name in ("start_time", "end_time", "start_location", "end_location", "legs", "breaks"):
        assert getattr(told, name) == getattr(found, name)
    assert (told.acknowledged_revision, told.cause) == (2, RevisionCause.SWAP)


def test_no_word_about_a_recipient_shows_in_a_repr() -> None:
    shown = repr(manifest_of(route("."), {"d0": whole()}, TASKS))

    for secret in ("Grace", "+358", "Katu", "4711", "bell", "Ada"):
        assert secret not in shown
