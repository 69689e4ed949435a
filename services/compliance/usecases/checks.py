"""May this vehicle be there then: what planners ask, and the gate before a plan is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from meshkit.ids import NewId
from services.compliance.domain.areas import AccessArea, access_areas
from services.compliance.domain.checking import check_presences, check_routes
from services.compliance.domain.finding import Answer, CheckedRoute, Decision
from services.compliance.domain.geometry import Box
from services.compliance.domain.presence import Presence
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.vehicle import Vehicle
from services.compliance.ports import Shelf
from services.compliance.usecases.offload import INLINE_MAX, offloaded


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers in the order of the questions, and the version of all rules behind them."""

    answers: tuple[Answer, ...]
    rules_version: int


async def check_access(
    shelf: Shelf, tenant: str, asked: Sequence[tuple[Vehicle, Presence]], as_of: datetime | None
) -> Answers:
    """Every presence by itself; stores nothing."""
    book = await shelf.book(tenant, as_of)
    answers = await offloaded(len(asked), _checked, book, asked)
    return Answers(answers, book.rules_version)


def _checked(book: RuleBook, asked: Sequence[tuple[Vehicle, Presence]]) -> tuple[Answer, ...]:
    return tuple(check_presences(book, asked))


@dataclass(frozen=True, slots=True)
class Question:
    """The routes of a plan, as of a moment of knowledge (None: now)."""

    route_plan_id: str
    routes: tuple[CheckedRoute, ...]
    as_of: datetime | None


async def evaluate_routes(
    shelf: Shelf, tenant: str, question: Question, now: datetime, new_id: NewId
) -> tuple[Decision, ...]:
    """One decision per route, in order, not yet stored."""
    book = await shelf.book(tenant, question.as_of)
    size = sum(len(route.presences) for route in question.routes)
    answers = await offloaded(size, check_routes, book, question.routes)
    ids = [new_id("dec") for _ in question.routes]
    return tuple(
        Decision(
            decision_id,
            question.route_plan_id,
            route,
            answer.verdict,
            answer.findings,
            answer.totals,
            book.rules_version,
            question.as_of or now,
            now,
            ids[0],
            rank,
        )
        for rank, (decision_id, route, answer) in enumerate(
            zip(ids, question.routes, answers, strict=True)
        )
    )


@dataclass(frozen=True, slots=True)
class Areas:
    """Where a vehicle is not simply allowed."""

    areas: tuple[AccessArea, ...]
    rules_version: int


async def list_access_areas(
    shelf: Shelf,
    tenant: str,
    vehicle: Vehicle,
    interval: tuple[datetime, datetime],
    box: Box | None,
    as_of: datetime | None,
) -> Areas:
    """The areas and their spans inside the interval."""
    book = await shelf.book(tenant, as_of)
    areas = await offloaded(INLINE_MAX + 1, _areas, book, vehicle, interval, box)
    return Areas(areas, book.rules_version)


def _areas(
    book: RuleBook, vehicle: Vehicle, interval: tuple[datetime, datetime], box: Box | None
) -> tuple[AccessArea, ...]:
    return tuple(access_areas(book, vehicle, *interval, box))
