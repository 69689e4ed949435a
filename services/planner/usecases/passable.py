"""
Given routes can be timed although no way leads along some of their legs.

Such a leg counts as no time and no way, so that the clock stops there and everything else is told
as it is; what keeps the vehicle from it is told once, by the rules, of the roads as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from services.planner.domain.instance import Instance, Node, TravelTable
from services.planner.domain.plan import Plan, Violation
from services.planner.domain.travel import UNREACHABLE
from services.planner.rules import travel, zones
from services.planner.rules.walk import Walk
from services.planner.usecases.finish import pairs_between
from services.planner.usecases.world import Prepared

Cell = tuple[int, int]  # seconds and meters
Cells = dict[int, dict[int, Cell]]  # by table and its index


def passable(prepared: Prepared, before: Prepared, sequences: Sequence[Sequence[Node]]) -> Prepared:
    """
    The same, with a way along every leg of given sequences.

    Where there is none it is that of `before`, when fewer roads were closed, or else nothing.
    """
    cells: Cells = {}
    for shift, nodes in enumerate(sequences):
        for cell, way in missing(prepared.instance, before.instance, shift, nodes):
            cells.setdefault(prepared.instance.table_of_shift[shift], {})[cell] = way
    if not cells:
        return prepared
    tables = tuple(
        with_cells(table, cells[rank]) if rank in cells else table
        for rank, table in enumerate(prepared.instance.tables)
    )
    instance = replace(prepared.instance, tables=tables)
    vars(instance)["places"] = prepared.instance.places  # a look-up that is worked out already
    return replace(prepared, instance=instance)


def missing(
    instance: Instance, before: Instance, shift: int, nodes: Sequence[Node]
) -> Iterator[tuple[int, Cell]]:
    """The legs of a sequence along which no way leads, with what stands in for it."""
    table, open_table = instance.table(shift), before.table(shift)
    for here, there in pairs_between(instance, shift, nodes) if nodes else ():
        if here != there and table.seconds_between(here, there) >= UNREACHABLE:
            seconds = open_table.seconds_between(here, there)
            meters = open_table.meters_between(here, there)
            is_open = seconds < UNREACHABLE
            yield here * table.size + there, (seconds, meters) if is_open else (0, 0)


def with_cells(table: TravelTable, cells: dict[int, Cell]) -> TravelTable:
    """A table with other ways in some cells, of its own."""
    seconds, meters = np.array(table.seconds, np.int32), np.array(table.meters, np.int32)
    for cell, (lasts, long) in cells.items():
        seconds[cell], meters[cell] = lasts, long
    return TravelTable(seconds.data, meters.data, table.size)


def impassable(instance: Instance, plan: Plan) -> Iterator[Violation]:
    """What is to be said about the legs of a plan along which no way leads."""
    for route in plan.routes:
        walk = Walk(instance, route)
        yield from zones.closed_ends(walk)
        yield from travel.cut_off(walk)
