"""
Large problems in parts: what a part is, which parts there are, and that a plan stays whole.

Method: cities with parts far smaller than in use; ways and costs of a part are held against those
of the whole; one test searches in processes of its own.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.phases import Chunk
from services.planner.domain.problem import FreezeLevel, Pin
from services.planner.domain.settings import Pace, SearchSettings
from services.planner.domain.task import TaskKind
from services.planner.search.kernel import Sequences
from services.planner.solver import master, partition, portfolio
from services.planner.solver.assembly import Assembly
from services.planner.solver.cut import Part, cut
from services.planner.solver.fleet import classes_of
from services.planner.solver.partition import Partition
from services.planner.solver.parts import Beside, Here, PartJob
from services.planner.solver.solve import Solve
from services.planner.solver.tables import mapped, save
from services.planner.tests import fuzz
from services.planner.tests.problems import city, on_plane

CHUNK = Chunk(20, 0, 1_000_000)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "PART_TASKS", 15)
    monkeypatch.setattr(portfolio, "WHOLE_TASKS_MAX", 50)


@pytest.fixture
def town() -> Instance:
    return on_plane(city(1, 60, 9, breaks=False))


def planned(instance: Instance) -> Sequences:
    """A plan by ten tasks per shift, far from good."""
    count = len(instance.problem.tasks)
    rows = [tuple((task, 0) for task in range(first, min(first + 10, count)))
            for first in range(0, count, 10)]  # fmt: skip
    rows += [()] * (len(instance.problem.shifts) - len(rows))
    return Assembly(instance).held(rows)


def test_a_part_has_as_many_spare_shifts_whatever_the_rank_of_its_own(
    town: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty tasks in two shifts, four parts; spare ones are dealt by how many are used."""
    monkeypatch.setattr(partition, "SPARE_MIN", 1)
    monkeypatch.setattr(partition, "SPARE_SHARE", 1.0)
    rows = [tuple((task, 0) for task in range(10)), tuple((task, 0) for task in range(10, 20))]
    counts = []
    for first in (0, 1):
        plan: list[tuple[tuple[int, int], ...]] = [()] * 9
        plan[first], plan[first + 1] = rows
        parts = Partition(town, classes_of(town), 1).parts(tuple(plan), 0)
        counts.append([len(part.shifts) for part in parts])

    assert counts[0] == counts[1]


@pytest.mark.parametrize("seed", range(5))
def test_a_part_times_and_prices_a_route_as_the_whole_does(seed: int) -> None:
    instance = fuzz.instance(seed)
    outcome = Solve(instance, SearchSettings(solution_limit=10), lambda _: None).run()
    onboard = {
        instance.problem.rank_of_task[task_id] for task_id in instance.problem.onboard_shift_of
    }
    for route in outcome.plan.routes:
        tasks = {visit.task for visit in route.served} | onboard
        tasks |= {rank for rank in (9, 10) if tasks & {9, 10}}  # a pair stays together
        shifts = tuple(range(len(instance.problem.shifts)))
        part = Part(tuple(sorted(tasks)), shifts)
        nodes = tuple(route.sequence if s == route.shift else () for s in shifts)
        own = Assembly(cut(instance, part)).route(route.shift, part.inside(nodes)[route.shift])

        assert own is not None
        assert own.costs == route.costs
        assert (own.start_second, own.end_second) == (route.start_second, route.end_second)
        assert part.named(own.sequence) == route.sequence


def test_parts_hold_every_task_once_and_no_shift_twice(town: Instance) -> None:
    own = Partition(town, classes_of(town), 1)
    start = planned(town)
    for number in range(4):
        parts = own.parts(start, number)
        tasks = [task for part in parts for task in part.tasks]
        shifts = [shift for part in parts for shift in part.shifts]

        assert sorted(tasks) == list(range(60))
        assert len(shifts) == len(set(shifts))
        assert len(parts) == 4


def test_pinned_tasks_are_in_the_part_of_their_shift_and_so_are_their_partners(
    town: Instance,
) -> None:
    problem = town.problem
    up, down = (replace(problem.tasks[rank], kind=TaskKind.PICKUP) for rank in (1, 2))
    down = replace(down, kind=TaskKind.DELIVERY, loads=up.loads, pickup_task_id=up.task_id)
    tasks = (problem.tasks[0], up, down, *problem.tasks[3:])
    pins = (Pin("t1", "s8"), Pin("t5", "s0", FreezeLevel.SEQUENCE, 0))
    own = replace(town, problem=replace(problem, tasks=tasks, pins=pins))
    for number in range(4):
        for part in Partition(own, classes_of(own), 1).parts(((),) * 9, number):
            assert (8 in part.shifts) == (1 in part.tasks) == (2 in part.tasks)
            assert (0 in part.shifts) == (5 in part.tasks)


def test_borders_move_from_round_to_round(town: Instance) -> None:
    own = Partition(town, classes_of(town), 1)
    start = planned(town)

    assert own.parts(start, 0) != own.parts(start, 2)
    assert own.parts(start, 1) == Partition(town, classes_of(town), 1).parts(start, 1)


def test_with_nothing_planned_tasks_and_shifts_are_dealt_all_the_same(town: Instance) -> None:
    parts = Partition(town, classes_of(town), 1).parts(((),) * 9, 0)

    assert sorted(task for part in parts for task in part.tasks) == list(range(60))
    assert sorted(shift for part in parts for shift in part.shifts) == list(range(9))


def test_processes_beside_this_one_find_what_this_one_does(town: Instance) -> None:
    start = planned(town)
    parts = Partition(town, classes_of(town), 1).parts(start, 0)
    jobs = [PartJob(part, part.inside(start), CHUNK, rank) for rank, part in enumerate(parts)]
    with closing(Beside(town, 2)) as beside:
        there = beside.search(jobs)

    assert there == Here(town).search(jobs)


def test_tables_that_lie_in_files_are_not_copied_where_a_kill_would_leave_them(
    town: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "given").mkdir()
    given = tmp_path / "given" / "0.npy"
    save(town.tables[0], given)
    job = PartJob(Part((0, 1), (0,)), ((),), CHUNK, 1)
    with closing(Beside(replace(town, tables=(mapped(given),)), 1)) as beside:
        beside.search([job])

        assert list(tmp_path.rglob("*.npy")) == [given]
    assert given.exists()


def test_a_large_problem_is_solved_in_parts_and_runs_again_to_the_same_routes() -> None:
    instance = on_plane(city(2, 60, 9, breaks=False))
    settings = SearchSettings(solution_limit=200, seconds=4.0, pace=Pace.CPU)
    outcome = Solve(instance, settings, lambda _: None).run()
    again = Solve(instance, replace(settings, seed=settings.seed), lambda _: None)

    assert outcome.broken == ()
    assert not outcome.plan.unassigned
    assert [phase.engine for phase in outcome.phases] == ["parts", master.ENGINE]
    assert again.replay(outcome.phases).plan.routes == outcome.plan.routes
