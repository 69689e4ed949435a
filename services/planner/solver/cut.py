"""
A part of an instance: some of its tasks and shifts, as an instance of its own.

Only the ways between its places are looked up, so that a part of ten thousand tasks takes no more
room than a problem of its own size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.planner.domain.instance import Instance, Node, TravelTable, is_reload
from services.planner.domain.places import NOWHERE, Places
from services.planner.search.kernel import PoolRoute, Sequences


@dataclass(frozen=True, slots=True)
class Part:
    """Ranks of tasks and shifts, rising."""

    tasks: tuple[int, ...]
    shifts: tuple[int, ...]

    def inside(self, sequences: Sequence[Sequence[Node]]) -> Sequences:
        """The sequences of its shifts in its own ranks."""
        ranks = {task: rank for rank, task in enumerate(self.tasks)}
        return tuple(
            tuple(node if is_reload(node) else (ranks[node[0]], node[1]) for node in nodes)
            for nodes in (sequences[shift] for shift in self.shifts)
        )

    def outside(self, sequences: Sequences) -> Iterator[tuple[int, tuple[Node, ...]]]:
        """Its shifts with their sequences in the ranks of the whole."""
        for shift, nodes in zip(self.shifts, sequences, strict=True):
            yield shift, self.named(nodes)

    def named(self, nodes: Sequence[Node]) -> tuple[Node, ...]:
        """Nodes in the ranks of the whole."""
        return tuple(node if is_reload(node) else (self.tasks[node[0]], node[1]) for node in nodes)

    def pool(self, routes: Sequence[PoolRoute]) -> list[PoolRoute]:
        """Routes in the ranks of the whole."""
        return [
            PoolRoute(self.shifts[one.shift], self.named(one.nodes), one.cost_micros)
            for one in routes
        ]


def cut(instance: Instance, part: Part) -> Instance:
    """The part as an instance."""
    problem = instance.problem
    tasks = tuple(problem.tasks[task] for task in part.tasks)
    kept = {task.task_id for task in tasks}
    own = replace(
        problem,
        tasks=tasks,
        shifts=tuple(problem.shifts[shift] for shift in part.shifts),
        pins=tuple(pin for pin in problem.pins if pin.task_id in kept),
    )
    used = sorted({instance.table_of_shift[shift] for shift in part.shifts})
    areas = instance.areas_of_shift
    made = Instance(
        own,
        (),
        tuple(used.index(instance.table_of_shift[shift]) for shift in part.shifts),
        tuple(areas[shift] for shift in part.shifts) if areas else (),
    )
    places = places_outside(instance, part, made.places)
    return replace(made, tables=tuple(table_of(instance.tables[table], places) for table in used))


def places_outside(instance: Instance, part: Part, own: Places) -> list[int]:
    """For each place of a part, its rank in the whole."""
    whole, found = instance.places, [0] * len(own.points)
    for rank, task in enumerate(part.tasks):
        for here, there in zip(own.options[rank], whole.options[task], strict=True):
            found[here] = there
    for rank, shift in enumerate(part.shifts):
        found[own.starts[rank]] = whole.starts[shift]
        if own.ends[rank] != NOWHERE:
            found[own.ends[rank]] = whole.ends[shift]
        for here, there in zip(own.reloads[rank], whole.reloads[shift], strict=True):
            found[here] = there
    return found


def table_of(table: TravelTable, places: list[int]) -> TravelTable:
    """The ways between some places."""
    cells, shape = np.ix_(places, places), (table.size, table.size)
    seconds = np.asarray(table.seconds).reshape(shape)[cells].astype(np.int32)
    meters = np.asarray(table.meters).reshape(shape)[cells].astype(np.int32)
    return TravelTable(seconds.reshape(-1).data, meters.reshape(-1).data, len(places))
