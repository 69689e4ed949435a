"""
Answers fit into a message, whatever the contract lets a caller ask for.

Method: for each rpc an answer at its bound, with ids as dispatch makes them; what must go is gone,
and the rest is whole.
"""

from __future__ import annotations

import pytest
from google.protobuf.message import Message

from doorstep.planner.v1 import insertion_pb2, plan_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.errors import Invalid
from services.planner.convert.reasons import unassigned_to_proto
from services.planner.convert.sizes import ANSWER_BYTES_MAX, fitted
from services.planner.domain.plan import Unassigned, WhyNot
from services.planner.domain.problem import Problem
from services.planner.domain.reason import Reason
from services.planner.tests.near import question, world
from services.planner.tests.problems import shift, task
from services.planner.usecases.given import INSERTIONS_MAX, propose_insertions

STOPS = 40
FLEET = tuple(f"sft_01hzzzzzzzzzzzzzzzzzzzz{rank:04}" for rank in range(100))
LEFT = Unassigned(0, 1, (WhyNot(Reason.NO_ROOM, FLEET, "no room"), WhyNot(Reason.SKILL, FLEET)))
PROBLEM = Problem((task("tsk_01hzzzzzzzzzzzzzzzzzzzzzzz", 0, 0),), (shift("van"),))


def name(rank: int) -> str:
    """An id as dispatch makes them."""
    return f"tsk_01hzzzzzzzzzzzzzzzzzzz{rank:05}"


def route(stops: int) -> plan_pb2.Route:
    """A route with the lines of its legs."""
    own = plan_pb2.Route(shift_id=FLEET[0])
    for rank in range(stops):
        own.stops.add(place_id=name(rank), tasks=[plan_pb2.StopTask(task_id=name(rank))])
        own.legs.add(distance_meters=4_000, polyline="x" * 400)
    return own


def insertion() -> insertion_pb2.Insertion:
    """One into a route of many stops, all of which move."""
    moves = [insertion_pb2.TaskShift(task_id=name(rank)) for rank in range(STOPS)]
    return insertion_pb2.Insertion(shift_id=FLEET[0], route=route(STOPS), task_shifts=moves)


def left_out() -> plan_pb2.UnassignedTask:
    """A task that no shift can serve, for two reasons."""
    return unassigned_to_proto(PROBLEM, LEFT)


def a_plan() -> pb.OptimizeRoutesResponse:
    """A plan of many lines."""
    return pb.OptimizeRoutesResponse(plan=plan_pb2.Plan(routes=[route(STOPS)] * 250))


def a_plan_of_nothing() -> pb.GetOptimizationResponse:
    """An optimization in which nobody can serve anything."""
    return pb.GetOptimizationResponse(plan=plan_pb2.Plan(unassigned=[left_out()] * 10_000))


def insertions() -> pb.ProposeInsertionsResponse:
    """As many as may be asked for."""
    own = insertion_pb2.TaskInsertions(insertions=[insertion()] * 5)
    return pb.ProposeInsertionsResponse(task_insertions=[own] * 200)


def explanations() -> pb.ExplainUnassignedResponse:
    """As many as may be asked for, each with all that may be told."""
    relaxed = [insertion_pb2.Relaxation(insertion=insertion())] * 6
    blocks = [insertion_pb2.ShiftBlock(shift_ids=FLEET * 10)]
    own = insertion_pb2.UnassignedExplanation(
        unassigned=left_out(), relaxations=relaxed, blocks=blocks
    )
    return pb.ExplainUnassignedResponse(explanations=[own] * 200)


def offers() -> pb.SuggestTimeWindowsResponse:
    """As many as may be asked for, none of which can be served."""
    reasons = [*left_out().reasons] * 5
    return pb.SuggestTimeWindowsResponse(offers=[insertion_pb2.WindowOffer(reasons=reasons)] * 200)


@pytest.mark.parametrize(
    "answer", [a_plan(), a_plan_of_nothing(), insertions(), explanations(), offers()]
)
def test_an_answer_at_its_bound_fits_into_a_message(answer: Message) -> None:
    assert answer.ByteSize() > ANSWER_BYTES_MAX
    assert fitted(answer).ByteSize() <= ANSWER_BYTES_MAX


def test_no_more_is_left_out_than_must_be() -> None:
    small, big, full = insertions(), a_plan(), a_plan_of_nothing()
    del small.task_insertions[5:]
    before = small.SerializeToString()
    stop = fitted(big).plan.routes[0].stops[0]
    task = fitted(full).plan.unassigned[-1]

    assert fitted(small).SerializeToString() == before
    assert stop.tasks[0].task_id == name(0)
    assert not any(leg.polyline for own in big.plan.routes for leg in own.legs)
    assert [why.shift_count for why in task.reasons] == [100, 100]
    assert task.reasons[0].message == "no room"


def test_a_reason_names_the_first_shifts_and_counts_all() -> None:
    many = Unassigned(0, 1, (WhyNot(Reason.NO_ROOM, FLEET * 10),))
    (why,) = unassigned_to_proto(PROBLEM, many).reasons

    assert (list(why.shift_ids), why.shift_count) == (list(FLEET), 1_000)


async def test_more_insertions_than_are_answered_are_refused_before_any_work() -> None:
    tasks = tuple(task(f"t{rank}", 100, 0) for rank in range(200))
    asked, names = question(Problem(tasks, (shift("van"),))), [own.task_id for own in tasks]
    with pytest.raises(Invalid) as caught:
        await propose_insertions(world(), asked, (), [*names, "gone"], 6)

    assert {own.field for own in caught.value.violations} == {"task_ids[200]", "proposal_count"}
    assert "1000" in caught.value.violations[-1].description
    assert INSERTIONS_MAX >= 200 * 5  # as many as may be named, at the default
