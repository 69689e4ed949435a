"""What dispatch and compliance tell, from their wire into our words."""

from __future__ import annotations

from typing import Any

from doorstep.compliance.v1 import decision_pb2, emission_pb2
from doorstep.compliance.v1 import event_pb2 as compliance_pb
from doorstep.dispatch.v1 import (
    delivery_pb2,
    event_pb2,
    place_pb2,
    route_pb2,
    task_pb2,
    vehicle_pb2,
)
from services.tracking.convert.wire import (
    amount,
    moment,
    point,
    point_or_none,
    span,
    window,
    window_or_none,
    word,
)
from services.tracking.domain.geo import Point
from services.tracking.domain.heard import (
    AttemptPlanned,
    CarbonShare,
    DecisionHeard,
    DeliveryCancelled,
    DeliveryKnown,
    Digest,
    EmissionRecorded,
    Parcel,
    Requirement,
)
from services.tracking.domain.route import Leg, Pause, RateCard, Route, Stop, Task, Vehicle
from services.tracking.domain.words import Fuel, PlanCause, ProofKind, TaskKind, VehicleKind
from services.tracking.outbound_ports import SealedContact

KINDS = {
    vehicle_pb2.TRAVEL_PROFILE_UNSPECIFIED: VehicleKind.UNSPECIFIED,
    vehicle_pb2.TRAVEL_PROFILE_VAN: VehicleKind.VAN,
    vehicle_pb2.TRAVEL_PROFILE_TRUCK: VehicleKind.TRUCK,
    vehicle_pb2.TRAVEL_PROFILE_CAR: VehicleKind.CAR,
    vehicle_pb2.TRAVEL_PROFILE_CARGO_BIKE: VehicleKind.CARGO_BIKE,
    vehicle_pb2.TRAVEL_PROFILE_MOPED: VehicleKind.MOTORCYCLE,
    vehicle_pb2.TRAVEL_PROFILE_FOOT: VehicleKind.FOOT,
}
FUELS = {
    vehicle_pb2.FUEL_TYPE_UNSPECIFIED: Fuel.UNSPECIFIED,
    vehicle_pb2.FUEL_TYPE_DIESEL: Fuel.DIESEL,
    vehicle_pb2.FUEL_TYPE_PETROL: Fuel.PETROL,
    vehicle_pb2.FUEL_TYPE_ELECTRIC: Fuel.ELECTRIC,
    vehicle_pb2.FUEL_TYPE_PLUG_IN_HYBRID: Fuel.PLUG_IN_HYBRID,
    vehicle_pb2.FUEL_TYPE_HYBRID: Fuel.HYBRID,
    vehicle_pb2.FUEL_TYPE_CNG: Fuel.NATURAL_GAS,
    vehicle_pb2.FUEL_TYPE_LPG: Fuel.PETROLEUM_GAS,
    vehicle_pb2.FUEL_TYPE_HYDROGEN: Fuel.HYDROGEN,
    vehicle_pb2.FUEL_TYPE_HUMAN: Fuel.NONE,
    vehicle_pb2.FUEL_TYPE_HVO: Fuel.RENEWABLE_DIESEL,
    vehicle_pb2.FUEL_TYPE_HYBRID_DIESEL: Fuel.HYBRID_DIESEL,
    vehicle_pb2.FUEL_TYPE_PLUG_IN_HYBRID_DIESEL: Fuel.PLUG_IN_HYBRID_DIESEL,
}
PROOFS = {
    delivery_pb2.VERIFICATION_KIND_PHOTO: ProofKind.PHOTO,
    delivery_pb2.VERIFICATION_KIND_SIGNATURE: ProofKind.SIGNATURE,
    delivery_pb2.VERIFICATION_KIND_BARCODE: ProofKind.BARCODE,
    delivery_pb2.VERIFICATION_KIND_PIN: ProofKind.PIN,
    delivery_pb2.VERIFICATION_KIND_IDENTITY: ProofKind.IDENTITY,
    delivery_pb2.VERIFICATION_KIND_AGE: ProofKind.AGE,
    delivery_pb2.VERIFICATION_KIND_NAME: ProofKind.NAME,
}
ONE_BUILDING = "BUILDING_KIND_"
ONE_LEVEL = "SERVICE_LEVEL_"
ONE_VERDICT = "VERDICT_"


