"""
Optimizations: solves that are stored, and go on whatever happens to the process that runs them.

Pure. A batch is optimizations that are solved side by side; it has no work of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from services.planner.domain.instance import Node
from services.planner.domain.phases import Phase
from services.planner.domain.plan import Costs, SolveRecord

TASKS_MAX = 10_000  # of one optimization; the contract states it
UNFINISHED_MAX = 200  # of one tenant; the contract states it
SECONDS_PER_TASK = 0.06
SECONDS_MIN, SECONDS_MAX = 10.0, 600.0  # where the caller says nothing; the contract states them

Sequences = tuple[tuple[Node, ...], ...]  # of all shifts, by rank


class State(Enum):
    """Where an optimization or batch can stand."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_over(self) -> bool:
        """Whether nothing comes after it."""
        return self in (State.DONE, State.FAILED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Optimization:
    """What is told of an optimization beside its plan."""

    optimization_id: str
    state: State
    create_time: datetime
    task_count: int
    title: str = ""
    end_time: datetime | None = None
    progress_percent: int = 0
    plan_count: int = 0
    cost_micros: int = 0
    costs: Costs = ()
    bound_micros: int | None = None
    unassigned_count: int = 0
    record: SolveRecord | None = None
    failure_reason: str = ""
    batch_id: str = ""
    part_id: str = ""
    part_rank: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch with its parts in the order of the request."""

    batch_id: str
    state: State
    create_time: datetime
    end_time: datetime | None
    parts: tuple[Optimization, ...]


def batch_state(states: Collection[State], *, is_cancelled: bool) -> State:
    """Where a batch stands whose parts stand so; `is_cancelled` says that it was stopped whole."""
    if all(state is State.QUEUED for state in states):
        return State.QUEUED
    if not all(state.is_over for state in states):
        return State.RUNNING
    if is_cancelled or all(state is State.CANCELLED for state in states):
        return State.CANCELLED
    return State.DONE if State.DONE in states else State.FAILED


def search_seconds(tasks: int) -> float:
    """How long to search where the caller does not say."""
    return min(SECONDS_MAX, max(SECONDS_MIN, tasks * SECONDS_PER_TASK))


@dataclass(frozen=True, slots=True)
class Run:
    """One search of a solve: where it began, what it was given, and what it ran."""

    seeds: Sequences
    seconds: float
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True)
class Trail:
    """What it takes to repeat a solve, beside its request, and what came out."""

    record: SolveRecord
    runs: tuple[Run, ...]
    sequences: Sequences
    is_whole: bool = True
    """Whether the solve came to its end; else it is repeated up to the plan that it told last."""
    may_keep: bool = False
    """Whether the known plan was to be the answer where it is better than what was found."""
