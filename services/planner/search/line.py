"""One shift with its present sequence, and the bounds along it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.planner.domain.instance import Node, is_reload
from services.planner.domain.plan import Route
from services.planner.search.profile import Slack, slack_of
from services.planner.search.view import ShiftView


@dataclass(slots=True)
class Line:
    """One shift with its present sequence."""

    view: ShiftView
    nodes: tuple[Node, ...] = ()
    route: Route | None = None
    slack: Slack | None = None
    version: int = 0
    """Grows with every change."""

    @property
    def cost_micros(self) -> int:
        """Of its route; 0 when it is not used."""
        return self.route.cost_micros if self.route else 0

    def place(self, nodes: Sequence[Node], route: Route | None) -> None:
        """Takes another sequence that was found to hold."""
        self.nodes, self.route, self.slack = tuple(nodes), route, None
        self.version += 1

    def slacks(self) -> Slack:
        """Its forward and backward bounds, made when first asked for."""
        if self.slack is None:
            self.slack = slack_of(self.view, self.nodes)
        return self.slack

    def frozen_count(self) -> int:
        """How many nodes of it are its frozen head."""
        if not self.view.frozen:
            return 0
        tasks, frozen = self.view.instance.problem.tasks, {pin.task_id for pin in self.view.frozen}
        ranks = [
            rank
            for rank, node in enumerate(self.nodes)
            if not is_reload(node) and tasks[node[0]].task_id in frozen
        ]
        return ranks[-1] + 1 if ranks else 0
