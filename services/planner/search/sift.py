"""The verifier on insertions: those that may leave, and what is said against the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Violation, WhyNot
from services.planner.search.explain import Check, grouped
from services.planner.search.insert import Insertion


@dataclass(frozen=True, slots=True)
class Sifted:
    """Insertions against whose routes the rules name nothing hard, in the order of all."""

    insertions: tuple[Insertion, ...]
    refused: tuple[Violation, ...] = ()
    """What is named against the others: a fault of ours."""


def sifted(instance: Instance, found: Iterable[Insertion], check: Check) -> Sifted:
    """Asks the rules about the route of each."""
    sound, refused = list[Insertion](), list[Violation]()
    for insertion in found:
        broken = [one for one in check(instance, insertion.route) if one.hard]
        refused += broken
        if not broken:
            sound.append(insertion)
    return Sifted(tuple(sound), tuple(refused))


def reasons_of(refused: Iterable[Violation]) -> tuple[WhyNot, ...]:
    """Why a task is not served whose every insertion was refused."""
    return grouped((one.reason, one.message, one.shift_id) for one in refused)
