"""The pool: distinct routes of good plans, from which the master picks."""

from __future__ import annotations

from collections.abc import Iterable

from services.planner.domain.instance import Node
from services.planner.search.kernel import PoolRoute

POOL_MAX = 5_000  # distinct routes; more make the master slow, and hardly better


class Pool:
    """Routes by class of shifts and nodes, the latest kept."""

    def __init__(self, classes: tuple[int, ...]) -> None:
        """Empty, for shifts of these classes."""
        self.classes = classes
        self._routes: dict[tuple[int, tuple[Node, ...]], int] = {}

    def add(self, routes: Iterable[PoolRoute]) -> None:
        """Takes routes; when it is full, those that came first and never came again go."""
        for route in routes:
            key = (self.classes[route.shift], route.nodes)
            self._routes.pop(key, None)
            self._routes[key] = route.cost_micros
        while len(self._routes) > POOL_MAX:
            del self._routes[next(iter(self._routes))]

    def routes(self) -> list[PoolRoute]:
        """All routes, each by the first shift of its class."""
        return [PoolRoute(shift, nodes, cost) for (shift, nodes), cost in self._routes.items()]
