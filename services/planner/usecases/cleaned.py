"""Takes out of a plan what compliance denies, until it denies nothing any more."""

from __future__ import annotations

from dataclasses import replace

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, WhyNot
from services.planner.domain.reason import Reason
from services.planner.rules.balance import evenness_of
from services.planner.usecases.asked import (
    Question,
    World,
    finished_plan,
    is_late,
    sequences_of,
)
from services.planner.usecases.denied import denied_of, whole_routes
from services.planner.usecases.finish import Finished, denied_areas
from services.planner.usecases.searches import CLEANED, Searches
from services.planner.usecases.world import Prepared

CLEANINGS_MAX = 3  # times that visits which compliance still denies are taken out one by one
ROUTE_BROKE = "its route does not hold without what compliance denies"


async def cleaned(
    world: World, question: Question, prepared: Prepared, finished: Finished, searches: Searches
) -> Finished:
    """
    The plan without the visits that compliance denies, so that none is left in it.

    What is left of a route is timed anew, so that it may be denied elsewhere; a route of which
    something is denied after all, or when time runs out, goes as a whole.
    """
    reasons: dict[int, WhyNot] = {}
    one_by_one = searches.rounds(CLEANED, CLEANINGS_MAX)
    for round_ in range(CLEANINGS_MAX + 1):
        if not any(denied_areas(finished.plan)):
            break
        if round_ < one_by_one and is_late(question):
            one_by_one = round_
            searches.cut_rounds(CLEANED, round_)
        found = denied_of if round_ < one_by_one else whole_routes
        denied = found(prepared.instance, finished.plan)
        reasons |= denied.tasks
        sequences = sequences_of(prepared.instance, finished.plan)
        kept = [denied.kept(shift, nodes) for shift, nodes in enumerate(sequences)]
        held = await world.solver.keep(prepared.instance, kept)
        plan = retold(prepared.instance, held, finished.plan, reasons)
        finished = await finished_plan(world, question, prepared, plan)
    return finished


def retold(instance: Instance, held: Plan, before: Plan, reasons: dict[int, WhyNot]) -> Plan:
    """What holds of a plan, with why each task is left out and how even it is."""
    shifts = instance.problem.shifts
    told = {left.task: left.reasons for left in before.unassigned}
    for route in before.routes:
        broke = WhyNot(Reason.ZONE, (shifts[route.shift].shift_id,), ROUTE_BROKE)
        told |= {one.task: (reasons.get(one.task, broke),) for one in route.served}
    left = tuple(replace(one, reasons=told[one.task]) for one in held.unassigned)
    # No cheaper plan is known that compliance allows.
    return replace(held, unassigned=left, evenness=evenness_of(instance, held, held.cost_micros))
