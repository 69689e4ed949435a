"""
A shift as the search sees it: tables of plain numbers, filled when first needed.

Shifts that differ in nothing but their names are of one class: what a task means to one of them it
means to all, unless it names shifts. So a thousand tasks and a fleet of equal shifts are looked at
once per task, and not once per pair.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace

from services.planner.domain.instance import Instance, Node, is_reload
from services.planner.domain.places import NOWHERE
from services.planner.domain.plan import CostKind
from services.planner.domain.problem import Pin
from services.planner.domain.reason import Reason
from services.planner.domain.shift import PERCENT, Shift
from services.planner.domain.task import Loads, SkillNeed, Task, TaskKind
from services.planner.domain.travel import UNREACHABLE
from services.planner.search.curve import FOREVER
from services.planner.search.stay import ANYTIME, Stay, Windows, curve_of, cut_to, without


@dataclass(slots=True)
class Known:
    """What was found out about nodes."""

    stays: dict[Node, Stay] = field(default_factory=dict)
    refusals: dict[Node, Reason | None] = field(default_factory=dict)


class Classes:
    """The classes of an instance's shifts, and which tasks look at more than the class."""

    def __init__(self, instance: Instance) -> None:
        """Reads pins and names once for all shifts."""
        problem = instance.problem
        self._ranks: dict[Hashable, int] = {}
        self._known: list[Known] = []
        self.pins = {pin.task_id: pin for pin in problem.pins}
        self.has_releases = any(task.release_second is not None for task in problem.tasks)
        self.has_rides = any(task.ride_limit_seconds is not None for task in problem.tasks)
        named = {*self.pins, *instance.base_shift_of, *problem.onboard_shift_of}
        self.naming = frozenset(
            rank
            for rank, task in enumerate(problem.tasks)
            if task.task_id in named or names_shifts(task)
        )

    def of(self, instance: Instance, shift: int) -> tuple[int, Known]:
        """The rank of a shift's class, and what is known about it."""
        key = class_key(instance, shift)
        rank = self._ranks.setdefault(key, len(self._ranks))
        if rank == len(self._known):
            self._known.append(Known())
        return rank, self._known[rank]


def names_shifts(task: Task) -> bool:
    """Whether a task says something about shifts or vehicles by name."""
    return bool(
        task.allowed_shift_ids
        or task.excluded_shift_ids
        or task.excluded_vehicle_ids
        or task.preferred_shift_ids
    )


def class_key(instance: Instance, rank: int) -> Hashable:
    """Equal for shifts that differ in nothing but their names."""
    own = instance.problem.shifts[rank]
    areas = instance.areas_of_shift[rank] if instance.areas_of_shift else ()
    return (
        replace(own, shift_id="", vehicle=replace(own.vehicle, vehicle_id="")),
        instance.table_of_shift[rank],
        areas,
    )


