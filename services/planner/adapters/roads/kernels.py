"""
Customizable contraction hierarchies whose weights are pairs, compiled by numba.

A key packs three sums into one integer, compared in this order: how often the path enters roads
that are closed to through traffic, its milliseconds, its centimeters. Adding keys adds all three,
so one query yields the time and the length of the same path, exactly, and its ties are settled by
length. RoutingKit itself carries one 32-bit weight, which cannot hold both.

Nodes are numbered by rank: the nested-dissection order, lowest first. Arcs lead upward in rank and
carry a key each way, `up` (from the lower node) and `down` (to it). All functions stand in this
one file, because numba's cache notices an edit of the file of the caller only.

Source: Dibbelt, Strasser and Wagner, Customizable Contraction Hierarchies, ACM Journal of
Experimental Algorithmics 21 (2016), sections 5 to 7.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

LENGTH_BITS = 28  # 2,684 km in centimeters
TIME_BITS = 28  # 74 h in milliseconds
TIME_SHIFT = LENGTH_BITS
ENTRY_SHIFT = LENGTH_BITS + TIME_BITS
LENGTH_MASK = (1 << LENGTH_BITS) - 1
TIME_MASK = (1 << TIME_BITS) - 1
# Twice this still fits 64 bits; 63 entries fit below it.
NO_PATH = (1 << 62) - 1
BATCH = 16  # sources swept together: the inner loop fills vector registers

Ints = NDArray[np.int32]
Keys = NDArray[np.int64]
"""Arrays of nodes or arcs, and arrays of keys."""


@njit(cache=True)
def eliminate(node_count: int, first: Ints, heads: Ints) -> Any:
    """
    The chordal supergraph of an undirected graph, as (first_arc, head_of_arc), heads sorted.

    `heads[first[v]:first[v + 1]]` are the neighbours of `v` that rank above it.
    """
    up_first = np.zeros(node_count + 1, np.int32)
    up_heads = np.empty(max(16, 2 * len(heads)), np.int32)
    child = np.full(node_count, -1, np.int32)
    sibling = np.full(node_count, -1, np.int32)
    seen = np.full(node_count, -1, np.int32)
    size = 0
    for v in range(node_count):
        start = size
        if size + node_count - v > len(up_heads):
            grown = np.empty(2 * len(up_heads) + node_count, np.int32)
            grown[:size] = up_heads[:size]
            up_heads = grown
        for k in range(first[v], first[v + 1]):
            if seen[heads[k]] != v:
                seen[heads[k]] = v
                up_heads[size] = heads[k]
                size += 1
        c = child[v]
        while c >= 0:
            for k in range(up_first[c], up_first[c + 1]):
                u = up_heads[k]
                if u != v and seen[u] != v:
                    seen[u] = v
                    up_heads[size] = u
                    size += 1
            c = sibling[c]
        up_heads[start:size].sort()
        up_first[v + 1] = size
        if size > start:
            parent = up_heads[start]
            sibling[v] = child[parent]
            child[parent] = v
    return up_first, up_heads[:size].copy()


@njit(cache=True)
def find_arc(first: Ints, heads: Ints, low: int, high: int) -> int:
    """The arc from `low` up to `high`, by bisection; -1 where there is none."""
    left = first[low]
    right = first[low + 1]
    while left < right:
        middle = (left + right) // 2
        if heads[middle] < high:
            left = middle + 1
        else:
            right = middle
    return left if left < first[low + 1] and heads[left] == high else -1


@njit(cache=True)
def place_arcs(first: Ints, heads: Ints, tails_in: Ints, heads_in: Ints) -> Any:
    """For every input arc, the hierarchy's arc that carries it."""
    places = np.empty(len(tails_in), np.int32)
    for k in range(len(tails_in)):
        low = min(tails_in[k], heads_in[k])
        high = max(tails_in[k], heads_in[k])
        places[k] = find_arc(first, heads, low, high)
    return places


