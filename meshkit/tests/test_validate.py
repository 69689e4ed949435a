"""Validation: every fault of a request at once, each with the path a caller can find."""

from __future__ import annotations

import time
from typing import Any

import pytest

from meshkit.errors import Invalid
from meshkit.tests.echo import pb
from meshkit.validate import check, violations

NAN, INF = float("nan"), float("inf")
HERE = pb.Point(latitude=60.17, name="here")
AWAY = pb.Point(latitude=95, name="off the earth")


def paths(request: Any) -> list[str]:
    return [fault.field for fault in violations(request)]


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (pb.SayRequest(), "text"),
        (pb.SayRequest(text="x" * 20_001), "text"),
        (pb.SayRequest(text="x", kind=999), "kind"),
        (pb.SayRequest(text="x", points=[HERE, AWAY]), "points[1].latitude"),
        (pb.SayRequest(text="x", points=[pb.Point(latitude=NAN, name="x")]), "points[0].latitude"),
        (pb.SayRequest(text="x", points=[pb.Point(free=NAN, name="x")]), "points[0].free"),
        (pb.SayRequest(text="x", points=[pb.Point(free=-INF, name="x")]), "points[0].free"),
        (pb.SayRequest(text="x", points=[pb.Point()]), "points[0].name"),
        (pb.SayRequest(text="x", places={"home": AWAY}), 'places["home"].latitude'),
        (pb.SayRequest(text="x", loads={"van": NAN}), 'loads["van"]'),
        (pb.SayRequest(text="x", numbers=[1, INF]), "numbers[1]"),
        (pb.SayRequest(text="x", nested=pb.SayRequest()), "nested.text"),
        (
            pb.SayRequest(text="x", nested=pb.SayRequest(text="y", numbers=[NAN])),
            "nested.numbers[0]",
        ),
        (pb.SayRequest(text="x", positions=[HERE] * 4), "positions"),
        (pb.SayRequest(text="x", patch=pb.Point(free=NAN)), "patch.free"),
    ],
)
def test_a_fault_is_named_by_its_path(request_: Any, path: str) -> None:
    assert set(paths(request_)) == {path}


def test_all_faults_are_named_at_once() -> None:
    request = pb.SayRequest(points=[pb.Point(latitude=91, free=NAN)], numbers=[NAN])

    with pytest.raises(Invalid) as caught:
        check(request)

    found = {fault.field for fault in caught.value.violations}
    assert found == {
        "text",
        "points[0].latitude",
        "points[0].free",
        "points[0].name",
        "numbers[0]",
    }
    assert caught.value.reason == "FIELD_INVALID"


def test_a_missing_field_that_two_rules_ask_for_is_named_once() -> None:
    assert paths(pb.SayRequest()) == ["text"]


def test_items_that_are_refused_one_by_one_are_left_to_the_servicer() -> None:
    bad = pb.Point(latitude=NAN)

    assert paths(pb.SayRequest(text="x", positions=[bad])) == []
    assert {fault.field for fault in violations(bad, at="positions[0].")} == {
        "positions[0].latitude",
        "positions[0].name",
    }


def test_a_message_picked_by_a_mask_may_lack_what_is_required() -> None:
    assert paths(pb.SayRequest(text="x", patch=pb.Point(latitude=95))) == []


def test_a_sound_request_passes() -> None:
    check(pb.SayRequest(text="x", points=[HERE], places={"home": HERE}, numbers=[1.5]))


def test_checking_a_full_batch_does_not_hold_the_event_loop() -> None:
    batch = pb.SayRequest(text="x", points=[HERE] * 500)
    check(batch)  # compiles the rules, once

    def seconds() -> float:
        started = time.perf_counter()
        check(batch)
        return time.perf_counter() - started

    best = min(seconds() for _ in range(20))

    print(f"500 items: {best * 1e3:.2f} ms")
    assert best < 0.005  # what a loop may spend at once