def route(message: route_pb2.Route) -> Route:
    """A route as it binds. Raises ValueError for one that no vehicle could drive."""
    return Route(
        route_id=message.route_id,
        revision=message.revision,
        start_time=moment(message.start_time),
        end_time=moment(message.end_time),
        stops=tuple(_stop(stop) for stop in message.stops),
        legs=_legs(message),
        vehicle=_vehicle(message.vehicle, message.vehicle_id),
        rates=_rates(message) if message.HasField("rate_card") else None,
        plan_id=message.route_plan_id,
        shift_id=message.shift_id,
        driver_id=message.driver_id,
        carrier_id=message.carrier_id,
        tender_id=message.tender_id,
        depot_id=message.start_place_id,
        start=point_or_none(message, "start_location"),
        end=point_or_none(message, "end_location"),
        pauses=tuple(_pause(one) for one in message.breaks),
        access_charge_micros=message.access_charge_micros,
        acknowledged_revision=message.acknowledged_revision,
        cause=word(route_pb2.RevisionCause, message.cause, PlanCause),
        decision_ids=tuple(message.decision_ids),
    )


def _legs(message: route_pb2.Route) -> tuple[Leg, ...]:
    """A carrier's route may come without legs, or without the last one."""
    legs = tuple(_leg(leg) for leg in message.legs)
    return legs if len(legs) == len(message.stops) + 1 else ()


def _stop(message: route_pb2.Stop) -> Stop:
    return Stop(
        stop_id=message.stop_id,
        location=point(message.location),
        tasks=tuple(_task(task) for task in message.tasks),
        arrival=moment(message.arrival_time),
        service_start=moment(message.service_start_time),
        departure=moment(message.departure_time),
        service_seconds=round(span(message.service_duration).total_seconds()),
        place_id=message.place_id,
    )


def _task(message: route_pb2.StopTask) -> Task:
    return Task(
        task_id=message.task_id,
        delivery_id=message.delivery_id,
        kind=word(task_pb2.TaskType, message.type, TaskKind),
        attempt_number=message.attempt_number or 1,
        mass_grams=message.mass_grams,
        promise=window_or_none(message, "promise_window"),
        windows=tuple(window(one) for one in message.windows),
        parcel_ids=tuple(message.parcel_ids),
        priority=message.priority,
    )


def _leg(message: route_pb2.Leg) -> Leg:
    return Leg(
        meters=message.distance_meters,
        seconds=round(span(message.travel_duration).total_seconds()),
        polyline=message.polyline,
        watt_hours=message.energy_watt_hours,
    )


def _pause(message: route_pb2.RouteBreak) -> Pause:
    seconds = round(span(message.break_duration).total_seconds())
    return Pause(message.before_rank, moment(message.start_time), seconds)


def _vehicle(message: vehicle_pb2.VehicleAttributes, vehicle_id: str) -> Vehicle:
    return Vehicle(
        vehicle_id=vehicle_id,
        kind=KINDS.get(message.profile, VehicleKind.VAN),
        fuel=FUELS.get(message.fuel_type, Fuel.DIESEL),
        emission_class=message.emission_class,
        category=message.vehicle_category,
        country=message.registration_country,
        unladen_grams=message.curb_mass_grams,
        gross_grams=message.gross_mass_grams,
        payload_grams=message.capacity_mass_grams,
        watt_hours_per_kilometer=message.consumption_watt_hours_per_kilometer,
        milliliters_per_hundred_kilometers=message.consumption_milliliters_per_hundred_kilometers,
        battery_watt_hours=message.battery_watt_hours,
    )


def _rates(message: route_pb2.Route) -> RateCard:
    card = message.rate_card
    return RateCard(
        currency_code=card.currency_code,
        fixed_micros=card.fixed_cost_micros,
        hour_micros=card.hour_cost_micros,
        kilometer_micros=card.kilometer_cost_micros,
        kilowatt_hour_micros=card.kilowatt_hour_cost_micros,
        liter_micros=card.liter_cost_micros,
        failed_attempt_micros=card.failed_attempt_cost_micros,
    )


def digest(message: event_pb2.DeliveryDigest) -> Digest:
    """A delivery as dispatch tells of it."""
    return Digest(
        delivery_id=message.delivery_id,
        task_id=message.task_id,
        attempt_number=message.attempt_number or 1,
        promise=window_or_none(message, "promise_window"),
        location=_kerb(message),
        origin_place_id=message.origin_place_id,
        parcels=tuple(
            Parcel(parcel.parcel_id, parcel.barcode, parcel.mass_grams)
            for parcel in message.parcels
        ),
        requirements=tuple(_requirement(one) for one in message.verification_requirements),
        priority=message.priority,
        service_level=_level(message.service_level),
        territory_id=message.territory_id,
        task_kind=word(task_pb2.TaskType, message.task_type, TaskKind),
        due=amount(message.amount_to_collect.amount) if _asks(message) else None,
        floor=_floor(message),
        lift=message.lift_available,
        building=_building(message.building_kind),
        segment=message.segment,
        region=message.region,
        order_reference=message.order_reference,
    )


