"""
What vehicles will take and emit, asked of compliance: implements `ports.Forecaster`.

A planner can do without: where compliance is away or has no factor, nothing is foreseen of that
vehicle, its emissions stay unknown, and the plan is made all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from doorstep.compliance.v1 import emissions_service_pb2_grpc
from doorstep.compliance.v1.emissions_service_pb2 import GetEnergyCoefficientsRequest as Question
from meshkit.errors import Exhausted, NotReady, TooLate, Unavailable
from services.dispatch.adapters.compliance import vehicle_of
from services.dispatch.domain.fleet import VehicleAttributes
from services.dispatch.domain.outlook import Outlook, Outlooks

TOGETHER_MAX = 20  # questions under way at once
SECONDS_MAX = 2.0  # for each: a plan waits no longer for what it can do without
UNFORESEEN = (Unavailable, Exhausted, TooLate, NotReady)
ANY_VEHICLE = "v"  # a name of its own changes nothing, and alike vehicles are asked about once


class MeshForecaster:
    """Asks over the mesh, about each kind of vehicle once."""

    def __init__(self, stub: emissions_service_pb2_grpc.EmissionsServiceAsyncStub) -> None:
        self._stub = stub

    async def foresee(self, vehicles: Iterable[VehicleAttributes]) -> Outlooks:
        """The outlooks of those vehicles that one can be had of."""
        asked = {known: question(known) for known in dict.fromkeys(vehicles)}
        kinds = {_key(request): request for request in asked.values()}
        at_once = asyncio.Semaphore(TOGETHER_MAX)
        found = await asyncio.gather(*(self._one(kind, at_once) for kind in kinds.values()))
        answers = dict(zip(kinds, found, strict=True))
        outlooks = ((known, answers[_key(request)]) for known, request in asked.items())
        return {known: outlook for known, outlook in outlooks if outlook is not None}

    async def _one(self, request: Question, at_once: asyncio.Semaphore) -> Outlook | None:
        async with at_once:
            try:
                answer = await self._stub.GetEnergyCoefficients(request, timeout=SECONDS_MAX)
            except UNFORESEEN:
                return None
        return outlook_from_compliance(answer)


def question(known: VehicleAttributes) -> Question:
    """What is asked about a vehicle: half full, as it is in the middle of its day."""
    return Question(
        vehicle=vehicle_of(ANY_VEHICLE, known), load_grams=known.capacity_mass_grams // 2
    )


def outlook_from_compliance(answer: Any) -> Outlook:
    """The terms as compliance tells them."""
    return Outlook(
        answer.basis.factor_set_id,
        answer.watt_hours_per_kilometer,
        answer.watt_hours_per_hour,
        answer.watt_hours_per_stop,
        answer.co2e_milligrams_per_kilometer,
        answer.co2e_milligrams_per_hour,
        answer.co2e_milligrams_per_stop,
    )


def _key(request: Question) -> bytes:
    return request.SerializeToString(deterministic=True)
