"""
When a proof is accepted.

Method: one delivery asks for this and that; proofs with more and less are judged.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.tracking.domain.heard import Requirement
from services.tracking.domain.proof import Item, Proof, ProofState, judged
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
        ((Item(K.PIN),), (Requirement(K.PIN),), S.ACCEPTED),  # dispatch keeps no hash of it
    ],
)
def test_a_proof_is_accepted_when_it_has_all_that_was_asked_for(
    items: tuple[Item, ...], needs: tuple[Requirement, ...], expected: ProofState
) -> None:
    assert state(items, needs) is expected


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
