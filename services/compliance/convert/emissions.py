"""The carbon ledger: wire <-> domain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from doorstep.compliance.v1 import emission_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.moments import (
    enum_from_proto,
    enum_to_proto,
    interval_from_proto,
    interval_to_proto,
    moment_to_proto,
    open_interval_from_proto,
)
from services.compliance.convert.vehicle import vehicle_from_proto, vehicle_to_proto
from services.compliance.domain.footprint import NOTHING, Allocation, Basis, Co2e
from services.compliance.domain.ledger import (
    EmissionRecord,
    Entry,
    HubOperation,
    Leg,
    Load,
    Share,
    subject_id,
)
from services.compliance.ports import RecordFilter
from services.compliance.usecases.emissions import Actuals

Value = TypeVar("Value")

LEG_MAX = timedelta(days=30)
PERIOD_MAX = timedelta(days=366)  # of a hub's work
METHOD, QUALITY, ALLOCATION = "EMISSION_METHOD_", "DATA_QUALITY_", "ALLOCATION_METHOD_"


def legs_from_proto(messages: Sequence[emission_pb2.EmissionLeg]) -> tuple[Leg, ...]:
    """The legs in order; raises Invalid with everything that is wrong."""
    faults = Faults()
    legs = _taken(faults, "legs", messages, "leg_id", _leg, set())
    faults.refuse()
    return legs


def actuals_from_proto(request: pb.RecordActualsRequest) -> Actuals:
    """What is to be recorded; raises Invalid with everything that is wrong."""
    faults = Faults()
    seen: set[str] = set()
    legs = _taken(faults, "legs", request.legs, "leg_id", _leg, seen)
    name, operations = "hub_operations", request.hub_operations
    hubs = _taken(faults, name, operations, "hub_operation_id", _hub_operation, seen)
    if not request.legs and not operations:
        faults.add("legs", "at least one leg or hub operation")
    faults.refuse()
    allocation = allocation_from_proto(request.allocation)
    return Actuals(legs, request.factor_set_id, request.correction, allocation, hubs)


def allocation_from_proto(number: int) -> Allocation:
    """How to share; by mass and distance where nobody says."""
    wire = emission_pb2.AllocationMethod
    return enum_from_proto(Allocation, wire, ALLOCATION, number) or Allocation.MASS_DISTANCE


def _taken(
    faults: Faults,
    path: str,
    messages: Sequence[Any],
    id_field: str,
    make: Callable[[Any], Value],
    seen: set[str],
) -> tuple[Value, ...]:
    """Items with different ids; `seen` are ids that were used before them."""
    made = []
    for number, message in enumerate(messages):
        name = getattr(message, id_field)
        if name in seen:
            faults.add(f"{path}[{number}].{id_field}", f"{name!r} stands twice", "ID_REPEATED")
        seen.add(name)
        made.append(faults.take(f"{path}[{number}]", make, message))
    return tuple(item for item in made if item is not None)


def record_filter(request: pb.ListEmissionRecordsRequest) -> RecordFilter:
    """Which records are asked for; raises Invalid."""
    faults = Faults()
    start, end = accepted(
        faults, faults.take("interval", open_interval_from_proto, request.interval)
    )
    return RecordFilter(
        request.route_id,
        request.delivery_id,
        request.vehicle_id,
        "",
        start,
        end,
        request.replaced_included,
    )


def estimates_to_proto(entries: Sequence[Entry]) -> pb.EstimateEmissionsResponse:
    """One estimate per leg, and their sum."""
    total = sum((entry.footprint.co2e for entry in entries), NOTHING)
    return pb.EstimateEmissionsResponse(
        estimates=[_estimate(entry) for entry in entries], total=co2e_to_proto(total)
    )


def records_to_proto(records: Sequence[EmissionRecord]) -> list[emission_pb2.EmissionRecord]:
    """Records."""
    return [record_to_proto(record) for record in records]


def record_to_proto(record: EmissionRecord) -> emission_pb2.EmissionRecord:
    """One record."""
    entry, hub = record.entry, record.entry.hub_operation
    return emission_pb2.EmissionRecord(
        emission_record_id=record.emission_record_id,
        leg=_leg_to_proto(entry.leg) if entry.leg else None,
        hub_operation=_hub_to_proto(hub) if hub else None,
        co2e=co2e_to_proto(entry.footprint.co2e),
        grid_energy_watt_hours=entry.footprint.grid_watt_hours,
        basis=basis_to_proto(entry.footprint.basis),
        shares=[_share(share) for share in entry.shares],
        replaced_record_id=record.replaced_record_id,
        record_time=moment_to_proto(record.record_time),
    )


def co2e_to_proto(co2e: Co2e) -> emission_pb2.Co2e:
    """Emissions by stage."""
    return emission_pb2.Co2e(
        wtw_milligrams=co2e.wtw_milligrams,
        wtt_milligrams=co2e.wtt_milligrams,
        ttw_milligrams=co2e.ttw_milligrams,
    )


def basis_to_proto(basis: Basis) -> emission_pb2.EmissionBasis:
    """How a number was found."""
    return emission_pb2.EmissionBasis(
        method=_named(emission_pb2.EmissionMethod, METHOD, basis.method),
        data_quality=_named(emission_pb2.DataQuality, QUALITY, basis.data_quality),
        factor_set_id=basis.factor_set_id,
        factor_ids=basis.factor_ids,
        country_mismatch=basis.country_mismatch,
        allocation=_named(emission_pb2.AllocationMethod, ALLOCATION, basis.allocation),
        assumptions=basis.assumptions,
        factor_set_ids=basis.factor_set_ids,
    )


def _named(wire: Any, prefix: str, member: Any) -> Any:
    return enum_to_proto(wire, prefix, member)


def _leg(message: emission_pb2.EmissionLeg) -> Leg:
    start, end = interval_from_proto(message.interval, LEG_MAX)
    energy, fuel = message.HasField("energy_watt_hours"), message.HasField("fuel_milliliters")
    return Leg(
        leg_id=message.leg_id,
        vehicle=vehicle_from_proto(message.vehicle),
        start=start,
        end=end,
        distance_meters=message.distance_meters,
        route_id=message.route_id,
        stop_id=message.stop_id,
        carrier_id=message.carrier_id,
        country_code=message.country_code,
        energy_watt_hours=message.energy_watt_hours if energy else None,
        fuel_milliliters=message.fuel_milliliters if fuel else None,
        loads=_loads(message.loads),
        empty=not message.loads,
    )


def _hub_operation(message: emission_pb2.HubOperation) -> HubOperation:
    start, end = interval_from_proto(message.interval, PERIOD_MAX)
    return HubOperation(
        message.hub_operation_id,
        message.hub_id,
        start,
        end,
        message.grid_energy_watt_hours,
        message.country_code,
        _loads(message.loads),
    )


def _loads(messages: Sequence[emission_pb2.DeliveryLoad]) -> tuple[Load, ...]:
    return tuple(
        Load(
            load.delivery_id,
            load.task_id,
            load.mass_grams,
            load.shortest_distance_meters,
            load.item_count,
            load.great_circle,
        )
        for load in messages
    )


def _leg_to_proto(leg: Leg) -> emission_pb2.EmissionLeg:
    """An empty leg is told without loads; its shares say for whom it was driven."""
    return emission_pb2.EmissionLeg(
        leg_id=leg.leg_id,
        route_id=leg.route_id,
        stop_id=leg.stop_id,
        carrier_id=leg.carrier_id,
        vehicle=vehicle_to_proto(leg.vehicle),
        country_code=leg.country_code,
        interval=interval_to_proto(leg.start, leg.end),
        distance_meters=leg.distance_meters,
        energy_watt_hours=leg.energy_watt_hours,
        fuel_milliliters=leg.fuel_milliliters,
        loads=[_load(load) for load in leg.loads if not leg.empty],
    )


def _load(load: Load) -> emission_pb2.DeliveryLoad:
    return emission_pb2.DeliveryLoad(
        delivery_id=load.delivery_id,
        task_id=load.task_id,
        mass_grams=load.mass_grams,
        shortest_distance_meters=load.shortest_distance_meters,
        item_count=load.item_count,
        great_circle=load.great_circle,
    )


def _hub_to_proto(operation: HubOperation) -> emission_pb2.HubOperation:
    return emission_pb2.HubOperation(
        hub_operation_id=operation.hub_operation_id,
        hub_id=operation.hub_id,
        country_code=operation.country_code,
        interval=interval_to_proto(operation.start, operation.end),
        grid_energy_watt_hours=operation.grid_watt_hours,
        loads=[_load(load) for load in operation.loads],
    )


def _share(share: Share) -> emission_pb2.EmissionShare:
    return emission_pb2.EmissionShare(
        delivery_id=share.delivery_id,
        task_id=share.task_id,
        mass_grams=share.mass_grams,
        co2e=co2e_to_proto(share.co2e),
    )


def _estimate(entry: Entry) -> pb.LegEstimate:
    return pb.LegEstimate(
        leg_id=subject_id(entry.subject),
        co2e=co2e_to_proto(entry.footprint.co2e),
        grid_energy_watt_hours=entry.footprint.grid_watt_hours,
        basis=basis_to_proto(entry.footprint.basis),
        shares=[_share(share) for share in entry.shares],
    )
