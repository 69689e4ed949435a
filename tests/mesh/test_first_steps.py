"""The first calls that the README shows do what they say, on a mesh of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE

import pytest

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from meshkit.pgtest import open_folder
from tests.kernels import KERNELS
from tests.run import ROOT

pytestmark = [pytest.mark.mesh, pytest.mark.timeout(300)]
PLAN = Plan(services=("planner", "dispatch"), otlp=False, knobs={"planner": KERNELS})


async def test_the_first_steps_end_in_a_plan_and_say_what_it_leaves_out() -> None:
    with open_folder() as folder:
        async with Mesh(State(folder), PLAN, base=0) as mesh:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("docs/first_steps.py", mesh.address("gateway")),
                cwd=ROOT,
                env={**os.environ, "DOORSTEP_STATE": str(folder)},
                stdout=PIPE,
            )
            told, _ = await process.communicate()

    routes, left = told.decode().splitlines()
    assert process.returncode == 0
    assert routes.startswith("early: door-")
    assert left.startswith("door-3 stays: ")
