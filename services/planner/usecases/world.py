"""
Asks the world what a problem needs: where its vehicles may be, and how long their ways take.

One travel table per class of vehicle: its profile, the hour in the middle of its shift, and the
areas that are closed to it during the whole shift, whose roads are left out. Areas that are closed
for part of a shift stay open on the map; stays in them are kept out of those hours, and finished
legs are checked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from meshkit.errors import Exhausted, Invalid, TooLate, Unavailable
from services.planner.domain.access import AccessArea
from services.planner.domain.geometry import meters_between
from services.planner.domain.instance import Instance, TravelTable
from services.planner.domain.places import Places, places_of
from services.planner.domain.plan import Notice
from services.planner.domain.problem import TASKS_AT_ONCE_MAX, Problem
from services.planner.domain.shift import AccessAttributes, Shift
from services.planner.domain.travel import (
    BLOCKED_AREAS_MAX,
    POINTS_MAX,
    BlockedArea,
    Point,
    Profile,
    TravelMatrix,
    TravelNotice,
    TravelQuestion,
    TravelReason,
)
from services.planner.ports import AccessRules, AreasAnswer, TravelTimes

HOUR_SECONDS = 3_600
DETOUR_PERCENT = 150  # of the straight line: streets turn, and some are one-way
CROSSING_METERS_PER_SECOND = 4  # 14 km/h: a city center at a bad hour
CROSSING_SECONDS_MAX = 1_800
COMPLIANCE_AWAY = (Unavailable, TooLate, Exhausted)
LINT_CODES = {
    TravelReason.NO_ROAD: "NO_ROAD",
    TravelReason.FAR_FROM_ROAD: "FAR_FROM_ROAD",
    TravelReason.BLOCKED: "POINT_BLOCKED",
}
ACTIONS = {
    TravelReason.NO_ROAD: "check the position; straight lines stand in",
    TravelReason.FAR_FROM_ROAD: "check the position, or state the walk as setup",
    TravelReason.BLOCKED: "send a vehicle that may enter, or come at another hour",
}
Blocks = tuple[frozenset[str], ...]  # per shift, further areas to keep its roads out of


@dataclass(frozen=True, slots=True)
class Prepared:
    """An instance, and what was asked for it."""

    instance: Instance
    questions: tuple[TravelQuestion, ...]
    """One per travel table."""
    matrices: tuple[TravelMatrix, ...]
    access_checked: bool
    access_rules_version: int
    notices: tuple[Notice, ...]

    @property
    def map_id(self) -> str:
        """The road map that answered."""
        return self.matrices[0].map_id if self.matrices else ""


@dataclass(frozen=True, slots=True)
class Access:
    """The areas of each shift's vehicle, when they could be asked."""

    areas: tuple[tuple[AccessArea, ...], ...]
    is_known: bool
    rules_version: int


async def prepare(
    travel: TravelTimes,
    access: AccessRules,
    problem: Problem,
    *,
    omit_access: bool,
    tasks_max: int = TASKS_AT_ONCE_MAX,
) -> Prepared:
    """
    Asks compliance, then the road engine.

    `omit_access` leaves the check of the finished plan out where no area closes or opens during a
    shift: what is closed all day is driven around, and the rest only the check can tell.
    """
    refuse_too_many_tasks(len(problem.tasks), tasks_max)
    places = await asyncio.to_thread(places_of, problem)
    refuse_too_many_places(len(places.points), tasks_max)
    known = await ask_access(access, problem.shifts)
    blocks: Blocks = (frozenset(),) * len(problem.shifts)
    prepared = await with_travel(travel, problem, known, blocks, places)
    needed = not omit_access or await asyncio.to_thread(closes_for_a_while, problem, known)
    return replace(prepared, access_checked=known.is_known and needed)


def closes_for_a_while(problem: Problem, access: Access) -> bool:
    """Whether some area is closed to some shift for a part of its time."""
    return any(
        area.forbidden(shift.start_second, shift.end_second)
        and not area.closes(shift.start_second, shift.end_second)
        for shift, areas in zip(problem.shifts, access.areas, strict=False)
        for area in areas
    )


