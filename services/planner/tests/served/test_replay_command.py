"""`doorstep plan replay`, as a user types it, at a planner that runs."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from meshkit.testing import Role
from services.planner.tests import wire
from services.planner.tests.served.town import Town
from tests.run import ROOT

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.pg]


async def replay(town: Town, optimization_id: str) -> tuple[int, str]:
    """Runs the command; how it ended, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "clients.cli", "plan", "replay", optimization_id),
        *("--address", town.mesh.address),
        cwd=ROOT,
        env=os.environ | {"DOORSTEP_TOKEN": town.mesh.token(Role.DISPATCHER), "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_the_command_says_that_the_routes_are_the_same(town: Town) -> None:
    plan = await town.optimize(wire.city(8, 1))

    code, said = await replay(town, plan.optimization_id)

    assert (code, f"the same 1 routes, cost {plan.cost_micros}" in said) == (0, True), said


async def test_the_command_says_what_has_changed_since(town: Town) -> None:
    plan = await town.optimize(wire.city(8, 1))
    town.hall.is_away = True

    code, said = await replay(town, plan.optimization_id)

    assert code == 1
    assert "REPLAY_OUTDATED" in said
    assert "changed since: access_rules_version" in said


async def test_the_command_says_that_nobody_knows_the_plan(town: Town) -> None:
    code, said = await replay(town, "opt_nobody")

    assert code == 1
    assert "OPTIMIZATION_UNKNOWN" in said
    assert "Traceback" not in said
