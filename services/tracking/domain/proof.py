"""
Proofs: evidence that a task was done, accepted once it is whole and meets what was asked. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.tracking.domain.geo import Point
from services.tracking.domain.heard import Requirement
from services.tracking.domain.words import ProofKind

SHA256_HEX = re.compile(r"[0-9a-fA-F]{64}")
OF_FILES = (ProofKind.PHOTO, ProofKind.SIGNATURE)
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
    submitted_by: str = ""  # the subject of a token
    driver_id: str = ""  # of a driver's token
    carrier_id: str = ""  # of a carrier's token

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
    barcodes: Collection[str] = (),
) -> Proof:
    """
    The proof with its state. `earlier` are items of the task's other proofs, which count too;
    `barcodes` are those of the parcels, as far as dispatch told them.
    """
    if proof.state is ProofState.ACCEPTED:
        return proof
    if any(sha not in whole_media for sha in proof.media):
        return replace(proof, state=ProofState.PENDING)
    items = (*earlier, *proof.items)
    missing = lacking(items, requirements, barcodes)
    if missing:
        return replace(proof, state=ProofState.INSUFFICIENT, missing=missing)
    return replace(proof, state=ProofState.ACCEPTED, missing=(), accept_time=now)


def lacking(
    items: Iterable[Item], requirements: Iterable[Requirement], barcodes: Collection[str] = ()
) -> tuple[ProofKind, ...]:
    """All that was asked for and is not among the items."""
    had = tuple(items)
    return tuple(need.kind for need in requirements if not _met(need, had, barcodes))


def faults(proof: Proof) -> Iterator[tuple[str, str]]:
    """Every field that lacks what the kind of its item needs, with what that is."""
    for at, item in enumerate(proof.items):
        if item.kind in OF_FILES and not item.media_sha256:
            yield f"items[{at}].media_sha256", f"a {item.kind.lower()} names its file"
        if item.kind is ProofKind.BARCODE and not item.code:
            yield f"items[{at}].code", "a barcode is what was read"
        if item.kind is ProofKind.PIN and not SHA256_HEX.fullmatch(item.code):
            yield f"items[{at}].code", "a PIN is given as its salted SHA-256 in hex, never itself"
        if item.kind is ProofKind.AGE and not item.verified_age_years:
            yield f"items[{at}].verified_age_years", "an age check says which age was shown"
        if item.kind is ProofKind.NAME and not item.signer_name:
            yield f"items[{at}].signer_name", "a name is needed"
        if item.kind is ProofKind.NOTE and not proof.note:
            yield "note", "an item of words needs them"


def _met(need: Requirement, items: tuple[Item, ...], barcodes: Collection[str]) -> bool:
    same = [item for item in items if item.kind is need.kind]
    match need.kind:
        case ProofKind.UNSPECIFIED:
            return False  # a demand that this release does not know
        case ProofKind.AGE:
            least = need.minimum_age_years or ADULT_YEARS
            return any(item.verified_age_years >= least for item in same)
        case ProofKind.PIN:  # without a hash to compare with, none is the right one
            right = need.pin_sha256.lower()
            return bool(right) and any(item.code.lower() == right for item in same)
        case ProofKind.BARCODE if barcodes:
            return {item.code for item in same} >= set(barcodes)
        case ProofKind.NAME:
            return any(item.signer_name for item in items)
        case _:
            return bool(same)
