"""
Relaxations: the smallest changes that would let a task in.

Method: scenes on a plane whose seconds a reader can add up, one per rule; and random rich problems,
in which each change is applied to the problem and the task is inserted there anew: with the change
it fits and the rules name nothing, with one unit less it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from services.planner.domain.energy import Battery
from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.problem import Pin, Problem, Territory
from services.planner.domain.reason import Reason
from services.planner.domain.relaxation import Edge, Relaxation, all_relaxed
from services.planner.domain.settings import SearchSettings
from services.planner.domain.shift import (
    BreakRule,
    DutyClock,
    DutyLimit,
    Reload,
    Shift,
    ShiftSkill,
    ShiftTerritory,
    Vehicle,
)
from services.planner.domain.task import SkillNeed, Task, Window
from services.planner.domain.travel import Profile
from services.planner.rules.verify import route_violations
from services.planner.search.given import given_solution
from services.planner.search.insert import members, proposals
from services.planner.search.relax import Relaxed, relaxations
from services.planner.search.solution import Solution
from services.planner.solver.solve import Solve
from services.planner.tests import fuzz
from services.planner.tests.problems import DEPOT, HOUR, MINUTE, at, on_plane, shift, task

TEN_MINUTES_AWAY = 4_800  # meters: at 8 m/s
CRANE = SkillNeed(all_of=frozenset({"crane"}))


def asked(new: Task, *shifts: Shift, **more: object) -> tuple[Relaxed, ...]:
    """The relaxations of one task beside empty shifts."""
    problem = Problem((new,), shifts or (shift("s0"),), **more)  # type: ignore[arg-type]
    return relaxations(Solution(on_plane(problem)), 0, route_violations)


def told(found: tuple[Relaxed, ...]) -> dict[tuple[Reason, Edge | None], int]:
    """The size of each change, by rule and end."""
    return {(one.relaxation.reason, one.relaxation.edge): one.relaxation.size for one in found}


def far(**more: object) -> Task:
    """A task 10 minutes from the depot, with a minute of setup and three of service."""
    return task("new", TEN_MINUTES_AWAY, 0, **more)


def test_a_window_that_ends_too_early_needs_to_end_when_the_first_could_be_there() -> None:
    found = asked(far(windows=(Window(at(7), at(8)),)))
    needed = 10 * MINUTE + MINUTE

    assert told(found)[Reason.WINDOW, Edge.END] == needed
    assert told(found)[Reason.SHIFT, Edge.START] == needed


def test_a_window_after_the_shift_needs_to_begin_earlier_or_the_shift_to_end_later() -> None:
    found = told(asked(far(windows=(Window(at(17), at(18)),))))
    way_back = 3 * MINUTE + 10 * MINUTE

    assert found == {(Reason.WINDOW, Edge.START): way_back, (Reason.SHIFT, Edge.END): way_back}


def test_of_two_windows_the_nearest_end_moves_and_never_into_the_other() -> None:
    gap = (Window(at(6), at(7.9)), Window(at(18), at(19)))
    found = asked(far(windows=gap))
    moved = {one.relaxation.window for one in found if one.relaxation.reason is Reason.WINDOW}

    assert told(found)[Reason.WINDOW, Edge.END] == 6 * MINUTE + 11 * MINUTE
    assert moved == {0, 1}


def test_a_missing_skill_is_given_to_the_shift_for_which_that_is_cheapest() -> None:
    near = shift("near")
    away = replace(near, shift_id="away", start_point=far().options[0].point)
    (found,) = asked(far(skills=CRANE), near, away)

    assert found.relaxation == Relaxation(Reason.SKILL, "new", "away", subject="crane")


def test_a_skill_that_expires_before_counts_as_missing() -> None:
    own = shift("s0", skills=(ShiftSkill("crane", at(8.1)),))
    found = told(asked(far(skills=CRANE), own))

    assert found[Reason.SKILL, None] == 0


def test_two_missing_skills_are_given_together() -> None:
    both = SkillNeed(all_of=frozenset({"crane", "lift"}))
    (found,) = asked(far(skills=both))

    assert found.relaxation.subject == "crane+lift"


def test_capacity_lacks_what_is_too_much() -> None:
    (found,) = asked(far(loads=(538_000, 1, 1)))

    assert found.relaxation.subject == "mass_grams"
    assert found.relaxation.amount == 38_000


def test_of_skills_of_which_one_is_enough_each_is_tried() -> None:
    but = SkillNeed(one_of=frozenset({"crane", "winch"}), none_of=frozenset({"crane"}))
    (found,) = asked(far(skills=but))

    assert found.relaxation.subject == "winch"


def test_a_route_that_reloads_as_often_as_it_may_lacks_a_reload() -> None:
    again = Reload("again", DEPOT)
    small = shift("s0", capacity=(1_500, 0, 0), reloads=(again,))
    problem = Problem((task("old", 800, 0), far()), (small,))
    solution = given_solution(on_plane(problem), [((0, 0),)])
    found = {one.relaxation.reason: one for one in relaxations(solution, 1, route_violations)}

    assert found[Reason.RELOAD].relaxation == Relaxation(Reason.RELOAD, "new", "s0", amount=1)
    assert found[Reason.CAPACITY].relaxation.amount == 500


def test_a_reload_that_closes_too_early_lacks_what_the_way_to_it_takes() -> None:
    early = Reload("again", DEPOT, windows=(Window(at(7), at(8)),))
    small = shift("s0", capacity=(1_500, 0, 0), reloads=(early,), reload_limit=1)
    problem = Problem((task("old", 800, 0), far()), (small,))
    solution = given_solution(on_plane(problem), [((0, 0),)])
    found = {one.relaxation.edge: one for one in relaxations(solution, 1, route_violations)}
    there_and_back = 2 * 800 // 8 + MINUTE + 3 * MINUTE

    assert found[Edge.END].relaxation.reason is Reason.RELOAD
    assert found[Edge.END].relaxation.subject == "again"
    assert found[Edge.END].relaxation.seconds == there_and_back


def test_a_change_that_the_rules_do_not_confirm_is_not_told() -> None:
    heavy = far(loads=(538_000, 1, 1), skills=CRANE)
    problem = Problem((heavy,), (shift("s0"),))

    def refuses(_: Instance, route: Route) -> Iterator[Violation]:
        yield Violation(Reason.WINDOW)

    assert relaxations(Solution(on_plane(problem)), 0, refuses) == ()


def test_where_no_single_change_is_enough_what_is_lacking_is_given_first() -> None:
    (both,) = asked(far(loads=(538_000, 1, 1), skills=CRANE))
    east, bound = frozenset({"east"}), shift("s0", territories=(ShiftTerritory("west"),))
    lands = (Territory("west"), Territory("east"))
    (wholes,) = asked(far(territory_ids=east, skills=CRANE), bound, territories=lands)

    assert [one.reason for one in both.changes] == [Reason.SKILL, Reason.CAPACITY]
    assert both.relaxation.amount == 38_000
    assert {one.reason for one in wholes.changes} == {Reason.SKILL, Reason.TERRITORY}


def test_two_limits_that_both_are_too_low_are_mended_by_nothing_that_is_told() -> None:
    short = shift("s0", distance_limit_meters=9_000)

    assert asked(far(loads=(538_000, 1, 1)), short) == ()


def test_an_exclusion_a_pin_and_a_territory_are_lifted_or_given_as_a_whole() -> None:
    bound = shift("s0", territories=(ShiftTerritory("west"),))
    lands = {"territories": (Territory("west"), Territory("east"))}
    pinned = {"pins": (Pin("new", "s1"),)}
    shut = shift("s1", skills=(), capacity=(1, 0, 0))

    assert told(asked(far(excluded_shift_ids=frozenset({"s0"})))) == {(Reason.EXCLUDED, None): 0}
    assert (Reason.LOCK, None) in told(asked(far(), shift("s0"), shut, **pinned))
    found = asked(far(territory_ids=frozenset({"east"})), bound, **lands)
    assert [one.relaxation.subject for one in found] == ["east"]


def test_limits_of_distance_stops_and_duty_lack_the_difference() -> None:
    there_and_back = 2 * TEN_MINUTES_AWAY
    clock = DutyLimit("driving", DutyClock.DRIVING, 15 * MINUTE)

    assert told(asked(far(), shift("s0", distance_limit_meters=9_000))) == {
        (Reason.DISTANCE, None): there_and_back - 9_000
    }
    assert told(asked(far(), shift("s0", duty_limits=(clock,)))) == {
        (Reason.DUTY, None): 5 * MINUTE
    }


def test_a_break_that_stands_in_the_way_may_move() -> None:
    pause = BreakRule("lunch", at(12), at(12), HOUR)
    noon = (Window(at(12.1), at(12.1) + MINUTE),)
    found = told(asked(far(windows=noon), shift("s0", breaks=(pause,))))

    assert found[Reason.BREAK, Edge.END] > 0
    assert found[Reason.BREAK, Edge.START] > 0


def test_goods_that_are_ready_too_late_and_a_battery_that_is_too_empty_lack_the_difference() -> (
    None
):
    late = far(release_second=at(16.9))
    battery = Battery(50_000, 1_000)
    van = shift("s0", vehicle=Vehicle("v0", Profile.E_VAN, (0, 0, 0), battery=battery))
    charge = told(asked(far(), van))

    assert told(asked(late))[Reason.RELEASE, None] == 18 * MINUTE
    assert charge.keys() == {(Reason.CHARGE, None)}
    assert charge[Reason.CHARGE, None] > 0


def test_what_costs_more_than_its_penalty_needs_a_penalty_just_above_its_price() -> None:
    (found,) = asked(far(penalty_micros=1_000))

    assert found.relaxation.reason is Reason.TOO_DEAR
    assert found.relaxation.amount == found.insertion.delta_micros - 1_000 + 1


def test_who_could_simply_be_served_needs_no_change() -> None:
    assert asked(far()) == ()


def test_the_smallest_change_comes_first_as_a_share_of_what_there_is() -> None:
    narrow = far(windows=(Window(at(7), at(7.9)),))
    found = [(one.relaxation.reason, one.relaxation.edge) for one in asked(narrow)]

    assert found[0] == (Reason.SHIFT, Edge.START)  # 17 min of 9 h before 17 min of 54 min
    assert found[1] == (Reason.WINDOW, Edge.END)


def explained(seed: int) -> Iterator[tuple[Instance, Solution, int, Relaxed]]:
    """Every relaxation of every task that a short search leaves out of a random problem."""
    instance = fuzz.instance(seed)
    plan = Solve(instance, SearchSettings(solution_limit=10, seconds=60), lambda _: None).run().plan
    sequences = {route.shift: route.sequence for route in plan.routes}
    shifts = range(len(instance.problem.shifts))
    solution = given_solution(instance, [sequences.get(rank, ()) for rank in shifts])
    for left in plan.unassigned:
        name = instance.problem.tasks[left.task].task_id
        if not instance.problem.deliveries_of_pickup[name]:
            for one in relaxations(solution, left.task, route_violations):
                yield instance, solution, left.task, one


def inserted(solution: Solution, task: int, changes: Iterable[Relaxation]) -> Route | None:
    """The task really inserted beside the same routes in the changed problem; None: not served."""
    instance, changes = solution.instance, tuple(changes)
    changed = replace(instance, problem=all_relaxed(instance.problem, changes))
    given = given_solution(changed, solution.sequences())
    found = proposals(given, task, 1)
    if not found:
        return None
    hard = [one for one in route_violations(changed, found[0].route) if one.hard]
    assert not hard
    is_worth = given.is_worth(members(changed, task), found[0].delta_micros)
    is_about_price = changes[-1].reason is Reason.TOO_DEAR
    return found[0].route if is_worth or not is_about_price else None


@pytest.mark.parametrize("seed", range(12))
def test_a_change_lets_the_task_in_and_one_unit_less_does_not(seed: int) -> None:
    for _, solution, rank, one in explained(seed):
        assert inserted(solution, rank, one.changes) is not None
        if one.relaxation.size > 1:
            less = one.relaxation.of_size(one.relaxation.size - 1)
            assert inserted(solution, rank, (*one.also, less)) is None
        for number in range(len(one.also)):
            rest = (*one.also[:number], *one.also[number + 1 :], one.relaxation)
            assert inserted(solution, rank, rest) is None