@njit(cache=True)
def customize(
    first: Ints, heads: Ints, places: Ints, leads_up: NDArray[np.bool_], weights: Keys
) -> Any:
    """
    Keys of all arcs from those of the input arcs: (up, down, up_middle, down_middle).

    A middle is the lower node over which the shortcut goes, -1 for an arc of the input.
    """
    count = len(heads)
    up = np.full(count, NO_PATH, np.int64)
    down = np.full(count, NO_PATH, np.int64)
    up_middle = np.full(count, -1, np.int32)
    down_middle = np.full(count, -1, np.int32)
    for k in range(len(places)):
        if leads_up[k]:
            up[places[k]] = min(up[places[k]], weights[k])
        else:
            down[places[k]] = min(down[places[k]], weights[k])
    for z in range(len(first) - 1):
        end = first[z + 1]
        for i in range(first[z], end):
            x = heads[i]
            arc = first[x]
            for j in range(i + 1, end):
                y = heads[j]
                while heads[arc] != y:
                    arc += 1
                key = down[i] + up[j]
                if key < up[arc]:
                    up[arc] = key
                    up_middle[arc] = z
                key = down[j] + up[i]
                if key < down[arc]:
                    down[arc] = key
                    down_middle[arc] = z
    return up, down, up_middle, down_middle


@njit(cache=True)
def climb(first: Ints, heads: Ints, keys: Keys, start: int, value: int, reached: Keys) -> None:
    """Lowers `reached` for all ancestors of `start`, from which it is `value` away."""
    if value >= reached[start]:
        return
    reached[start] = value
    v = start
    while first[v] < first[v + 1]:
        here = reached[v]
        if here < NO_PATH:
            for k in range(first[v], first[v + 1]):
                key = here + keys[k]
                if key < reached[heads[k]]:
                    reached[heads[k]] = key
        v = heads[first[v]]


@njit(cache=True)
def forget(first: Ints, heads: Ints, start: int, reached: Keys) -> None:
    """Undoes what `climb` from `start` wrote."""
    v = start
    reached[v] = NO_PATH
    while first[v] < first[v + 1]:
        v = heads[first[v]]
        reached[v] = NO_PATH


@njit(cache=True)
def ancestors(first: Ints, heads: Ints, targets: Ints) -> Any:
    """All targets and what ranks above them on a path, highest first."""
    marked = np.zeros(len(first) - 1, np.bool_)
    for t in targets:
        v = t
        while not marked[v]:
            marked[v] = True
            if first[v] == first[v + 1]:
                break
            v = heads[first[v]]
    return np.flatnonzero(marked)[::-1].astype(np.int32)


@njit(cache=True)
def many_to_many(
    first: Ints,
    heads: Ints,
    up: Keys,
    down: Keys,
    source_first: Ints,
    start_nodes: Ints,
    start_keys: Keys,
    targets: Ints,
) -> Any:
    """
    Keys from every source to every target, NO_PATH where there is none.

    Source `s` starts at several nodes, each some way off:
    `start_nodes[source_first[s]:source_first[s + 1]]` and their `start_keys`.
    """
    source_count = len(source_first) - 1
    result = np.full((source_count, len(targets)), NO_PATH, np.int64)
    chosen = ancestors(first, heads, targets)
    rank_in_chosen = np.full(len(first) - 1, -1, np.int32)
    arc_first = np.zeros(len(chosen) + 1, np.int32)
    for i in range(len(chosen)):
        rank_in_chosen[chosen[i]] = i
        arc_first[i + 1] = arc_first[i] + first[chosen[i] + 1] - first[chosen[i]]
    arc_heads = np.empty(arc_first[-1], np.int32)
    arc_keys = np.empty(arc_first[-1], np.int64)
    for i in range(len(chosen)):
        base = first[chosen[i]]
        for k in range(arc_first[i], arc_first[i + 1]):
            arc_heads[k] = rank_in_chosen[heads[base + k - arc_first[i]]]
            arc_keys[k] = down[base + k - arc_first[i]]

    reached = np.full(len(first) - 1, NO_PATH, np.int64)
    swept = np.empty((len(chosen), BATCH), np.int64)
    for batch in range(0, source_count, BATCH):
        lanes = min(BATCH, source_count - batch)
        for lane in range(lanes):
            source = batch + lane
            for k in range(source_first[source], source_first[source + 1]):
                climb(first, heads, up, start_nodes[k], start_keys[k], reached)
            for i in range(len(chosen)):
                swept[i, lane] = reached[chosen[i]]
            for k in range(source_first[source], source_first[source + 1]):
                forget(first, heads, start_nodes[k], reached)
        for i in range(len(chosen)):
            for k in range(arc_first[i], arc_first[i + 1]):
                key = arc_keys[k]
                above = arc_heads[k]
                for lane in range(BATCH):
                    swept[i, lane] = min(swept[i, lane], swept[above, lane] + key)
        for j in range(len(targets)):
            i = rank_in_chosen[targets[j]]
            for lane in range(lanes):
                result[batch + lane, j] = swept[i, lane]
    return result


