"""What other vehicles would have saved on past routes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from meshkit.errors import Invalid, Violation
from services.compliance.domain.footprint import Setting
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.swap import ROUTES_MAX, PastRoute, Saving, SwapSums
from services.compliance.ports import DecisionStore, LedgerStore, Shelf
from services.compliance.report_ports import PastStore
from services.compliance.usecases.emissions import settings_of
from services.compliance.usecases.factor_sets import Rates

ROUTES_AT_ONCE = 50  # with all their legs in memory


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the past, in one transaction."""

    past: PastStore
    decisions: DecisionStore
    ledger: LedgerStore


@dataclass(frozen=True, slots=True)
class Question:
    """Whose routes, of which period, and as of when factor sets are known."""

    tenant: str
    start: datetime
    end: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class _Case:
    route: PastRoute
    settings: Sequence[Setting]


OpenPast = Callable[[], AbstractAsyncContextManager[Past]]


async def list_savings(
    open_past: OpenPast, shelf: Shelf, rates: Rates, question: Question
) -> list[Saving]:
    """All savings, the largest first; raises Invalid for a period with too many routes."""
    await refuse_too_many(open_past, question)
    sums, after = SwapSums(), ""
    while True:
        async with open_past() as known:
            cases = await _cases(known, rates, question, after)
        if not cases:
            return sums.savings()
        after = cases[-1].route.decision.route.route_id
        versions = {case.route.decision.rules_version for case in cases}
        books = {v: await shelf.book_of(question.tenant, v) for v in sorted(versions)}
        await asyncio.to_thread(_take_in, sums, books, cases)


async def refuse_too_many(open_past: OpenPast, question: Question) -> None:
    """An answer has to come in time."""
    async with open_past() as known:
        count = await known.past.route_count(question.start, question.end)
    if count > ROUTES_MAX:
        raise Invalid(
            "INTERVAL_INVALID",
            f"{count:,} routes in the period; at most {ROUTES_MAX:,} at a time",
            violations=[Violation("interval", "is too long", "INTERVAL_INVALID")],
        )


async def _cases(known: Past, rates: Rates, question: Question, after: str) -> list[_Case]:
    period = question.start, question.end
    decisions = await known.past.last_decisions(*period, after, ROUTES_AT_ONCE)
    mates = await known.decisions.mates(decisions)
    entries = await known.past.entries([d.route.route_id for d in decisions], *period)
    routes = [
        PastRoute(d, tuple(mates[d.decision_id]), tuple(entries[d.route.route_id]))
        for d in decisions
    ]
    return [
        _Case(one, await settings_of(known.ledger, rates, one.legs, "", question.now))
        for one in routes
    ]


def _take_in(sums: SwapSums, books: dict[int, RuleBook], cases: Sequence[_Case]) -> None:
    for case in cases:
        sums.add(books[case.route.decision.rules_version], case.route, case.settings)
