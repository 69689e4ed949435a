"""What an insertion does to the route that takes it, beside its price. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation, Visit
from services.planner.rules.verify import route_violations

RISK_SECONDS = 15 * 60  # nearer to the end of its window a promise is at risk; the contract says so


@dataclass(frozen=True, slots=True)
class Risk:
    """How close a task's service would come to the end of its window."""

    task: int
    window_end_second: int
    slack_seconds: int
    base_slack_seconds: int | None
    """None for a task that the route did not serve before."""


def delays(base: Route | None, route: Route) -> Iterator[tuple[int, int]]:
    """The tasks of a route whose service moves, and by how many seconds."""
    starts = starts_of(base)
    for visit in route.served:
        moved = visit.start_second - starts.get(visit.task, visit.start_second)
        if moved:
            yield visit.task, moved


def starts_of(route: Route | None) -> dict[int, int]:
    """When each task of a route is served."""
    return {visit.task: visit.start_second for visit in (route.served if route else ())}


def soft_caused(instance: Instance, base: Route | None, route: Route) -> Iterator[Violation]:
    """Soft rules that a route breaks and did not break before, or broke by less."""
    before = {key_of(one): one for one in (route_violations(instance, base) if base else ())}
    for one in route_violations(instance, route):
        known = before.get(key_of(one))
        is_worse = known is None or excess_of(one) > excess_of(known)
        if not one.hard and is_worse:
            yield one


def key_of(violation: Violation) -> tuple[str, str, str]:
    """What a violation is about."""
    return violation.reason.value, violation.task_id, violation.subject


def excess_of(violation: Violation) -> tuple[int, int]:
    """By how much a rule is broken."""
    return violation.excess_seconds, violation.excess_amount


def promise_risks(instance: Instance, base: Route | None, route: Route) -> Iterator[Risk]:
    """The tasks that come close to the end of their window, and closer than before."""
    before = {visit.task: slack_of(instance, visit) for visit in (base.served if base else ())}
    for visit in route.served:
        slack, known = slack_of(instance, visit), before.get(visit.task)
        if slack is None or slack >= RISK_SECONDS:
            continue
        if known is None or slack < known:
            yield Risk(visit.task, visit.start_second + slack, slack, known)


def slack_of(instance: Instance, visit: Visit) -> int | None:
    """How long before the end of its window a service starts; None without a window."""
    for window in instance.option(visit.node).windows:
        if window.holds(visit.start_second):
            return window.last_second + 1 - visit.start_second
    return None