def _asks(message: event_pb2.DeliveryDigest) -> bool:
    return message.HasField("amount_to_collect") and message.amount_to_collect.HasField("amount")


def _floor(message: event_pb2.DeliveryDigest) -> int | None:
    """A door of which nothing is told is at no floor, not at the ground floor."""
    told = message.floor or message.lift_available or message.building_kind
    return message.floor if told else None


def _building(value: int) -> str:
    """Empty for not known, and for a kind that this release does not know."""
    known = place_pb2.BuildingKind.DESCRIPTOR.values_by_number
    return str(known[value].name.removeprefix(ONE_BUILDING)) if value and value in known else ""


def _level(value: int) -> str:
    known = delivery_pb2.ServiceLevel.DESCRIPTOR.values_by_number
    name = known[value].name if value in known else known[0].name
    return str(name.removeprefix(ONE_LEVEL))


def _kerb(message: event_pb2.DeliveryDigest) -> Point | None:
    return point_or_none(message, "location")


def _requirement(message: delivery_pb2.VerificationRequirement) -> Requirement:
    """A kind that this release does not know is a demand that nothing meets."""
    kind = PROOFS.get(message.kind, ProofKind.UNSPECIFIED)
    return Requirement(kind, message.minimum_age_years, message.pin_sha256.hex())


def known(change: event_pb2.Change, message: Any, **happened: bool) -> DeliveryKnown:
    """A delivery that was created or changed."""
    at = moment(change.event_time)
    return DeliveryKnown(digest(message.delivery), at, new=happened.pop("new", False), **happened)


def contact(message: event_pb2.DeliveryDigest) -> SealedContact:
    """How its recipient is reached, still under dispatch's seal."""
    return SealedContact(
        message.delivery_id,
        message.sealed_contact,
        message.language_code,
        message.origin_place_id,
    )


def attempt(change: event_pb2.Change) -> AttemptPlanned:
    """A task that came to be."""
    task = change.task_created.task
    return AttemptPlanned(
        delivery_id=task.delivery_id,
        task_id=task.task_id,
        attempt_number=task.attempt_number or 1,
        kind=word(task_pb2.TaskType, task.type, TaskKind),
        at=moment(change.event_time),
    )


def cancelled(change: event_pb2.Change) -> DeliveryCancelled:
    """A delivery that was called off."""
    message = change.delivery_cancelled
    returning = message.state == delivery_pb2.DELIVERY_STATE_RETURNING
    at = moment(change.event_time)
    return DeliveryCancelled(message.delivery_id, message.task_id, at, returning)


def emission(record: emission_pb2.EmissionRecord) -> EmissionRecorded:
    """What a leg or a hub emitted, at the moment when the leg or the hub's period ended."""
    basis = record.basis
    subject = record.hub_operation if record.HasField("hub_operation") else record.leg
    return EmissionRecorded(
        record_id=record.emission_record_id,
        leg_id=record.leg.leg_id,
        route_id=record.leg.route_id,
        at=moment(subject.interval.end_time),
        milligrams=record.co2e.wtw_milligrams,
        factor_set_id=basis.factor_set_id,
        country_mismatch=basis.country_mismatch,
        default_quality=basis.data_quality == emission_pb2.DATA_QUALITY_DEFAULT,
        replaced_record_id=record.replaced_record_id,
        other_factor_set_ids=tuple(basis.factor_set_ids[1:]),
        shares=tuple(
            CarbonShare(share.delivery_id, share.task_id, share.co2e.wtw_milligrams)
            for share in record.shares
        ),
    )


def decision(change: compliance_pb.Change) -> DecisionHeard:
    """What compliance decided on a route."""
    told = change.decision_stored
    known = decision_pb2.Verdict.DESCRIPTOR.values_by_number
    name = known[told.verdict].name if told.verdict in known else known[0].name
    verdict = str(name.removeprefix(ONE_VERDICT))
    return DecisionHeard(told.decision_id, told.route_id, verdict, moment(change.event_time))