async def with_travel(
    travel: TravelTimes,
    problem: Problem,
    access: Access,
    blocks: Blocks,
    places: Places | None = None,
) -> Prepared:
    """
    The instance under known access, with some areas' roads left out for some shifts.

    Whatever grows with the problem is worked out beside the event loop: big ones take a while.
    """
    if places is None:
        places = await asyncio.to_thread(places_of, problem)
    tables = await asyncio.to_thread(tables_asked, problem, places, access, blocks)
    matrices = await asyncio.gather(*(travel.matrix(one) for one in tables.questions))
    return await asyncio.to_thread(prepared_of, problem, places, access, tables, matrices)


@dataclass(frozen=True, slots=True)
class Tables:
    """The travel tables of a problem: what is asked for each, and which one a shift takes."""

    questions: tuple[TravelQuestion, ...]
    table_of_shift: tuple[int, ...]


def tables_asked(problem: Problem, places: Places, access: Access, blocks: Blocks) -> Tables:
    """One table for all shifts of one class, hour and closed areas; equal ones are asked once."""
    areas = access.areas or ((),) * len(problem.shifts)
    asked: dict[object, TravelQuestion] = {}
    keys = []
    for shift, own, blocked in zip(problem.shifts, areas, blocks, strict=True):
        closed = closed_areas(shift, own, blocked)
        key = (class_of(shift), hour_of(shift), tuple(area.area_id for area in closed))
        keys.append(key)
        if key not in asked:
            asked[key] = question(places.points, shift, closed)
    questions = tuple(dict.fromkeys(asked.values()))
    ranks = {one: rank for rank, one in enumerate(questions)}
    rank_of_key = {key: ranks[one] for key, one in asked.items()}
    return Tables(questions, tuple(rank_of_key[key] for key in keys))


def prepared_of(
    problem: Problem,
    places: Places,
    access: Access,
    tables: Tables,
    matrices: Sequence[TravelMatrix],
) -> Prepared:
    """The instance with what was asked for it."""
    flat = tuple(table_of(matrix) for matrix in matrices)
    instance = Instance(problem, flat, tables.table_of_shift, access.areas)
    vars(instance)["places"] = places  # a look-up that is worked out already
    return Prepared(
        instance,
        tables.questions,
        tuple(matrices),
        access.is_known,
        access.rules_version,
        (*access_notices(access), *travel_notices(problem, places, told_by(matrices))),
    )


def refuse_too_many_places(count: int, tasks_max: int) -> None:
    """Before travel is asked: what takes too long, or does not fit."""
    places_max = min(POINTS_MAX, 2 * tasks_max)
    if count > places_max:
        raise too_many(f"{count} different places; at most {places_max}")


def refuse_too_many_tasks(count: int, tasks_max: int = TASKS_AT_ONCE_MAX) -> None:
    """Before the tasks are even read."""
    if count > tasks_max:
        raise too_many(f"{count} tasks; at most {tasks_max}")


def too_many(what: str) -> Invalid:
    """What a caller hears who should start an optimization instead, or split the problem."""
    return Invalid("TOO_MANY_STOPS", f"{what} are planned at once")


NOT_ASKED = Access((), is_known=False, rules_version=0)


async def ask_access(access: AccessRules, shifts: Sequence[Shift]) -> Access:
    """The areas of all classes of vehicles; not checked when compliance is away."""
    keys = [class_of(shift) for shift in shifts]
    classes: dict[Class, list[Shift]] = {}
    for key, shift in zip(keys, shifts, strict=True):
        classes.setdefault(key, []).append(shift)
    try:
        answers = await asyncio.gather(*(ask_class(access, own) for own in classes.values()))
    except COMPLIANCE_AWAY:
        return NOT_ASKED
    found = dict(zip(classes, answers, strict=True))
    version = max((answer.rules_version for answer in answers), default=0)
    return Access(tuple(found[key].areas for key in keys), is_known=True, rules_version=version)


Class = tuple[AccessAttributes, Profile]


def class_of(shift: Shift) -> Class:
    """Vehicles that access rules cannot tell apart."""
    return shift.vehicle.access, shift.vehicle.profile


async def ask_class(access: AccessRules, own: Sequence[Shift]) -> AreasAnswer:
    """The areas of one class over all its shifts."""
    start = min(shift.start_second for shift in own)
    end = max(shift.end_second for shift in own)
    answer = await access.areas(own[0].vehicle, start, end)
    return await asyncio.to_thread(with_crossings, answer)


