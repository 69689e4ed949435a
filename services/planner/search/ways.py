"""Every way in which a task can stand in a route, whether or not it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, product

from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.reason import Reason
from services.planner.search.evaluate import evaluate
from services.planner.search.explain import option_ranks
from services.planner.search.insert import may_reload, members
from services.planner.search.line import Line

RELOAD_WAYS_MAX = 1_000  # ways to add a task with a reload to one route that are looked at


@dataclass(frozen=True, slots=True)
class Way:
    """One sequence with the task in it, and the first rule that it breaks; None: it holds."""

    nodes: tuple[Node, ...]
    reason: Reason | None


def ways_of(line: Line, task: int) -> Iterator[Way]:
    """Every sequence of a line with the task in it, with the first rule that it breaks."""
    is_full = False
    for nodes in sequences_with(line.view.instance, line, task):
        reason = evaluate(line.view, nodes).reason
        is_full |= reason is Reason.CAPACITY
        yield Way(nodes, reason)
    if is_full and not may_reload(line):
        yield from (Way(nodes, Reason.RELOAD) for nodes in reloading(line, task))


def sequences_with(instance: Instance, line: Line, task: int) -> Iterator[tuple[Node, ...]]:
    """The nodes of a line with the task at every rank, with its pickup, or with a reload."""
    nodes, group, begin = line.nodes, members(instance, task), line.frozen_count()
    if len(group) > 1:
        yield from both_within(nodes, (group[0], 0), (task, 0), begin)
        return
    for node, rank in product(nodes_of(instance, task), range(begin, len(nodes) + 1)):
        yield (*nodes[:rank], node, *nodes[rank:])
    if may_reload(line):
        yield from reloading(line, task)


def nodes_of(instance: Instance, task: int) -> list[Node]:
    """The task at each of its places."""
    return [(task, option) for option in option_ranks(instance, task)]


def reloading(line: Line, task: int) -> Iterator[tuple[Node, ...]]:
    """The nodes of a line with the task and one reload more, whether or not it may; no pairs."""
    instance, nodes, begin = line.view.instance, line.nodes, line.frozen_count()
    if len(members(instance, task)) > 1:
        return
    reloads = [(RELOAD, rank) for rank in range(len(line.view.shift.reloads))]
    ways = chain.from_iterable(
        chain(both_within(nodes, node, reload, begin), both_within(nodes, reload, node, begin))
        for node, reload in product(nodes_of(instance, task), reloads)
    )
    yield from islice(ways, RELOAD_WAYS_MAX)


def both_within(
    nodes: tuple[Node, ...], first: Node, second: Node, begin: int
) -> Iterator[tuple[Node, ...]]:
    """Two nodes at all pairs of ranks, the first before the second."""
    for rank in range(begin, len(nodes) + 1):
        for other in range(rank, len(nodes) + 1):
            yield (*nodes[:rank], first, *nodes[rank:other], second, *nodes[other:])
