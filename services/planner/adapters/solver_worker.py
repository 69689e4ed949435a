"""
A solver process: warm, asked over its pipes, killed when it does not answer.

    python -m services.planner.adapters.solver_worker

It says when it is ready, then does one job after the other until its input ends. From its first
search on it gives way to other processes, so that people are answered meanwhile. Whatever it cannot
do ends it with a traceback on stderr; the planner starts another.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import cache
from typing import Any, BinaryIO

from services.planner.adapters import frames
from services.planner.adapters.solver_jobs import Job
from services.planner.domain.settings import SearchSettings
from services.planner.rules.verify import route_violations, verify
from services.planner.search.answers import propose_insertions, time_routes
from services.planner.search.explanations import explain_tasks
from services.planner.search.given import kept_plan
from services.planner.search.offers import price_windows
from services.planner.solver import pyvrp_engine, routing
from services.planner.solver.kernels import warm
from services.planner.solver.solve import Outcome, Solve
from services.planner.solver.why import reasons_of

SEARCH_NICE = 5  # searches give way to the event loop and to exact answers


def main() -> None:
    """Serves until the input ends."""
    # ^C reaches the whole group; the planner ends its solvers itself, when it is done with them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output, parent = own_output(), os.getppid()
    warm()
    send(output, f"{routing.ENGINE}+{pyvrp_engine.ENGINE}")
    while True:
        try:
            job = frames.read(sys.stdin.buffer)
        except frames.Ended:
            return
        send(output, done(job, output, parent))


def own_output() -> BinaryIO:
    """The pipe to the planner; whatever a library prints goes to stderr instead."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output


def done(job: Job, output: BinaryIO, parent: int) -> Any:
    """The answer to a job; plans found on the way are sent before it."""
    instance = job.whole()
    match job.kind:
        case "time":
            return time_routes(instance, job.sequences, verify)
        case "insert":
            return propose_insertions(
                instance, job.sequences, job.tasks, job.count, route_violations
            )
        case "keep":
            return kept_plan(instance, job.sequences, route_violations)
        case "windows":
            return price_windows(
                instance, job.sequences, job.tasks[0], job.windows, route_violations
            )
        case "reasons":
            return reasons_of(instance, job.sequences, job.tasks, route_violations)
        case "explain":
            return explain_tasks(
                instance,
                job.sequences,
                job.tasks,
                route_violations,
                lambda: time.monotonic() < job.answer_by,
            )
        case "solve":
            give_way()

            def tell(outcome: Outcome) -> None:
                if not outcome.is_final:
                    send(output, outcome)

            settings = job.settings or SearchSettings()
            # A planner that was killed leaves its solvers to somebody else: they stop by
            # themselves.
            solve = Solve(instance, settings, tell, lambda: os.getppid() == parent)
            if job.phases:
                return solve.replay(job.phases, job.sequences)
            return solve.run(job.sequences)


@cache
def give_way() -> None:
    """From the first search on, once."""
    os.nice(SEARCH_NICE)


def send(output: BinaryIO, value: object) -> None:
    """Sends a value at once."""
    output.write(frames.packed(value))
    output.flush()


if __name__ == "__main__":
    main()
