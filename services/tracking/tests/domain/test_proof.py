"""
When a proof is accepted.

Method: one delivery asks for this and that; proofs with more and less are judged.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.tracking.domain.heard import Requirement
from services.tracking.domain.proof import Item, Proof, ProofState, faults, judged
from services.tracking.domain.words import ProofKind
from services.tracking.tests.town import at

K, S = ProofKind, ProofState
SHA, OTHER = "a" * 64, "b" * 64
PIN = "c" * 64
PHOTO = Item(K.PHOTO, media_sha256=SHA)
NOTE = Item(K.NOTE)


def proof(*items: Item, **changes: object) -> Proof:
    """A proof of some items."""
    return Proof("prf_1", "tsk_1", at(9), items, at(10), **changes)  # type: ignore[arg-type]


def state(
    items: tuple[Item, ...],
    needs: tuple[Requirement, ...],
    earlier: tuple[Item, ...] = (),
    whole: tuple[str, ...] = (SHA,),
) -> ProofState:
    """Where a proof stands."""
    return judged(proof(*items), earlier, needs, whole, at(11)).state


@pytest.mark.parametrize(
    ("items", "needs", "expected"),
    [
        ((PHOTO,), (), S.ACCEPTED),
        ((PHOTO,), (Requirement(K.PHOTO),), S.ACCEPTED),
        ((NOTE,), (Requirement(K.PHOTO),), S.INSUFFICIENT),
        ((PHOTO,), (Requirement(K.PHOTO), Requirement(K.SIGNATURE)), S.INSUFFICIENT),
        ((Item(K.AGE, verified_age_years=18),), (Requirement(K.AGE),), S.ACCEPTED),
        ((Item(K.AGE, verified_age_years=17),), (Requirement(K.AGE),), S.INSUFFICIENT),
        ((Item(K.AGE, verified_age_years=18),), (Requirement(K.AGE, 21),), S.INSUFFICIENT),
        ((Item(K.AGE, verified_age_years=21),), (Requirement(K.AGE, 21),), S.ACCEPTED),
        ((Item(K.PIN, code=PIN),), (Requirement(K.PIN, pin_sha256=PIN),), S.ACCEPTED),
        ((Item(K.PIN, code=PIN.upper()),), (Requirement(K.PIN, pin_sha256=PIN),), S.ACCEPTED),
        ((Item(K.PIN, code=OTHER),), (Requirement(K.PIN, pin_sha256=PIN),), S.INSUFFICIENT),
        ((Item(K.PIN),), (Requirement(K.PIN, pin_sha256=PIN),), S.INSUFFICIENT),
        ((Item(K.PIN, code=PIN),), (Requirement(K.PIN),), S.INSUFFICIENT),  # nothing to compare
    ],
)
def test_a_proof_is_accepted_when_it_has_all_that_was_asked_for(
    items: tuple[Item, ...], needs: tuple[Requirement, ...], expected: ProofState
) -> None:
    assert state(items, needs) is expected


@pytest.mark.parametrize(
    ("read", "expected"),
    [(("B1", "B2"), S.ACCEPTED), (("B2", "B1", "B9"), S.ACCEPTED), (("B1",), S.INSUFFICIENT)],
)
def test_every_parcel_of_a_delivery_is_scanned_at_the_door(
    read: tuple[str, ...], expected: ProofState
) -> None:
    scans = (Item(K.BARCODE, code=code) for code in read)

    after = judged(proof(*scans), (), (Requirement(K.BARCODE),), (), at(11), ("B1", "B2"))

    assert after.state is expected


def test_a_name_may_stand_on_any_item_and_an_unknown_demand_is_never_met() -> None:
    signed = Item(K.SIGNATURE, media_sha256=SHA, signer_name="whoever")

    assert state((signed,), (Requirement(K.NAME),)) is S.ACCEPTED
    assert state((PHOTO,), (Requirement(K.NAME),)) is S.INSUFFICIENT
    assert state((signed,), (Requirement(K.UNSPECIFIED),)) is S.INSUFFICIENT


def test_all_that_items_lack_is_named_at_once() -> None:
    bad = proof(
        Item(K.PHOTO),
        Item(K.SIGNATURE),
        Item(K.BARCODE),
        Item(K.PIN, code="4711"),
        Item(K.AGE),
        Item(K.NAME),
        NOTE,
    )

    assert [field for field, _ in faults(bad)] == [
        "items[0].media_sha256",
        "items[1].media_sha256",
        "items[2].code",
        "items[3].code",
        "items[4].verified_age_years",
        "items[5].signer_name",
        "note",
    ]
    assert (
        list(faults(proof(PHOTO, Item(K.PIN, code=PIN), NOTE, note="left with a neighbour"))) == []
    )


def test_a_proof_whose_files_are_on_their_way_is_pending_whatever_was_asked_for() -> None:
    assert state((PHOTO,), (), whole=()) is S.PENDING
    assert state((PHOTO, Item(K.SIGNATURE, media_sha256=OTHER)), (), whole=(SHA,)) is S.PENDING


def test_what_earlier_proofs_of_the_task_have_counts_too() -> None:
    needs = Requirement(K.PHOTO), Requirement(K.SIGNATURE)
    signed = Item(K.SIGNATURE, media_sha256=SHA)

    assert state((signed,), needs, earlier=(PHOTO,)) is S.ACCEPTED


def test_an_insufficient_proof_says_what_is_missing_and_can_be_made_whole() -> None:
    needs = Requirement(K.PHOTO), Requirement(K.AGE)

    lacking = judged(proof(NOTE), (), needs, (), at(11))
    whole = judged(lacking, (PHOTO, Item(K.AGE, verified_age_years=40)), needs, (SHA,), at(12))

    assert (lacking.missing, lacking.accept_time) == ((K.PHOTO, K.AGE), None)
    assert (whole.state, whole.missing, whole.accept_time) == (S.ACCEPTED, (), at(12))


def test_an_accepted_proof_is_never_judged_again() -> None:
    accepted = replace(proof(PHOTO), state=S.ACCEPTED, accept_time=at(11))

    assert judged(accepted, (), (Requirement(K.AGE),), (), at(99)) == accepted
