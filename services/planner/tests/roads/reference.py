"""
Dijkstra on the same roads: what the engine's answers are compared with.

How a place meets its edges is restated here in plain Python; only the keys of edges and turns, and
where places lie on them, are the engine's.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from services.planner.adapters.roads.kernels import NO_PATH, TIME_SHIFT
from services.planner.adapters.roads.metrics import edge_milliseconds, turn_keys
from services.planner.adapters.roads.question import Question

Arcs = list[tuple[int, int]]
"""Turns that leave an edge: the edge they lead into, and a key."""


@dataclass(frozen=True)
class Reference:
    """A question, to be answered by Dijkstra. Keys are shifted right by `shift` bits."""

    question: Question
    hour: int | None
    shift: int = 0

    @cached_property
    def leaving(self) -> list[Arcs]:
        """For each edge, its turns with the key of travelling the edge and turning."""
        graph, network = self.question.graph, self.question.network
        spent = edge_milliseconds(network, graph, self.hour)[graph.turn_from] << TIME_SHIFT
        spent += graph.road_centimeters[graph.edge_road][graph.turn_from]
        is_closed = self.question.hour.road_is_closed[graph.edge_road]
        turns = self._turns(spent + turn_keys(network, graph))
        return [[] if is_closed[edge] else leads for edge, leads in enumerate(turns)]

    @cached_property
    def turning(self) -> list[Arcs]:
        """For each edge, its turns with the key of turning alone."""
        return self._turns(turn_keys(self.question.network, self.question.graph))

    def rows(self) -> Iterator[list[int]]:
        """Keys from each place to all places."""
        for here in range(len(self.question.points)):
            yield [self._key(here, there) for there in range(len(self.question.points))]

    @cached_property
    def between(self) -> dict[int, list[int]]:
        """Keys from the beginning of an edge to the beginning of all edges."""
        return {edge: self._plain(edge) for edge in self._first_edges()}

    def _key(self, here: int, there: int) -> int:
        """The best of all ways to leave one place and arrive at the other."""
        none = NO_PATH >> self.shift
        options = [none]
        for side, edge in self._sides(here):
            for other, last in self._sides(there):
                rest = int(self.question.entries.rest[here, side]) >> self.shift
                ahead = int(self.question.entries.ahead[there, other]) >> self.shift
                if edge == last and min(rest, ahead) < none:
                    options += self._along(here, there, side)
                if max(rest, ahead) < none:
                    options += [
                        rest + turn + self.between[into][last] + ahead
                        for into, turn in self.turning[edge]
                    ]
        return min(options)

    def _along(self, here: int, there: int, side: int) -> list[int]:
        """The key from one place to the other on one edge; none where it lies behind."""
        raw = self.question.raw_entries.ahead
        along = int(raw[there, side]) - int(raw[here, side])
        return [along >> self.shift] if along >= 0 else []

    def _sides(self, place: int) -> Iterator[tuple[int, int]]:
        """(side, edge) of each edge the place lies on."""
        for side in range(2):
            edge = int(self.question.raw_entries.edge[place, side])
            if edge >= 0:
                yield side, edge

    def _first_edges(self) -> set[int]:
        places = range(len(self.question.points))
        edges = {edge for place in places for _, edge in self._sides(place)}
        return {into for edge in edges for into, _ in self.turning[edge]}

    def _turns(self, keys: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[Arcs]:
        graph = self.question.graph
        found: list[Arcs] = [[] for _ in graph.edge_road]
        ends = zip(graph.turn_from.tolist(), graph.turn_to.tolist(), keys.tolist(), strict=True)
        for tail, head, key in ends:
            found[tail].append((head, key >> self.shift))
        return found

    def _plain(self, source: int) -> list[int]:
        found = [NO_PATH] * len(self.leaving)
        queue = [(0, source)]
        while queue:
            key, edge = heapq.heappop(queue)
            if key < found[edge]:
                found[edge] = key
                for into, step in self.leaving[edge]:
                    heapq.heappush(queue, (key + step, into))
        return found


@dataclass(frozen=True)
class ScipyReference(Reference):
    """As Reference, by scipy. Its keys are float64: shifted, they are below 2 ** 35 and exact."""

    shift: int = TIME_SHIFT

    @cached_property
    def between(self) -> dict[int, list[int]]:
        """Keys from the beginning of an edge to the beginning of all edges."""
        arcs = [(t, h, key) for t, turns in enumerate(self.leaving) for h, key in turns if t != h]
        tails, heads, keys = (np.array(part) for part in zip(*arcs, strict=True))
        size = len(self.leaving)
        edges = sorted(self._first_edges())
        found = dijkstra(
            csr_matrix((keys.astype(float), (tails, heads)), (size, size)), indices=edges
        )
        none = NO_PATH >> self.shift
        return {
            edge: [int(min(key, none)) for key in row]
            for edge, row in zip(edges, found, strict=True)
        }