def with_crossings(answer: AreasAnswer) -> AreasAnswer:
    """The areas with how long a way through each may take."""
    areas = tuple(replace(area, crossing_seconds=crossing_seconds(area)) for area in answer.areas)
    return replace(answer, areas=areas)


def crossing_seconds(area: AccessArea) -> int:
    """How long a way through an area may take: its diagonal, with turns, at a slow pace."""
    corners = [point for part in area.parts for point in part.rings[0]]
    south_west = Point(min(p.latitude for p in corners), min(p.longitude for p in corners))
    north_east = Point(max(p.latitude for p in corners), max(p.longitude for p in corners))
    meters = meters_between(south_west, north_east) * DETOUR_PERCENT // 100
    return min(CROSSING_SECONDS_MAX, meters // CROSSING_METERS_PER_SECOND)


def closed_areas(
    shift: Shift, areas: Sequence[AccessArea], blocked: frozenset[str]
) -> list[AccessArea]:
    """The areas whose roads are left out for a shift."""
    return [
        area
        for area in areas
        if area.area_id in blocked or area.closes(shift.start_second, shift.end_second)
    ]


def question(
    points: tuple[Point, ...], shift: Shift, closed: Sequence[AccessArea]
) -> TravelQuestion:
    """What the road engine is asked for a shift."""
    parts: list[BlockedArea] = [part for area in closed for part in area.parts]
    profile = shift.vehicle.profile
    return TravelQuestion(
        points,
        Profile.VAN if profile is Profile.E_VAN else profile,
        hour_of(shift),
        tuple(parts[:BLOCKED_AREAS_MAX]),
    )


def hour_of(shift: Shift) -> datetime:
    """The hour whose speeds stand for the shift: the one in its middle."""
    middle = (shift.start_second + shift.end_second) // 2
    return datetime.fromtimestamp(middle - middle % HOUR_SECONDS, UTC)


def table_of(matrix: TravelMatrix) -> TravelTable:
    """A matrix as a table of plain numbers."""
    return TravelTable(
        matrix.seconds.reshape(-1).data, matrix.meters.reshape(-1).data, len(matrix.snaps)
    )


def access_notices(access: Access) -> Iterable[Notice]:
    """That nobody said where vehicles may be."""
    if not access.is_known:
        cause = "compliance did not answer"
        yield Notice("ACCESS_NOT_CHECKED", cause, "check the plan before it is published")


def told_by(matrices: Iterable[TravelMatrix]) -> Iterable[TravelNotice]:
    """What the road engine says beside its answers."""
    return (notice for matrix in matrices for notice in matrix.notices)


def travel_notices(
    problem: Problem, places: Places, notices: Iterable[TravelNotice]
) -> Iterable[Notice]:
    """What the road engine says about places, told about the tasks that are there."""
    told: dict[tuple[str, int], TravelNotice] = {}
    for notice in notices:
        code = LINT_CODES.get(notice.reason)
        if code is not None and notice.other is None:
            told.setdefault((code, notice.point), notice)
    if not told:
        return
    tasks_at: dict[int, list[int]] = {}
    for rank, options in enumerate(places.options):
        tasks_at.setdefault(options[0], []).append(rank)
    for (code, point), notice in told.items():
        action = ACTIONS[notice.reason]
        for rank in tasks_at.get(point, ()):
            task_id = problem.tasks[rank].task_id
            path = f"tasks[{rank}].location"
            yield Notice(code, notice.message or notice.reason.value, action, path, task_id)


def more_blocks(blocks: Blocks, shift: int, area_ids: Iterable[str], problem: Problem) -> Blocks:
    """Keeps all vehicles of a shift's class out of some areas' roads."""
    key, added = class_of(problem.shifts[shift]), frozenset(area_ids)
    return tuple(
        own | added if class_of(other) == key else own
        for own, other in zip(blocks, problem.shifts, strict=True)
    )


def access_of(prepared: Prepared) -> Access:
    """What was known about access, to prepare again with more blocks."""
    return Access(
        prepared.instance.areas_of_shift, prepared.access_checked, prepared.access_rules_version
    )


def with_notices(prepared: Prepared, notices: Iterable[Notice]) -> Prepared:
    """The same with more notices."""
    return replace(prepared, notices=(*notices, *prepared.notices))
