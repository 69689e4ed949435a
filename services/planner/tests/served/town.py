"""A planner and its city hall, for tests across the wire."""

from __future__ import annotations

from dataclasses import dataclass

from doorstep.planner.v1 import (
    optimization_pb2,
    plan_pb2,
    problem_pb2,
)
from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import planner_service_pb2_grpc as pb_grpc
from meshkit.postgres import Database
from meshkit.testing import TestMesh
from services.planner.adapters.solver_pool import SolverPool
from services.planner.tests.city_hall import CityHall

QUICK = optimization_pb2.SearchOptions(solution_limit=20)


@dataclass
class Town:
    """A planner and its city hall."""

    planner: pb_grpc.PlannerServiceAsyncStub
    mesh: TestMesh
    hall: CityHall
    db: Database
    pool: SolverPool

    async def optimize(self, problem: problem_pb2.Problem) -> plan_pb2.Plan:
        request = pb.OptimizeRoutesRequest(problem=problem, options=QUICK)
        return (await self.planner.OptimizeRoutes(request)).plan
