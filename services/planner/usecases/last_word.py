"""The last word on a plan: every rule again, on what is about to leave."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from meshkit.errors import Internal
from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Violation
from services.planner.ports import Solver
from services.planner.rules.verify import verify

TOLD_MAX = 5  # broken rules that the error names


async def last_word(solver: Solver, instance: Instance, plan: Plan) -> Plan:
    """
    A finished plan with the soft rules that it breaks; Internal where it breaks a hard one, and
    then the plan is kept for whoever looks for the fault.

    Whatever changed it since it was searched - legs, charges, what was taken out - has its say.
    """
    found = await asyncio.to_thread(verify, instance, plan, is_answer=True)
    broken = [violation for violation in found if violation.hard]
    if broken:
        await solver.keep_rejected(instance, plan)
        raise unverified(broken)
    return replace(plan, violations=found)


def unverified(broken: list[Violation]) -> Internal:
    """What a caller hears of a fault of ours."""
    named = "; ".join(map(in_words, broken[:TOLD_MAX]))
    return Internal("PLAN_UNVERIFIED", f"{len(broken)} rules are broken: {named}")


def in_words(violation: Violation) -> str:
    """A broken rule by the caller's own ids."""
    parts = (violation.reason.value, violation.shift_id, violation.task_id, violation.subject)
    return " ".join(part for part in parts if part)