@njit(cache=True)
def climb_with_parents(
    first: Ints, heads: Ints, keys: Keys, start: int, value: int, reached: Keys, parents: Ints
) -> None:
    """As `climb`, and remembers from which node each ancestor was reached."""
    if value >= reached[start]:
        return
    reached[start] = value
    parents[start] = -1
    v = start
    while first[v] < first[v + 1]:
        here = reached[v]
        if here < NO_PATH:
            for k in range(first[v], first[v + 1]):
                key = here + keys[k]
                if key < reached[heads[k]]:
                    reached[heads[k]] = key
                    parents[heads[k]] = v
        v = heads[first[v]]


@njit(cache=True)
def shortest_path(
    first: Ints,
    heads: Ints,
    up: Keys,
    down: Keys,
    up_middle: Ints,
    down_middle: Ints,
    start_nodes: Ints,
    start_keys: Keys,
    target: int,
) -> Any:
    """(key, nodes) of the shortest path from any of the starts to the target; no nodes if none."""
    node_count = len(first) - 1
    ahead = np.full(node_count, NO_PATH, np.int64)
    back = np.full(node_count, NO_PATH, np.int64)
    ahead_parent = np.full(node_count, -1, np.int32)
    back_parent = np.full(node_count, -1, np.int32)
    for k in range(len(start_nodes)):
        climb_with_parents(first, heads, up, start_nodes[k], start_keys[k], ahead, ahead_parent)
    climb_with_parents(first, heads, down, target, 0, back, back_parent)

    best = NO_PATH
    meeting = -1
    v = target
    while True:
        if ahead[v] + back[v] < best:
            best = ahead[v] + back[v]
            meeting = v
        if first[v] == first[v + 1]:
            break
        v = heads[first[v]]
    if meeting < 0:
        return NO_PATH, np.empty(0, np.int32)

    climbed = [meeting]
    while ahead_parent[climbed[-1]] >= 0:
        climbed.append(ahead_parent[climbed[-1]])
    climbed.reverse()
    while back_parent[climbed[-1]] >= 0:
        climbed.append(back_parent[climbed[-1]])
    return best, unpack(first, heads, up_middle, down_middle, climbed)


@njit(cache=True)
def unpack(first: Ints, heads: Ints, up_middle: Ints, down_middle: Ints, nodes: Any) -> Any:
    """The nodes of a path with every shortcut replaced by what it stands for."""
    path = [nodes[0]]
    for step in range(1, len(nodes)):
        stack = [(nodes[step - 1], nodes[step])]
        while len(stack) > 0:
            tail, head = stack.pop()
            arc = find_arc(first, heads, min(tail, head), max(tail, head))
            middle = up_middle[arc] if tail < head else down_middle[arc]
            if middle < 0:
                path.append(head)
            else:
                stack.append((middle, head))
                stack.append((tail, middle))
    return np.array(path, dtype=np.int32)


@njit(cache=True)
def combine(index: Ints, ahead: Keys, rest: Keys, raw_ahead: Keys, between: Keys) -> Any:
    """
    Keys between all places, from those between their edges.

    `index[place, side]` is the row and column in `between` (-1: no edge). Two places on one edge
    need no network where the second lies ahead and the part between them is open.
    """
    count = len(index)
    result = np.full((count, count), NO_PATH, np.int64)
    for i in range(count):
        for a in range(2):
            row = index[i, a]
            if row < 0:
                continue
            for j in range(count):
                for b in range(2):
                    column = index[j, b]
                    if column < 0:
                        continue
                    key = NO_PATH
                    leaves, arrives = rest[i, a] < NO_PATH, ahead[j, b] < NO_PATH
                    if leaves and arrives and between[row, column] < NO_PATH:
                        key = rest[i, a] + between[row, column] + ahead[j, b]
                    if row == column and (leaves or arrives):
                        along = raw_ahead[j, b] - raw_ahead[i, a]
                        if along >= 0:
                            key = min(key, along)
                    if key < result[i, j]:
                        result[i, j] = key
    return result