class ShiftView:
    """One shift of an instance, compiled."""

    def __init__(self, instance: Instance, rank: int, classes: Classes | None = None) -> None:
        """Reads what does not depend on tasks; stays follow when asked for."""
        self.instance = instance
        self.rank = rank
        self.shift: Shift = instance.problem.shifts[rank]
        self.start_place = instance.places.starts[rank]
        self.end_place = instance.places.ends[rank]
        self.ready_second = self.shift.ready_second
        self.costs = self.shift.costs.effective
        self.breaks = tuple(
            (
                self.shift.breaks.index(rule),
                rule.first_second,
                rule.last_second,
                rule.length_seconds,
            )
            for rule in self.shift.breaks_left
        )
        table = instance.table(rank)
        self._seconds, self._meters, self._size = table.seconds, table.meters, table.size
        self._percent = self.shift.vehicle.travel_percent
        classes = classes or Classes(instance)
        self.class_rank, self._of_class = classes.of(instance, rank)
        self._own, self.naming = Known(), classes.naming
        self.has_releases, self.has_rides = classes.has_releases, classes.has_rides
        self.pins = classes.pins
        self.frozen = self._frozen_head()
        self.limited = tuple(
            (dimension, limit)
            for dimension, limit in enumerate(self.shift.vehicle.capacity)
            if limit
        )
        self.onboard = self._onboard()
        state, nothing = self.shift.start_state, (0,) * len(instance.problem.dimensions)
        self.onboard_load: Loads = state.onboard_load or nothing if state else nothing

    def seconds(self, here: int, there: int) -> int:
        """Time at the wheel."""
        if here == there:
            return 0
        seconds = self._seconds[here * self._size + there]
        if self._percent == PERCENT or seconds >= UNREACHABLE:
            return seconds
        return -(-seconds * self._percent // PERCENT)

    def meters(self, here: int, there: int) -> int:
        """Length of the way."""
        return 0 if here == there else self._meters[here * self._size + there]

    def known(self, node: Node) -> Known:
        """Where what is found out about a node is kept: with the class, or with the shift."""
        return self._own if node[0] in self.naming else self._of_class

    def stay(self, node: Node) -> Stay:
        """What a node means to this shift."""
        stays = self.known(node).stays
        found = stays.get(node)
        if found is None:
            made = self._make_reload(node) if is_reload(node) else self._make_stay(node)
            found = stays[node] = made
        return found

    def refusal(self, node: Node) -> Reason | None:
        """Why no route of this shift can serve a node, whatever its times; None when one may."""
        refusals = self.known(node).refusals
        if node not in refusals:
            refuse = self._refuse_reload if is_reload(node) else self._refuse
            refusals[node] = next(refuse(node), None)
        return refusals[node]

    def end_of(self, last: int) -> int:
        """Where a route ends that was last at `last`."""
        return last if self.end_place == NOWHERE else self.end_place

    def _refuse(self, node: Node) -> Iterator[Reason]:
        task = self.instance.task(node)
        if not self._is_allowed(task):
            yield Reason.EXCLUDED
        if not self._is_unlocked(task):
            yield Reason.LOCK
        if not self._is_within_territory(node[0]):
            yield Reason.TERRITORY
        if not self._has_skills(task.skills):
            yield Reason.SKILL
        if task.kind is not TaskKind.SERVICE and any(
            task.loads[dimension] > limit for dimension, limit in self.limited
        ):
            yield Reason.CAPACITY
        closed = self.instance.closing_verdict(self.rank, self.instance.place(node))
        if closed is not None:
            yield closed.reason
        if not self.stay(node).windows:
            spans = self.instance.forbidden_spans(self.rank, self.stay(node).place)
            yield spans[0].verdict.reason if spans else Reason.WINDOW
        if not self._is_reachable(self.stay(node).place):
            yield Reason.REACHABLE

    def _refuse_reload(self, node: Node) -> Iterator[Reason]:
        place = self.instance.place_on(self.rank, node)
        closed = self.instance.closing_verdict(self.rank, place)
        if closed is not None:
            yield closed.reason
        if not self.stay(node).windows:
            spans = self.instance.forbidden_spans(self.rank, place)
            yield spans[0].verdict.reason if spans else Reason.WINDOW
        if not self._is_reachable(place):
            yield Reason.REACHABLE

    def _is_allowed(self, task: Task) -> bool:
        allowed = task.allowed_shift_ids
        return (
            (not allowed or self.shift.shift_id in allowed)
            and self.shift.shift_id not in task.excluded_shift_ids
            and self.shift.vehicle.vehicle_id not in task.excluded_vehicle_ids
        )

    def _is_unlocked(self, task: Task) -> bool:
        pin = self.pins.get(task.task_id)
        if pin is not None and pin.shift_id != self.shift.shift_id:
            return False
        if task.kind is not TaskKind.DELIVERY or task.pickup_task_id:
            return True
        carrier = self.instance.problem.onboard_shift_of.get(task.task_id)
        if carrier is not None:
            return carrier == self.shift.shift_id
        return self.shift.start_state is None or bool(self.shift.reload_limit)

    def _is_within_territory(self, task: int) -> bool:
        strict = {own.territory_id for own in self.shift.territories if own.strict}
        return not strict or bool(strict & self.instance.territories_of_task[task])

    def _has_skills(self, need: SkillNeed) -> bool:
        """Whether the skills are held at the start; those that expire cut the windows."""
        held = {own.skill for own in self.shift.skills if self._expiry(own.skill) > 0}
        lacks = need.all_of - held or (need.one_of and not need.one_of & held)
        end = self.shift.end_second
        return not lacks and all(self._expiry(skill) < end for skill in need.none_of)

    def _expiry(self, skill: str) -> int:
        """The last second at which a skill is held; 0 when it is not held in this shift."""
        last = 0
        for own in self.shift.skills:
            if own.skill == skill:
                last = max(last, FOREVER if own.expire_second is None else own.expire_second - 1)
        return last if last >= self.ready_second else 0

    def _is_reachable(self, place: int) -> bool:
        there = self.seconds(self.start_place, place) < UNREACHABLE
        back = self.end_place == NOWHERE or self.seconds(place, self.end_place) < UNREACHABLE
        return there and back

    def _make_stay(self, node: Node) -> Stay:
        task, option = self.instance.task(node), self.instance.option(node)
        place, profile = self.instance.place(node), self.shift.vehicle.profile
        setup, service = option.setup_for(profile), option.service_for(profile)
        windows: Windows = tuple((w.first_second, w.last_second) for w in option.windows)
        windows = cut_to(windows or ANYTIME, *self._skill_bounds(task.skills))
        pin = self.pins.get(task.task_id)
        if pin is not None and pin.service_start_second is not None:
            windows = cut_to(windows, pin.service_start_second, pin.service_start_second)
        windows, holds_before = self._open(windows, place, setup, service)
        costs = tuple(self._visit_costs(node))
        return Stay(
            place,
            setup,
            service,
            windows,
            holds_before,
            costs,
            sum(cost for _, cost in costs),
            task.kind,
            bool(task.pickup_task_id),
            curve_of(self.instance, self.shift, node, windows),
            0 if node[0] in self.onboard else task.release_second or 0,
        )

    def _make_reload(self, node: Node) -> Stay:
        own, place = self.shift.reloads[node[1]], self.instance.place_on(self.rank, node)
        windows: Windows = tuple((w.first_second, w.last_second) for w in own.windows) or ANYTIME
        windows, holds_before = self._open(windows, place, 0, own.service_seconds)
        return Stay(
            place, 0, own.service_seconds, windows, holds_before, (), 0, TaskKind.SERVICE, False
        )

    def _open(self, windows: Windows, place: int, setup: int, service: int) -> tuple[Windows, bool]:
        """Windows without what zones forbid, and whether they forbid anything."""
        spans = self.instance.forbidden_spans(self.rank, place)
        for span in spans:
            # Neither setup nor service may touch the span; arriving waits outside until it is over.
            tail = max(service, 1)
            windows = without(windows, span.start_second - tail + 1, span.end_second + setup - 1)
        return windows, bool(spans)

    def _skill_bounds(self, need: SkillNeed) -> tuple[int, int]:
        """The first and last second at which a need for skills is met."""
        last = min((self._expiry(skill) for skill in need.all_of), default=FOREVER)
        if need.one_of:
            last = min(last, max(self._expiry(skill) for skill in need.one_of))
        first = max((self._expiry(skill) + 1 for skill in need.none_of), default=0)
        refused_for_ever = any(self._expiry(skill) >= FOREVER for skill in need.none_of)
        return (FOREVER + 1 if refused_for_ever else first), last

    def _visit_costs(self, node: Node) -> Iterator[tuple[CostKind, int]]:
        """What a visit costs whatever its time."""
        task, option = self.instance.task(node), self.instance.option(node)
        outside = [own for own in self.shift.territories if not own.strict]
        within = self.instance.territories_of_task[node[0]]
        if outside and not any(own.territory_id in within for own in outside):
            yield CostKind.TERRITORY, min(own.outside_cost_micros for own in outside)
        if task.preferred_shift_ids and self.shift.shift_id not in task.preferred_shift_ids:
            yield CostKind.PREFERENCE, task.preference_cost_micros
        if option.extra_cost_micros:
            yield CostKind.ALTERNATIVE, option.extra_cost_micros
        base = self.instance.base_shift_of.get(task.task_id)
        if base is not None and base[0] != self.shift.shift_id:
            yield CostKind.CHURN, self.instance.problem.churn.shift_change_cost_micros

    def _frozen_head(self) -> tuple[Pin, ...]:
        own = (p for p in self.pins.values() if p.is_frozen and p.shift_id == self.shift.shift_id)
        return tuple(sorted(own, key=lambda pin: pin.rank))

    def _onboard(self) -> frozenset[int]:
        state = self.shift.start_state
        ranks = self.instance.problem.rank_of_task
        return frozenset(ranks[task_id] for task_id in (state.onboard_task_ids if state else ()))
