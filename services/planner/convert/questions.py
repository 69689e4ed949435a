"""Requests for a plan: wire to domain, and as they are kept to be repeated."""

from __future__ import annotations

import zlib

from doorstep.planner.v1 import plan_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from services.planner.convert.plan import plan_to_proto
from services.planner.convert.problem import (
    digest_of,
    fixed_routes,
    problem_from_proto,
    settings_from_proto,
)
from services.planner.usecases.asked import Question
from services.planner.usecases.optimize import Answer

LEVEL = 1  # of compression: a third of the size in a tenth of the time of the best


def question_from_proto(
    request: pb.OptimizeRoutesRequest, seed: int, seconds_max: float
) -> Question:
    """A question; raises Invalid with every fault. `seed` holds where the caller names none."""
    options = request.options
    return Question(
        problem_from_proto(request.problem, options.seed_routes),
        digest_of(request.problem),
        settings_from_proto(options, seed, seconds_max),
        fixed_routes(options.seed_routes),
        options.omit_polylines,
        options.omit_access,
        kept_request(request),
    )


def kept_request(request: pb.OptimizeRoutesRequest) -> bytes:
    """A request as it is kept."""
    return zlib.compress(request.SerializeToString(), LEVEL)


def read_request(kept: bytes) -> pb.OptimizeRoutesRequest:
    """A request that was kept."""
    return pb.OptimizeRoutesRequest.FromString(zlib.decompress(kept))


def kept_plan(answer: Answer) -> bytes:
    """A plan as it is kept, for optimizations."""
    return zlib.compress(plan_to_proto(answer).SerializeToString(), LEVEL)


def read_plan(kept: bytes) -> plan_pb2.Plan:
    """A plan that was kept."""
    return plan_pb2.Plan.FromString(zlib.decompress(kept))
