"""Why tasks are not served, for every shift, without what would change that."""

from __future__ import annotations

from collections.abc import Sequence

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import WhyNot
from services.planner.search.explain import Check, Judge
from services.planner.search.given import given_solution


def reasons_of(
    instance: Instance, sequences: Sequence[Sequence[Node]], tasks: Sequence[int], check: Check
) -> tuple[tuple[WhyNot, ...], ...]:
    """The reasons for each of some tasks by itself, beside given sequences."""
    judge = Judge(given_solution(instance, sequences), check)
    return tuple(judge.reasons(task) for task in tasks)
