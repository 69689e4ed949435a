"""
The master: CP-SAT picks the routes of a plan from the pool. Every solve passes through it.

Each task is served once or its penalty is paid, each shift drives once at the most, and shifts of
one class stand for each other. Aims come one after another: penalties by tier from the highest,
then cost, then an even spread of what is to be balanced, under a ceiling for cost. The incumbent is
the hint, and the answer when nothing better is found in time. One worker and deterministic time, so
that the same pool gives the same answer.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from ortools.sat.python import cp_model

from services.planner.domain.instance import Node, is_reload
from services.planner.domain.phases import Phase
from services.planner.search.kernel import PoolRoute, Sequences
from services.planner.solver.assembly import Assembly
from services.planner.solver.fleet import members_of
from services.planner.solver.spread import Measure, spread_of

ENGINE = f"cp-sat-{version('ortools')}"
SHARE = 0.1  # of the budget
SECONDS_MIN, SECONDS_MAX = 0.2, 5.0
DETERMINISTIC_PER_SECOND = 0.5  # units of its own time that a second is good for, on a slow core
PERCENT = 100
UNGUARDED_SECONDS = 600.0  # where its own measure alone is to end it


def seconds_of(budget: float) -> float:
    """What the master may take of a budget."""
    return min(SECONDS_MAX, max(min(SECONDS_MIN, budget * 2 * SHARE), budget * SHARE))


@dataclass(frozen=True, slots=True)
class Choice:
    """What the master picked."""

    sequences: Sequences
    phase: Phase


@dataclass(frozen=True, slots=True)
class Limits:
    """How long it may take, by its own measure and by the clock."""

    deterministic_milliseconds: int
    seconds: float

    @classmethod
    def of(cls, seconds: float, guard: float, before: Phase | None) -> Limits:
        """Of a first run by seconds; of a replay as long as it took before."""
        if before is None:
            return cls(max(1, round(seconds * DETERMINISTIC_PER_SECOND * 1_000)), guard)
        return cls(before.deterministic_milliseconds, UNGUARDED_SECONDS)

    def part(self, spent: float, elapsed: float, aims_left: int) -> Limits:
        """What one of the aims still to come may take."""
        left = max(0, self.deterministic_milliseconds - round(spent * 1_000))
        return Limits(left // aims_left, max(0.0, self.seconds - elapsed) / aims_left)


@dataclass(frozen=True, slots=True)
class Aim:
    """What is minimized, and by how much later aims may spoil it."""

    amount: Any
    percent: int = 0


@dataclass
class Master:
    """One set of columns, and what is chosen of them."""

    assembly: Assembly
    classes: tuple[int, ...]
    measure: Measure | None = None
    """What is to be spread evenly."""
    cost_percent_max: int = 0
    spent: float = field(default=0.0, init=False)
    was_cut: bool = field(default=False, init=False)
    """By the clock."""

    def choose(self, incumbent: Sequences, pool: Iterable[PoolRoute], limits: Limits) -> Choice:
        """The best plan of the incumbent's routes and the pool's."""
        columns = self._columns(incumbent, pool)
        chosen = self._chosen(columns, incumbent, limits)
        better = self._better(incumbent, self._assigned(chosen, incumbent))
        took = round(self.spent * 1_000) if self.was_cut else limits.deterministic_milliseconds
        return Choice(better, Phase(ENGINE, (), took))

    def _columns(self, incumbent: Sequences, pool: Iterable[PoolRoute]) -> list[PoolRoute]:
        """The incumbent's routes first, each class and sequence once."""
        found: dict[tuple[int, tuple[Node, ...]], PoolRoute] = {}
        for shift, nodes in enumerate(incumbent):
            route = self.assembly.route(shift, nodes)
            if route is not None:
                own = PoolRoute(self.classes[shift], nodes, route.cost_micros)
                found[(own.shift, nodes)] = own
        for one in pool:
            found.setdefault((self.classes[one.shift], one.nodes), one)
        return list(found.values())

    def _chosen(
        self, columns: list[PoolRoute], incumbent: Sequences, limits: Limits
    ) -> list[PoolRoute]:
        """The columns picked, or the incumbent's own."""
        begun = time.monotonic()
        partition = Partition(self, columns, incumbent)
        aims = partition.aims()
        for rank, aim in enumerate(aims):
            part = limits.part(self.spent, time.monotonic() - begun, len(aims) - rank)
            spent, was_cut = partition.minimize(aim, part)
            self.spent += spent
            self.was_cut |= was_cut
        return [columns[rank] for rank in sorted(partition.picked)]

    def _assigned(self, chosen: list[PoolRoute], incumbent: Sequences) -> Sequences:
        """Routes to shifts: those that stay keep theirs, the others take what is free."""
        free = {own: set(ranks) for own, ranks in members_of(self.classes).items()}
        sequences: list[tuple[Node, ...]] = [()] * len(incumbent)
        wanted = [(self.classes[one.shift], one.nodes) for one in chosen]
        for shift, nodes in enumerate(incumbent):
            if (self.classes[shift], nodes) in wanted:
                wanted.remove((self.classes[shift], nodes))
                sequences[shift] = nodes
                free[self.classes[shift]].discard(shift)
        for own, nodes in wanted:
            shift = min(free[own])
            free[own].discard(shift)
            sequences[shift] = nodes
        return tuple(sequences)

    def _better(self, incumbent: Sequences, other: Sequences) -> Sequences:
        """The better of two, times fixed by the exact scheduler."""
        if other == incumbent or self.assembly.held(other) != other:
            return incumbent
        before, after = self.assembly.plan(incumbent), self.assembly.plan(other)
        old, new = self.assembly.score(before), self.assembly.score(after)
        if self.measure is None:
            return other if new < old else incumbent
        ceiling = old[1] * (PERCENT + self.cost_percent_max) // PERCENT
        is_evener = spread_of(self.measure, after) < spread_of(self.measure, before)
        is_dearer = new[0] > old[0] or new[1] > ceiling
        return other if not is_dearer and (is_evener or new < old) else incumbent


