"""Stored decisions: found again, explained, and held against a change of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from meshkit.errors import NotFound
from services.compliance.domain.explanation import RuleExplanation, explain
from services.compliance.domain.finding import Decision
from services.compliance.domain.replay import is_alike, replayed
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.touch import ClosureChange, Touch, ZoneChange
from services.compliance.domain.verdict import Verdict
from services.compliance.ports import DecisionFilter, DecisionStore, RuleStore, Shelf
from services.compliance.usecases.closures import get_closure
from services.compliance.usecases.offload import offloaded
from services.compliance.usecases.zones import get_rule_set

VERSIONS_MAX = 10_000  # of one zone or closure: what changes every hour has them after a year
CANDIDATES_READ = 100  # decisions that are judged again in one go
CANDIDATES_MAX = 2_000  # per page: what is left is for the next one

Key = tuple[datetime, str]
OpenDecisions = Callable[[], AbstractAsyncContextManager[DecisionStore]]


@dataclass(frozen=True, slots=True)
class Remembered:
    """A stored decision and the routes it was made with."""

    decision: Decision
    mates: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A stored decision, its rules one by one, and what the same inputs give again."""

    decision: Decision
    rules: tuple[RuleExplanation, ...]
    reproduced: Verdict
    alike: bool


async def remembered(decisions: DecisionStore, decision_id: str) -> Remembered:
    """A stored decision with all it rests on but the rule book."""
    decision = await decisions.get(decision_id)
    if decision is None:
        raise NotFound("DECISION_UNKNOWN", f"no decision {decision_id!r}", decision_id=decision_id)
    mates = (await decisions.mates([decision]))[decision_id]
    return Remembered(decision, tuple(mates))


async def explain_decision(shelf: Shelf, tenant: str, known: Remembered) -> Explained:
    """Why a decision was what it was, under the versions of then."""
    decision = known.decision
    book = await shelf.book_of(tenant, decision.rules_version)
    size = sum(len(mate.route.presences) for mate in known.mates)
    return await offloaded(size, _explained, book, known)


def _explained(book: RuleBook, known: Remembered) -> Explained:
    again = replayed(book, known.decision, known.mates)
    rules = tuple(explain(known.decision, book))
    return Explained(known.decision, rules, again.verdict, is_alike(known.decision, again))


@dataclass(frozen=True, slots=True)
class Touched:
    """Decisions that a change touches, newest first; `after` tells where the next page begins."""

    decisions: tuple[Decision, ...]
    after: Key | None


async def touch_of(rules: RuleStore, rule_set_id: str) -> Touch:
    """A version with all that were recorded before it."""
    rule_set = await get_rule_set(rules, rule_set_id)
    zone_id, before = rule_set.zone.zone_id, rule_set.rules_version
    return Touch(ZoneChange(rule_set, await rules.versions(zone_id, before, VERSIONS_MAX)))


async def touch_of_closure(rules: RuleStore, closure_id: str) -> Touch:
    """The last revision of a closure with those before it; raises NotFound `CLOSURE_UNKNOWN`."""
    await get_closure(rules, closure_id)
    return Touch(ClosureChange(await rules.closure_revisions(closure_id, VERSIONS_MAX)))


async def list_touched(
    open_decisions: OpenDecisions,
    touch: Touch,
    wanted: DecisionFilter,
    before: Key | None,
    size: int,
) -> Touched:
    """
    At most so many, of the decisions older than one.

    Candidates are read by place and time, then judged again; a page ends when it is full, when no
    candidate is left, or when it has looked at `CANDIDATES_MAX`.
    """
    found: list[Decision] = []
    for _ in range(CANDIDATES_MAX // CANDIDATES_READ):
        async with open_decisions() as store:
            candidates = await store.list(wanted, before, CANDIDATES_READ, touch.reach)
            mates = await store.mates(candidates)
        for candidate in await offloaded(CANDIDATES_READ, _changed, touch, candidates, mates):
            found.append(candidate)
            before = candidate.decided, candidate.decision_id
            if len(found) == size:
                return Touched(tuple(found), before)
        if len(candidates) < CANDIDATES_READ:
            return Touched(tuple(found), None)
        before = candidates[-1].decided, candidates[-1].decision_id
    return Touched(tuple(found), before)


def _changed(
    touch: Touch, candidates: Sequence[Decision], mates: Mapping[str, Sequence[Decision]]
) -> list[Decision]:
    return [c for c in candidates if touch.changes(c, mates[c.decision_id])]
