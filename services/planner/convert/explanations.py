"""Explanations: domain to wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from doorstep.planner.v1 import insertion_pb2 as pb
from services.planner.convert.insertions import InsertionWriter
from services.planner.convert.moments import duration
from services.planner.convert.plan import violation_to_proto
from services.planner.convert.reasons import reason_to_proto, unassigned_to_proto
from services.planner.domain.explanation import Block
from services.planner.domain.reason import Reason
from services.planner.domain.relaxation import JOINT, Edge, Relaxation
from services.planner.usecases.answers import ExplanationsAnswer

SECONDS_PER_MINUTE = 60
GRAMS_PER_KILOGRAM = 1_000


def explanations_to_proto(answer: ExplanationsAnswer) -> Iterator[pb.UnassignedExplanation]:
    """The explanations, in the order of the tasks."""
    writer = InsertionWriter(answer.prepared, answer.finished.ways, answer.base_routes)
    routes = iter(answer.finished.plan.routes)
    problem = answer.prepared.instance.problem
    for own in answer.explanations:
        message = pb.UnassignedExplanation(
            unassigned=unassigned_to_proto(problem, own.unassigned),
            blocks=map(block_to_proto, own.blocks),
            cut=own.is_cut,
        )
        for one in own.relaxed:
            told = relaxation_to_proto(one.relaxation)
            told.also.extend(map(relaxation_to_proto, one.also))
            told.message = in_words(one.changes)
            told.insertion.CopyFrom(writer.insertion(one.insertion, next(routes)))
            message.relaxations.append(told)
        yield message


def block_to_proto(block: Block) -> pb.ShiftBlock:
    """What keeps a task out of some shifts."""
    return pb.ShiftBlock(
        shift_ids=block.shift_ids,
        feasible_alone=not block.violations,
        violations=map(violation_to_proto, block.violations),
        price_micros=block.price_micros,
        displaced_task_ids=block.displaced_task_ids,
    )


def relaxation_to_proto(relaxation: Relaxation) -> pb.Relaxation:
    """One change, without its insertion."""
    edge = relaxation.edge.value if relaxation.edge else "UNSPECIFIED"
    return pb.Relaxation(
        reason=reason_to_proto(relaxation.reason),
        shift_id=relaxation.shift_id,
        delta_duration=duration(relaxation.seconds),
        delta_amount=relaxation.amount,
        subject=relaxation.subject,
        edge=pb.RelaxationEdge.Value(f"RELAXATION_EDGE_{edge}"),
        window_rank=relaxation.window,
        message=in_words([relaxation]),
        task_id=relaxation.task_id,
    )


def in_words(changes: Iterable[Relaxation]) -> str:
    """What would have to be otherwise, for people."""
    return f"would fit if {', and '.join(WORDS[one.reason](one) for one in changes)}"


def minutes(relaxation: Relaxation) -> str:
    """A length for people: whole minutes, rounded up."""
    return f"{-(-relaxation.seconds // SECONDS_PER_MINUTE)} min"


def moved(what: str, relaxation: Relaxation) -> str:
    """An end that moves outward."""
    if relaxation.edge is Edge.START:
        return f"{what} began {minutes(relaxation)} earlier"
    return f"{what} ended {minutes(relaxation)} later"


def load_words(relaxation: Relaxation) -> str:
    """How much more a vehicle would take."""
    if relaxation.subject == "mass_grams":
        more = f"{-(-relaxation.amount // GRAMS_PER_KILOGRAM)} kg"
    else:
        more = f"{relaxation.amount} of {relaxation.subject}"
    return f"the vehicle of shift {relaxation.shift_id} took {more} more"


def skill_words(relaxation: Relaxation) -> str:
    """What a shift would be able to do."""
    return f"shift {relaxation.shift_id} had {' and '.join(relaxation.subject.split(JOINT))}"


def reload_words(relaxation: Relaxation) -> str:
    """How reloading would be easier."""
    if relaxation.edge is None:
        return f"shift {relaxation.shift_id} could reload once more"
    return moved(f"the window of reload {relaxation.subject}", relaxation)


WORDS: dict[Reason, Callable[[Relaxation], str]] = {
    Reason.WINDOW: lambda one: moved("its window", one),
    Reason.SHIFT: lambda one: moved(f"shift {one.shift_id}", one),
    Reason.BREAK: lambda one: moved(f"the window of break {one.subject}", one),
    Reason.DUTY: lambda one: f"limit {one.subject} allowed {minutes(one)} more",
    Reason.CAPACITY: load_words,
    Reason.DISTANCE: lambda one: f"shift {one.shift_id} could drive {one.amount} m more",
    Reason.STOP_LIMIT: lambda one: f"shift {one.shift_id} could make {one.amount} stops more",
    Reason.RELOAD: reload_words,
    Reason.PAIRING: lambda one: f"its ride could last {minutes(one)} longer",
    Reason.SKILL: skill_words,
    Reason.TERRITORY: lambda one: f"shift {one.shift_id} had territory {one.subject}",
    Reason.EXCLUDED: lambda one: f"shift {one.shift_id} were not excluded",
    Reason.LOCK: lambda one: "it were not pinned",
    Reason.RELEASE: lambda one: f"its goods were ready {minutes(one)} earlier",
    Reason.CHARGE: lambda one: f"shift {one.shift_id} began with {one.amount} Wh more",
    Reason.TOO_DEAR: lambda one: f"its penalty were {one.amount} micros higher",
}
