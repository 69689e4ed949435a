"""
Which parts a large plan falls into: routes that lie near one another, by two kinds of borders.

Even rounds sweep around the middle of the starts, odd ones halve the routes along a turning axis;
borders move from round to round, so that what lay at one lies inside a part in the next. Shifts
that stay in are dealt to the parts, and tasks left out go to the part that is nearest.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.planner.domain.instance import Instance, is_reload
from services.planner.search.kernel import Sequences
from services.planner.solver.cut import Part
from services.planner.solver.fleet import members_of

PART_TASKS = 250  # on average; kernels are at their best below three hundred
SPARE_SHARE = 0.2  # unused shifts of a part over its used ones, at the most
SPARE_MIN = 2

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Lump:
    """What stays together: the tasks of a route, or one task left out."""

    spot: Spot
    tasks: tuple[int, ...]
    shift: int | None


class Partition:
    """Parts of one instance, round by round."""

    def __init__(self, instance: Instance, classes: tuple[int, ...], seed: int) -> None:
        """Knows where everything lies."""
        self.instance, self.classes, self.seed = instance, classes, seed
        points = instance.places.points
        first = points[instance.places.starts[0]]
        self.width = math.cos(math.radians(first.latitude))
        self.spots = np.array([(p.longitude * self.width, p.latitude) for p in points])
        self.middle = self.spots[list(instance.places.starts)].mean(axis=0)
        self.companions = companions(instance)

    def parts(self, sequences: Sequences, round_number: int) -> list[Part]:
        """The parts of a round."""
        dice = random.Random(self.seed * 1_000 + round_number)  # noqa: S311 - a search, no secret
        lumps = [*self._routes(sequences), *self._left_out(sequences)]
        count = max(1, round(sum(len(lump.tasks) for lump in lumps) / PART_TASKS))
        turn = dice.random() * 2 * math.pi
        if round_number % 2 == 0:
            groups = swept(lumps, self.middle, turn, count)
        else:
            groups = list(halved(lumps, turn, count))
        return self._with_spares(groups, sequences)

    def around(self, sequences: Sequences, shifts: frozenset[int], tasks_max: int) -> Part:
        """The routes of some shifts and those nearest to them, with what is left out."""
        lumps = [*self._routes(sequences), *self._left_out(sequences)]
        own = [one.spot for one in lumps if one.shift is None or one.shift in shifts]
        middles = np.array(own or [self.middle])

        def far(lump: Lump) -> tuple[bool, float]:
            is_own = lump.shift is None or lump.shift in shifts
            return not is_own, float(((middles - lump.spot) ** 2).sum(axis=1).min())

        taken, count = list[Lump](), 0
        for lump in sorted(lumps, key=far):
            if not far(lump)[0] or count + len(lump.tasks) <= tasks_max:
                taken.append(lump)
                count += len(lump.tasks)
        (part,) = self._with_spares([taken], sequences)
        return part

    def _routes(self, sequences: Sequences) -> Iterator[Lump]:
        for shift, nodes in enumerate(sequences):
            tasks = {node[0] for node in nodes if not is_reload(node)}
            tasks |= self.companions.get(shift, frozenset())
            if tasks:
                yield Lump(self._middle_of(tasks), tuple(sorted(tasks)), shift)

    def _left_out(self, sequences: Sequences) -> Iterator[Lump]:
        """Pairs together, for they are served together."""
        taken = {node[0] for nodes in sequences for node in nodes}
        taken = taken.union(*self.companions.values())
        problem = self.instance.problem
        for task, own in enumerate(problem.tasks):
            if task in taken or problem.deliveries_of_pickup[own.task_id]:
                continue
            group = [task]
            if own.pickup_task_id:
                group.append(problem.rank_of_task[own.pickup_task_id])
            yield Lump(self._middle_of(set(group)), tuple(sorted(group)), None)

    def _middle_of(self, tasks: set[int] | frozenset[int]) -> Spot:
        places = [self.instance.places.options[task][0] for task in sorted(tasks)]
        x, y = self.spots[places].mean(axis=0)
        return float(x), float(y)

    def _with_spares(self, groups: list[list[Lump]], sequences: Sequences) -> list[Part]:
        """Deals the shifts that stay in, class by class, by the tasks of each part."""
        shifts = [[one.shift for one in group if one.shift is not None] for group in groups]
        taken = {shift for own in shifts for shift in own}
        unused = (rank for rank, nodes in enumerate(sequences) if not nodes)
        spare = [rank for rank in unused if rank not in taken and not self.companions.get(rank)]
        rest = members_of(tuple(self.classes[rank] for rank in spare))
        sizes = [sum(len(one.tasks) for one in group) for group in groups]
        for members in rest.values():
            own = [spare[rank] for rank in members]
            for group, dealt in zip(shifts, deal(own, sizes), strict=True):
                used = len(group) or len(dealt)
                most = max(SPARE_MIN, round(used * SPARE_SHARE)) if taken else len(dealt)
                group += dealt[:most]
        tasks = [sorted(task for one in group for task in one.tasks) for group in groups]
        pairs = zip(tasks, shifts, strict=True)
        return [Part(tuple(own), tuple(sorted(of))) for own, of in pairs if own and of]


def companions(instance: Instance) -> dict[int, frozenset[int]]:
    """Per shift, the tasks that it alone may serve: pinned to it, or with their goods on board."""
    problem, bound = instance.problem, defaultdict[int, set[int]](set)
    named = {pin.task_id: pin.shift_id for pin in problem.pins} | problem.onboard_shift_of
    shift_of = {
        problem.rank_of_task[task]: problem.rank_of_shift[own] for task, own in named.items()
    }
    for rank, task in enumerate(problem.tasks):
        if task.pickup_task_id:  # what is served together is bound together
            pickup = problem.rank_of_task[task.pickup_task_id]
            for one, other in ((rank, pickup), (pickup, rank)):
                if one in shift_of:
                    shift_of.setdefault(other, shift_of[one])
    for rank, shift in shift_of.items():
        bound[shift].add(rank)
    return {shift: frozenset(tasks) for shift, tasks in bound.items()}


def swept(lumps: list[Lump], middle: Sequence[float], turn: float, count: int) -> list[list[Lump]]:
    """Slices around a middle, of equally many tasks, the first beginning at an angle."""

    def angle(lump: Lump) -> float:
        return (math.atan2(lump.spot[1] - middle[1], lump.spot[0] - middle[0]) - turn) % math.tau

    return chopped(sorted(lumps, key=lambda lump: (angle(lump), lump.tasks)), count)


def halved(lumps: list[Lump], turn: float, count: int) -> Iterator[list[Lump]]:
    """Halves along an axis, each halved again across it, until there are enough."""
    if count <= 1 or len(lumps) < 2:
        yield lumps
        return
    along = (math.cos(turn), math.sin(turn))
    ordered = sorted(
        lumps, key=lambda one: (one.spot[0] * along[0] + one.spot[1] * along[1], one.tasks)
    )
    first = count // 2
    halves = chopped(ordered, 2, [first, count - first])
    for half, own in zip(halves, (first, count - first), strict=True):
        yield from halved(half, turn + math.pi / 2, own)


def chopped(lumps: list[Lump], count: int, weights: list[int] | None = None) -> list[list[Lump]]:
    """Consecutive groups of about so many tasks as their weights say."""
    weights = weights or [1] * count
    whole = sum(len(lump.tasks) for lump in lumps)
    roofs = np.cumsum(weights) * (whole / sum(weights))
    groups: list[list[Lump]] = [[] for _ in weights]
    done, group = 0, 0
    for lump in lumps:
        while group < len(weights) - 1 and done + len(lump.tasks) / 2 > roofs[group]:
            group += 1
        groups[group].append(lump)
        done += len(lump.tasks)
    return groups


def deal(ranks: list[int], sizes: list[int]) -> list[list[int]]:
    """Ranks in turn to those who have least for their size."""
    dealt: list[list[int]] = [[] for _ in sizes]
    for rank in ranks:
        least = min(range(len(sizes)), key=lambda one: (len(dealt[one]) + 1) / max(sizes[one], 1))
        dealt[least].append(rank)
    return dealt
