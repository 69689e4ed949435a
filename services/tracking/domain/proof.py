"""
Proofs: evidence that a task was done, accepted once it is whole and meets what was asked. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.tracking.domain.geo import Point
from services.tracking.domain.heard import Requirement
from services.tracking.domain.words import ProofKind

ADULT_YEARS = 18  # the age asked for when a requirement names none


class ProofState(StrEnum):
    """Where a proof stands."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    INSUFFICIENT = "INSUFFICIENT"


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of evidence."""

    kind: ProofKind
    media_sha256: str = ""
    code: str = ""
    signer_name: str = ""
    verified_age_years: int = 0


@dataclass(frozen=True, slots=True)
class Proof:
    """What was captured for one task."""

    proof_id: str
    task_id: str
    capture_time: datetime
    items: tuple[Item, ...]
    record_time: datetime
    location: Point | None = None
    note: str = ""
    delivery_id: str = ""
    state: ProofState = ProofState.PENDING
    missing: tuple[ProofKind, ...] = ()
    accept_time: datetime | None = None

    @property
    def media(self) -> tuple[str, ...]:
        """Hashes of the files it rests on."""
        return tuple(item.media_sha256 for item in self.items if item.media_sha256)


def judged(
    proof: Proof,
    earlier: Sequence[Item],
    requirements: Iterable[Requirement],
    whole_media: Collection[str],
    now: datetime,
) -> Proof:
    """The proof with its state; `earlier` are items of the task's other proofs, which count too."""
    if proof.state is ProofState.ACCEPTED:
        return proof
    if any(sha not in whole_media for sha in proof.media):
        return replace(proof, state=ProofState.PENDING)
    items = (*earlier, *proof.items)
    missing = tuple(need.kind for need in requirements if not _met(need, items))
    if missing:
        return replace(proof, state=ProofState.INSUFFICIENT, missing=missing)
    return replace(proof, state=ProofState.ACCEPTED, missing=(), accept_time=now)


def _met(need: Requirement, items: Iterable[Item]) -> bool:
    same = [item for item in items if item.kind is need.kind]
    if need.kind is ProofKind.AGE:
        return any(i.verified_age_years >= (need.minimum_age_years or ADULT_YEARS) for i in same)
    if need.kind is ProofKind.PIN and need.pin_sha256:
        return any(item.code.lower() == need.pin_sha256 for item in same)
    return bool(same)