class Partition:
    """The model: which columns are picked, and which tasks are left out."""

    def __init__(self, master: Master, columns: list[PoolRoute], incumbent: Sequences) -> None:
        """Builds it; the incumbent's columns are picked at first."""
        self.master, self.columns = master, columns
        self.assembly = master.assembly
        self.model: Any = cp_model.CpModel()
        self.pick = [self.model.new_bool_var("") for _ in columns]
        tasks = range(len(self.assembly.instance.problem.tasks))
        self.skip = [self.model.new_bool_var("") for _ in tasks]
        known = {(one.shift, one.nodes): rank for rank, one in enumerate(columns)}
        self.picked = {
            known[(master.classes[shift], nodes)]
            for shift, nodes in enumerate(incumbent)
            if nodes and (master.classes[shift], nodes) in known
        }
        self.skipped = set(self.assembly.left_out(incumbent))
        self._serve_once()
        self._drive_once()

    def _serve_once(self) -> None:
        serving = defaultdict[int, list[Any]](list)
        for column, literal in zip(self.columns, self.pick, strict=True):
            for node in column.nodes:
                if not is_reload(node):
                    serving[node[0]].append(literal)
        for task, skipped in enumerate(self.skip):
            self.model.add_exactly_one([*serving[task], skipped])

    def _drive_once(self) -> None:
        members = members_of(self.master.classes)
        of_class = defaultdict[int, list[Any]](list)
        for column, literal in zip(self.columns, self.pick, strict=True):
            of_class[self.master.classes[column.shift]].append(literal)
        for own, literals in of_class.items():
            self.model.add(sum(literals) <= len(members[own]))

    def aims(self) -> list[Aim]:
        """What is minimized, one after another."""
        aims = [Aim(self._penalties(tier)) for tier in self.assembly.tiers[:-1]]
        if self.master.measure is None:
            return [*aims, Aim(self._cost())]
        cost = Aim(self._cost(), self.master.cost_percent_max)
        return [*aims, cost, Aim(self._spread(self.master.measure))]

    def _penalties(self, tier: int) -> Any:
        """What a tier's tasks cost that are left out."""
        instance = self.assembly.instance
        return sum(
            literal * instance.penalties[task]
            for task, literal in enumerate(self.skip)
            if instance.problem.tasks[task].priority == tier
        )

    def _cost(self) -> Any:
        """Routes and the lowest tier's penalties."""
        routes = sum(
            literal * column.cost_micros
            for column, literal in zip(self.columns, self.pick, strict=True)
        )
        return routes + (self._penalties(self.assembly.tiers[-1]) if self.assembly.tiers else 0)

    def _spread(self, measure: Measure) -> Any:
        """The most minus the least of any route that is picked."""
        amounts = [measure.of_column(self.assembly, column) for column in self.columns]
        top = self.model.new_int_var(0, max(amounts, default=0), "")
        bottom = self.model.new_int_var(0, max(amounts, default=0), "")
        for amount, literal in zip(amounts, self.pick, strict=True):
            self.model.add(top >= amount).only_enforce_if(literal)
            self.model.add(bottom <= amount).only_enforce_if(literal)
        return top - bottom

    def minimize(self, aim: Aim, limits: Limits) -> tuple[float, bool]:
        """Picks by one aim and holds on to it; what it took, and whether the clock cut it."""
        self.model.minimize(aim.amount)
        self.model.clear_hints()
        for rank, literal in enumerate(self.pick):
            self.model.add_hint(literal, rank in self.picked)
        for rank, literal in enumerate(self.skip):
            self.model.add_hint(literal, rank in self.skipped)
        solver = solver_of(limits)
        status = solver.solve(self.model)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            self.picked = {r for r, one in enumerate(self.pick) if solver.boolean_value(one)}
            self.skipped = {r for r, one in enumerate(self.skip) if solver.boolean_value(one)}
            roof = round(solver.objective_value) * (PERCENT + aim.percent) // PERCENT
            self.model.add(aim.amount <= roof)
        spent = float(solver.response_proto.deterministic_time)
        is_open = status in (cp_model.FEASIBLE, cp_model.UNKNOWN)
        return spent, is_open and spent * 1_000 < limits.deterministic_milliseconds


def solver_of(limits: Limits) -> Any:
    """One worker, by its own measure of time; the clock only guards."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = limits.deterministic_milliseconds / 1_000
    solver.parameters.max_time_in_seconds = max(0.01, limits.seconds)
    return solver
