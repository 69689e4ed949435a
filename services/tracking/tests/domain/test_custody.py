"""
Through whose hands a parcel went, and what does not fit.

Method: a chain is a row of words, one minute apart; `L1` is a load by route 1, `H` a handover to
somebody, `P` a place, `D1` a delivery by route 1. A proof or handover of route 1 comes at its end.
"""

from __future__ import annotations

import pytest

from services.tracking.domain.custody import (
    Act,
    Chain,
    Gap,
    GapKind,
    Holder,
    Proved,
    Step,
    gaps,
    in_hands,
)
from services.tracking.domain.words import Source
from services.tracking.tests.town import at

WORDS = {
    "L": (Act.LOADED, Holder.VEHICLE),
    "R": (Act.RECEIVED, Holder.CARRIER),
    "F": (Act.PICKED_UP, Holder.VEHICLE),
    "H": (Act.HANDED_OVER, Holder.OTHER),
    "U": (Act.UNLOADED, Holder.UNSPECIFIED),
    "C": (Act.COUNTED, Holder.UNSPECIFIED),
    "P": (Act.RECEIVED, Holder.PLACE),
    "S": (Act.STORED, Holder.PLACE),
    "B": (Act.RETURNED, Holder.PLACE),
    "D": (Act.DELIVERED, Holder.RECIPIENT),
}


def chain(words: str) -> list[Step]:
    """Steps, one minute apart; a number is the route, and of a delivery the task too."""
    made = []
    for minute, word in enumerate(words.split()):
        act, holder = WORDS[word[0]]
        route = f"rte_{word[1:]}" if word[1:] else ""
        task = f"tsk_{word[1:]}" if act is Act.DELIVERED else ""
        made.append(
            Step(
                f"s{minute}",
                "pcl_1",
                "del_1",
                act,
                at(minute),
                at(minute),
                Source.DRIVER,
                holder,
                route_id=route,
                task_id=task,
            )
        )
    return made


@pytest.mark.parametrize(
    ("words", "held"),
    [
        ("", False),
        ("C", False),  # counted at the depot, by nobody's vehicle
        ("P", False),  # the depot has it
        ("L1", True),
        ("L", True),  # a scan that names no route
        ("L2", False),  # aboard another vehicle
        ("L2 H", True),  # which handed it over
        ("L2 L1", True),
        ("R", True),
        ("F1", True),
        ("L1 U1 C", True),  # put down at the door
        ("L1 S1", True),  # into the locker, which is the handover
        ("L1 D1", True),  # the handover itself
        ("L1 B", False),  # back at the depot
        ("L1 S", False),
        ("L1 B L1", True),
    ],
)
def test_a_parcel_is_in_a_crew_s_hands_when_the_last_scan_put_it_there(
    words: str, held: bool
) -> None:
    assert in_hands(chain(words), at(60), "tsk_1", "rte_1") is held


def test_only_scans_before_the_moment_count() -> None:
    assert not in_hands(chain("C C L1"), at(1), "tsk_1", "rte_1")
    assert in_hands(chain("C C L1"), at(2), "tsk_1", "rte_1")


def test_an_unbroken_chain_has_no_gap() -> None:
    proof = Proved("prf_1", "tsk_1", at(4), "rte_1")

    assert gaps(chain("P L1 C D1"), [proof], scannable=True) == ()


def test_a_handover_without_a_scan_is_one_gap_and_its_proof_no_second() -> None:
    proof = Proved("prf_1", "tsk_1", at(1), "rte_1")

    assert gaps(chain("P D1"), [proof], scannable=True) == (
        Gap(GapKind.UNSCANNED, at(1), step_id="s1"),
    )


def test_a_proof_without_a_handover_shows_the_gap_itself() -> None:
    proof = Proved("prf_1", "tsk_1", at(5), "rte_1")

    assert gaps(chain("P"), [proof], scannable=True) == (
        Gap(GapKind.UNSCANNED, at(5), proof_id="prf_1"),
    )


def test_a_parcel_without_a_barcode_breaks_no_chain() -> None:
    assert gaps(chain("D1"), [], scannable=False) == ()


def test_who_holds_a_parcel_is_told_by_the_last_change_of_hands() -> None:
    steps = tuple(chain("P L1 C"))

    last = Chain("pcl_1", "B1", "del_1", steps).last

    assert last == steps[1]
