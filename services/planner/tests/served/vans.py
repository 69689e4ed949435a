"""Requests whose vans say what they emit, and routes for them, for tests across the wire."""

from __future__ import annotations

from doorstep.planner.v1 import problem_pb2, shift_pb2, vehicle_pb2
from services.planner.tests import wire
from services.planner.tests.served.town import Town

FACTORS = vehicle_pb2.EmissionFactors(
    kilometer_co2e_milligrams=240_000,
    hour_co2e_milligrams=36_000,
    stop_co2e_milligrams=1_000,
    factor_set_version="uk-2025.1",
)


def emitting(shift_id: str, **more: object) -> shift_pb2.Shift:
    """A shift whose van says what it emits."""
    return wire.shift(shift_id, vehicle=wire.vehicle(f"v-{shift_id}", emission_factors=FACTORS))


def city(count: int, shifts: int) -> problem_pb2.Problem:
    """The city with vans that say what they emit."""
    problem = wire.city(count, shifts)
    del problem.shifts[:]
    problem.shifts.extend(emitting(f"s{number}") for number in range(shifts))
    return problem


async def routes_of(town: Town, problem: problem_pb2.Problem) -> list[problem_pb2.FixedRoute]:
    """The routes that a short search finds."""
    return wire.fixed(wire.served((await town.optimize(problem)).routes))
