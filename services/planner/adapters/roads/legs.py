"""Legs: the way of one pair as a line, with the very seconds and meters of the matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polyline

from services.planner.adapters.roads import entries as entry_rules
from services.planner.adapters.roads.entries import SIDES
from services.planner.adapters.roads.hierarchy import shortest_path
from services.planner.adapters.roads.kernels import NO_PATH
from services.planner.adapters.roads.networks import Network
from services.planner.adapters.roads.question import Question, rounded
from services.planner.adapters.roads.straight import straight
from services.planner.domain.travel import UNREACHABLE, Basis, Leg, Point

POLYLINE_PRECISION = 5  # digits after the point: about a meter
Line = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Way:
    """One way from a place to another: its key, and the edges it passes."""

    key: int
    edges: tuple[int, ...]
    """First and last are those the places lie on; one edge when it leads straight to the place."""


def legs(question: Question, pairs: Sequence[tuple[int, int]]) -> tuple[Leg, ...]:
    """The legs of these pairs, in order."""
    known: dict[tuple[int, int], Leg] = {}
    for pair in pairs:
        if pair not in known:
            known[pair] = _leg(question, *pair)
    return tuple(known[pair] for pair in pairs)


def _leg(question: Question, here: int, there: int) -> Leg:
    if here == there:
        return Leg(0, 0, _encoded([_place(question, here)]), _basis(question, here, there))
    if question.is_blocked[here] or question.is_blocked[there]:
        return Leg(UNREACHABLE, UNREACHABLE, "", Basis.UNREACHABLE)
    if not (question.has_road[here] and question.has_road[there]):
        points = question.points
        return straight_leg(question.network, points[here], points[there])
    way = min(_ways(question, here, there), key=lambda each: (each.key, each.edges), default=None)
    if way is None:
        return Leg(UNREACHABLE, UNREACHABLE, "", Basis.UNREACHABLE)
    seconds, meters = rounded(np.array([way.key], np.int64))
    line = _line(question, way, here, there)
    return Leg(int(seconds[0]), int(meters[0]), _encoded(line), Basis.ROAD)


def _basis(question: Question, here: int, there: int) -> Basis:
    on_road = question.has_road[here] and question.has_road[there]
    return Basis.ROAD if on_road else Basis.STRAIGHT_LINE


def straight_leg(network: Network, here: Point, there: Point) -> Leg:
    """The leg of a pair of which one end has no road."""
    seconds, meters = straight(network, [here, there])
    line = [(point.latitude, point.longitude) for point in (here, there)]
    return Leg(int(seconds[0, 1]), int(meters[0, 1]), _encoded(line), Basis.STRAIGHT_LINE)


def _ways(question: Question, here: int, there: int) -> Iterator[Way]:
    """The best way for each side that one may leave and arrive on."""
    entries = question.entries
    for out in range(SIDES):
        for into in range(SIDES):
            first, last = int(entries.edge[here, out]), int(entries.edge[there, into])
            if first < 0 or last < 0:
                continue
            leaves = int(entries.rest[here, out])
            arrives = int(entries.ahead[there, into])
            if first == last and min(leaves, arrives) < NO_PATH:
                along = _along(question, here, there, out)
                if along >= 0:
                    yield Way(along, (first,))
            if max(leaves, arrives) < NO_PATH:
                yield from _way_over_network(question, first, last, leaves + arrives)


def _along(question: Question, here: int, there: int, side: int) -> int:
    """The key from one place to the other on the same edge, negative where it lies behind."""
    ahead = question.raw_entries.ahead
    return int(ahead[there, side]) - int(ahead[here, side])


def _way_over_network(question: Question, first: int, last: int, ends_key: int) -> Iterator[Way]:
    starts = entry_rules.starts(
        question.graph, question.index, question.hour, np.array([first], np.int64)
    )
    key, edges = shortest_path(question.hour.metric, starts, last)
    if key < NO_PATH:
        yield Way(key + ends_key, (first, *edges))


def _line(question: Question, way: Way, here: int, there: int) -> Line:
    """The points of a way, from the road at one place to the road at the other."""
    leaving, arriving = float(question.snapped.share[here]), float(question.snapped.share[there])
    first, last = way.edges[0], way.edges[-1]
    if len(way.edges) == 1:
        return _edge_part(question, first, leaving, arriving)
    line = _edge_part(question, first, leaving, _end(question, first))
    for edge in way.edges[1:-1]:
        line += _whole_edge(question, edge)[1:]
    return line + _edge_part(question, last, 1.0 - _end(question, last), arriving)[1:]


def _end(question: Question, edge: int) -> float:
    """Where along its road an edge ends, as a share."""
    return 1.0 if question.graph.edge_is_forward[edge] else 0.0


def _edge_part(question: Question, edge: int, low: float, high: float) -> Line:
    return question.lines.part(int(question.graph.edge_road[edge]), low, high)


def _whole_edge(question: Question, edge: int) -> Line:
    line = question.lines.whole(int(question.graph.edge_road[edge]))
    return line if question.graph.edge_is_forward[edge] else line[::-1]


def _place(question: Question, point: int) -> tuple[float, float]:
    found = question.snapped
    return float(found.latitude[point]), float(found.longitude[point])


def _encoded(line: Line) -> str:
    """Two doors at one spot of the road still have a line between them, of no length."""
    whole = line if len(line) > 1 else line * 2
    encoded: str = polyline.encode(whole, POLYLINE_PRECISION)
    return encoded


def decoded(text: str) -> tuple[Point, ...]:
    """The points of an encoded line."""
    return tuple(Point(lat, lng) for lat, lng in polyline.decode(text, POLYLINE_PRECISION))
