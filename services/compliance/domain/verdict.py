"""
Verdicts: what rules together say at one instant.

Pure. Forbidden goes before permit, permit before charge, charge before allowed. A rule that cannot
be decided for want of data makes the answer unknown, unless another one forbids anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from services.compliance.domain.rule import Charge, PermitDemand, Prohibition, Rule
from services.compliance.domain.truth import Truth


class Verdict(IntEnum):
    """The values from best to worst."""

    ALLOW = 0
    ALLOW_WITH_CHARGE = 1
    PERMIT_NEEDED = 2
    UNKNOWN = 3
    DENY = 4

    @property
    def lets_in(self) -> bool:
        """Whether the vehicle may be there, free or for money."""
        return self <= Verdict.ALLOW_WITH_CHARGE


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of several together; of none, ALLOW."""
    return max(verdicts, default=Verdict.ALLOW)


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule whose schedule holds, whether it is about the vehicle, and what data it lacks."""

    rule: Rule
    truth: Truth
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules say: the verdict, the rules that lead to it, and what they ask for."""

    verdict: Verdict
    rule_ids: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    permit_schemes: tuple[str, ...] = ()
    charges: tuple[Rule, ...] = ()  # rules whose effect is a Charge


ALLOWED = Outcome(Verdict.ALLOW)
# Outside of every version of a zone nobody knows what holds there.
UNRECORDED = Outcome(Verdict.UNKNOWN, missing=("rules",))


@dataclass(frozen=True, slots=True)
class Span:
    """One outcome for every instant of `[start, end)`."""

    start: datetime
    end: datetime
    outcome: Outcome


def judge(active: Sequence[Judged]) -> Outcome:
    """The outcome of the rules whose schedule holds, in the order of the zone."""
    holding = [judged.rule for judged in active if judged.truth is Truth.HOLDS]
    unsure = [judged for judged in active if judged.truth is Truth.UNKNOWN]
    forbidding = [rule for rule in holding if isinstance(rule.effect, Prohibition)]
    charges = tuple(rule for rule in holding if isinstance(rule.effect, Charge))
    if forbidding:
        return Outcome(Verdict.DENY, _ids(forbidding))
    if unsure:
        missing = tuple(dict.fromkeys(name for judged in unsure for name in judged.missing))
        return Outcome(Verdict.UNKNOWN, _ids(j.rule for j in unsure), missing, charges=charges)
    demanding = [rule for rule in holding if isinstance(rule.effect, PermitDemand)]
    if demanding:
        schemes = tuple(dict.fromkeys(_scheme(rule) for rule in demanding))
        return Outcome(
            Verdict.PERMIT_NEEDED, _ids(demanding), permit_schemes=schemes, charges=charges
        )
    if charges:
        return Outcome(Verdict.ALLOW_WITH_CHARGE, _ids(charges), charges=charges)
    return ALLOWED


def _ids(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(rule.rule_id for rule in rules)


def _scheme(rule: Rule) -> str:
    return rule.effect.scheme if isinstance(rule.effect, PermitDemand) else ""
