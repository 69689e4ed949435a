"""
The hierarchy against Dijkstra, on random graphs.

Method: keys are compared exactly, entries, milliseconds and centimeters alike; a plain Dijkstra
over tuples is the judge.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from services.planner.adapters.roads import kernels
from services.planner.adapters.roads.kernels import ENTRY_SHIFT, NO_PATH, TIME_SHIFT
from services.planner.adapters.roads.streets import Array

Arc = tuple[int, int, int]
"""Tail, head, key."""


def dijkstra(node_count: int, arcs: Sequence[Arc], source: int) -> list[int]:
    """Keys from the source to every node."""
    leaving: list[list[tuple[int, int]]] = [[] for _ in range(node_count)]
    for tail, head, key in arcs:
        leaving[tail].append((head, key))
    found = [NO_PATH] * node_count
    queue = [(0, source)]
    while queue:
        key, node = heapq.heappop(queue)
        if key < found[node]:
            found[node] = key
            for head, step in leaving[node]:
                heapq.heappush(queue, (key + step, head))
    return found


def random_arcs(dice: random.Random, node_count: int, arc_count: int) -> list[Arc]:
    """Arcs between near nodes; many keys tie in time, so that length has to decide."""
    arcs: dict[tuple[int, int], int] = {}
    while len(arcs) < arc_count:
        tail = dice.randrange(node_count)
        head = (tail + dice.choice([-9, -2, -1, 1, 2, 9])) % node_count
        entries, milliseconds = int(dice.random() < 0.05), dice.randrange(1, 5) * 100
        key = entries << ENTRY_SHIFT | milliseconds << TIME_SHIFT | dice.randrange(1, 1_000)
        arcs[tail, head] = key
    return [(tail, head, key) for (tail, head), key in sorted(arcs.items())]


@dataclass(frozen=True)
class Contracted:
    """A hierarchy whose nodes rank in the order of their numbers."""

    first: Array
    heads: Array
    up: Array
    down: Array
    up_middle: Array
    down_middle: Array

    def all_keys(self, starts: Sequence[tuple[int, int]], targets: Sequence[int]) -> list[int]:
        """Keys to the targets from one source with several starts, each (node, key)."""
        nodes, keys = zip(*starts, strict=True)
        found = kernels.many_to_many(
            self.first,
            self.heads,
            self.up,
            self.down,
            np.array([0, len(starts)], np.int32),
            np.array(nodes, np.int32),
            np.array(keys, np.int64),
            np.array(targets, np.int32),
        )
        return [int(key) for key in found[0]]

    def path(self, source: int, target: int) -> tuple[int, list[int]]:
        """Key and nodes of the shortest path."""
        key, nodes = kernels.shortest_path(
            self.first,
            self.heads,
            self.up,
            self.down,
            self.up_middle,
            self.down_middle,
            np.array([source], np.int32),
            np.zeros(1, np.int64),
            target,
        )
        return int(key), nodes.tolist()


def contracted(node_count: int, arcs: Sequence[Arc]) -> Contracted:
    """The hierarchy of a graph."""
    tails = np.array([tail for tail, _, _ in arcs], np.int32)
    heads = np.array([head for _, head, _ in arcs], np.int32)
    keys = np.array([key for _, _, key in arcs], np.int64)
    low, high = np.minimum(tails, heads), np.maximum(tails, heads)
    order = np.lexsort((high, low))
    counts = np.bincount(low, minlength=node_count)
    first_in = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    first, up_heads = kernels.eliminate(node_count, first_in, high[order])
    places = kernels.place_arcs(first, up_heads, tails, heads)
    up, down, up_middle, down_middle = kernels.customize(
        first, up_heads, places, tails < heads, keys
    )
    return Contracted(first, up_heads, up, down, up_middle, down_middle)


@pytest.mark.parametrize("seed", range(8))
def test_all_pairs_cost_what_dijkstra_says(seed: int) -> None:
    dice = random.Random(seed)
    node_count = dice.randrange(20, 120)
    arcs = random_arcs(dice, node_count, node_count * 2)
    hierarchy = contracted(node_count, arcs)

    for source in range(node_count):
        found = hierarchy.all_keys([(source, 0)], range(node_count))
        assert found == dijkstra(node_count, arcs, source)


@pytest.mark.parametrize("seed", range(8))
def test_a_path_is_made_of_arcs_that_add_up_to_its_key(seed: int) -> None:
    dice = random.Random(seed)
    node_count = dice.randrange(20, 120)
    arcs = random_arcs(dice, node_count, node_count * 2)
    known = {(tail, head): key for tail, head, key in arcs}
    hierarchy = contracted(node_count, arcs)
    for _ in range(40):
        source, target = dice.randrange(node_count), dice.randrange(node_count)
        key, nodes = hierarchy.path(source, target)

        assert key == dijkstra(node_count, arcs, source)[target]
        if key == NO_PATH:
            assert nodes == []
        else:
            assert (nodes[0], nodes[-1]) == (source, target)
            assert sum(known[step] for step in itertools.pairwise(nodes)) == key


def test_a_source_with_several_starts_takes_the_best() -> None:
    hierarchy = contracted(4, [(0, 2, 10), (1, 2, 10), (2, 3, 10)])

    assert hierarchy.all_keys([(0, 7), (1, 3)], [3]) == [23]
