"""Tracking's facts, as its feed tells them: its wire -> our domain."""

from __future__ import annotations

import re
from dataclasses import replace

from doorstep.tracking.v1 import event_pb2 as pb
from doorstep.tracking.v1 import tracking_event_pb2, vehicle_pb2
from services.compliance.convert.geometry import point_from_proto
from services.compliance.convert.moments import moment_from_proto, span_from_proto
from services.compliance.domain.episode import IdlingFact
from services.compliance.domain.idling import Excuse
from services.compliance.domain.ledger import Leg, Load, Outcome
from services.compliance.domain.vehicle import Body, Category, Fuel, Vehicle

TONNE_GRAMS = 1_000_000
N2_GRAMS_MAX = 12 * TONNE_GRAMS  # Regulation (EU) 2018/858, article 4: N2 up to 12 t, N3 above
FUELS = {
    vehicle_pb2.FUEL_DIESEL: Fuel.DIESEL,
    vehicle_pb2.FUEL_PETROL: Fuel.PETROL,
    vehicle_pb2.FUEL_ELECTRIC: Fuel.ELECTRIC,
    vehicle_pb2.FUEL_HYBRID: Fuel.HYBRID_PETROL,
    vehicle_pb2.FUEL_PLUG_IN_HYBRID: Fuel.PLUG_IN_PETROL,
    vehicle_pb2.FUEL_NATURAL_GAS: Fuel.CNG,
    vehicle_pb2.FUEL_PETROLEUM_GAS: Fuel.LPG,
    vehicle_pb2.FUEL_HYDROGEN: Fuel.HYDROGEN,
    vehicle_pb2.FUEL_HYBRID_DIESEL: Fuel.HYBRID_DIESEL,
    vehicle_pb2.FUEL_PLUG_IN_HYBRID_DIESEL: Fuel.PLUG_IN_DIESEL,
    vehicle_pb2.FUEL_RENEWABLE_DIESEL: Fuel.DIESEL,
    vehicle_pb2.FUEL_NONE: Fuel.MUSCLE,
}
CATEGORIES = {
    vehicle_pb2.VEHICLE_KIND_VAN: Category.N1,
    vehicle_pb2.VEHICLE_KIND_ARTICULATED: Category.N3,
    vehicle_pb2.VEHICLE_KIND_CAR: Category.M1,
    vehicle_pb2.VEHICLE_KIND_MOTORCYCLE: Category.L,
    vehicle_pb2.VEHICLE_KIND_CARGO_BIKE: Category.CYCLE,
    vehicle_pb2.VEHICLE_KIND_BICYCLE: Category.CYCLE,
    vehicle_pb2.VEHICLE_KIND_FOOT: Category.FOOT,
}
EURO = re.compile(r"EURO_?([0-7])")


def leg_from_tracking(message: pb.LegCompleted) -> Leg:
    """A leg that was driven. Its country is the tenant's: the feed does not tell it."""
    energy = message.HasField("energy_watt_hours")
    return Leg(
        leg_id=message.leg_id,
        vehicle=vehicle_from_tracking(message.vehicle),
        start=moment_from_proto(message.start_time),
        end=moment_from_proto(message.end_time),
        distance_meters=message.distance_meters,
        route_id=message.route_id,
        stop_id=message.to_stop_id,
        carrier_id=message.carrier_id,
        energy_watt_hours=message.energy_watt_hours if energy else None,
        loads=tuple(map(_load, message.shares)),
        empty=message.empty,
    )


def _load(share: pb.LegShare) -> Load:
    meters = share.great_circle_distance_meters
    items = share.item_count
    return Load(share.delivery_id, share.task_id, share.mass_grams, meters, items, bool(meters))


def idling_from_tracking(event_id: str, message: pb.IdlingEnded) -> IdlingFact:
    """
    An engine that ran while its vehicle stood, told by the change of that id.

    A machine aboard that needs the engine excuses it where a rule says so; whether anything else
    does is not told. Without attributes of the vehicle everything about it is unknown.
    """
    named = replace(vehicle_from_tracking(message.vehicle), vehicle_id=message.vehicle_id)
    excuses = [Excuse.LOADING_DEVICE] if message.auxiliary_needed else []
    return IdlingFact(
        event_id,
        named,
        point_from_proto(message.location),
        moment_from_proto(message.start_time),
        span_from_proto(message.idling_duration),
        message.route_id,
        message.carrier_id,
        frozenset(excuses),
        frozenset(Excuse) - {Excuse.LOADING_DEVICE},
    )


def outcome_from_tracking(message: pb.TaskOutcomeRecorded) -> Outcome:
    """How an attempt ended."""
    return Outcome(
        task_id=message.task_id,
        delivery_id=message.delivery_id,
        route_id=message.route_id,
        stop_id=message.stop_id,
        vehicle_id=message.vehicle_id,
        carrier_id=message.carrier_id,
        succeeded=message.outcome == tracking_event_pb2.TASK_OUTCOME_SUCCEEDED,
        mass_grams=message.mass_grams,
        at=moment_from_proto(message.outcome_time),
    )


def vehicle_from_tracking(message: vehicle_pb2.VehicleAttributes) -> Vehicle:
    """A vehicle as a published route named it."""
    articulated = message.kind == vehicle_pb2.VEHICLE_KIND_ARTICULATED
    euro = EURO.search(message.emission_class.upper())
    return Vehicle(
        vehicle_id=message.vehicle_id,
        category=_category(message),
        fuel=FUELS.get(message.fuel),
        euro_class=int(euro[1]) if euro else None,
        max_mass_grams=message.gross_mass_grams or None,
        unladen_mass_grams=message.unladen_mass_grams or None,
        body=Body.TRACTOR if articulated else None,
        payload_grams=message.payload_grams or None,
        watt_hours_per_kilometer=message.watt_hours_per_kilometer or None,
        registration_country=message.registration_country_code or None,
        milliliters_per_hundred_kilometers=message.milliliters_per_hundred_kilometers or None,
        renewable_diesel=message.fuel == vehicle_pb2.FUEL_RENEWABLE_DIESEL,
    )


def _category(message: vehicle_pb2.VehicleAttributes) -> Category | None:
    """As the papers say; else by the kind, which a truck's mass refines."""
    paper = message.vehicle_category
    stated = Category.__members__.get("L" if paper.startswith("L") else paper)  # L1e to L7e
    if stated is not None:
        return stated
    if message.kind == vehicle_pb2.VEHICLE_KIND_TRUCK:
        return Category.N2 if message.gross_mass_grams <= N2_GRAMS_MAX else Category.N3
    return CATEGORIES.get(message.kind)
