"""
A planning problem of the domain as the planner's contract has it. Pure.

Nobody's name, telephone number, address text or instructions cross this border: a task is its id, a
position, windows and goods; a shift is its id, a vehicle, an interval and skills.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type import interval_pb2, latlng_pb2

from doorstep.planner.v1 import (
    duty_pb2,
    energy_pb2,
    load_pb2,
    problem_pb2,
    shift_pb2,
    task_pb2,
    vehicle_pb2,
)
from services.dispatch.domain.fleet import (
    FuelType,
    RateCard,
    ShiftBreak,
    TravelProfile,
    VehicleAttributes,
)
from services.dispatch.domain.outlook import NOTHING_FORESEEN, Outlook, Outlooks
from services.dispatch.domain.planning import (
    PlanShift,
    PlanTask,
    Problem,
    Sequences,
    UnderWay,
)
from services.dispatch.domain.task import TaskType
from services.dispatch.domain.values import Point, Window
from services.dispatch.domain.vehicle_papers import category, euro_class, permits, stickers

TASK_TYPES = {
    TaskType.PICKUP: task_pb2.TASK_TYPE_PICKUP,
    TaskType.DELIVERY: task_pb2.TASK_TYPE_DELIVERY,
    TaskType.PUDO_DROP: task_pb2.TASK_TYPE_DELIVERY,
    TaskType.RETURN: task_pb2.TASK_TYPE_PICKUP,
    TaskType.PRE_CALL: task_pb2.TASK_TYPE_SERVICE,
}
PROFILES = {
    TravelProfile.VAN: vehicle_pb2.TRAVEL_PROFILE_VAN,
    TravelProfile.CAR: vehicle_pb2.TRAVEL_PROFILE_VAN,
    TravelProfile.MOPED: vehicle_pb2.TRAVEL_PROFILE_VAN,
    TravelProfile.TRUCK: vehicle_pb2.TRAVEL_PROFILE_TRUCK,
    TravelProfile.CARGO_BIKE: vehicle_pb2.TRAVEL_PROFILE_CARGO_BIKE,
    TravelProfile.FOOT: vehicle_pb2.TRAVEL_PROFILE_FOOT,
}
FUELS = {
    FuelType.DIESEL: vehicle_pb2.FUEL_TYPE_DIESEL,
    FuelType.HVO: vehicle_pb2.FUEL_TYPE_DIESEL,
    FuelType.PETROL: vehicle_pb2.FUEL_TYPE_PETROL,
    FuelType.ELECTRIC: vehicle_pb2.FUEL_TYPE_ELECTRIC,
    FuelType.HYDROGEN: vehicle_pb2.FUEL_TYPE_HYDROGEN,
    FuelType.LPG: vehicle_pb2.FUEL_TYPE_LPG,
    FuelType.CNG: vehicle_pb2.FUEL_TYPE_CNG,
    FuelType.HYBRID: vehicle_pb2.FUEL_TYPE_HYBRID_PETROL,
    FuelType.HYBRID_DIESEL: vehicle_pb2.FUEL_TYPE_HYBRID_DIESEL,
    FuelType.PLUG_IN_HYBRID: vehicle_pb2.FUEL_TYPE_PLUG_IN_PETROL,
    FuelType.PLUG_IN_HYBRID_DIESEL: vehicle_pb2.FUEL_TYPE_PLUG_IN_DIESEL,
    FuelType.HUMAN: vehicle_pb2.FUEL_TYPE_MUSCLE,
}
DRIVING_LIMIT = "shift.driving"
MILLILITERS_A_LITER, KILOMETERS_OF_CONSUMPTION = 1_000, 100


def problem_to_planner(
    problem: Problem, outlooks: Outlooks = NOTHING_FORESEEN
) -> problem_pb2.Problem:
    """The whole problem, with what its vehicles are foreseen to take and emit."""
    shifts = [_shift(shift, outlooks.get(shift.vehicle)) for shift in problem.shifts]
    return problem_pb2.Problem(tasks=map(_task, problem.tasks), shifts=shifts)


def fixed_routes(sequences: Sequences) -> Iterable[problem_pb2.FixedRoute]:
    """Given sequences; a shift without tasks has no route."""
    for shift_id, task_ids in sequences.items():
        if task_ids:
            visits = [problem_pb2.FixedVisit(task_id=task_id) for task_id in task_ids]
            yield problem_pb2.FixedRoute(shift_id=shift_id, visits=visits)


def _task(task: PlanTask) -> task_pb2.Task:
    known = task.stop_task
    made = task_pb2.Task(
        task_id=known.task_id,
        type=TASK_TYPES[known.type],
        location=_point(task.location),
        windows=[task_pb2.TimeWindow(interval=_window(window)) for window in known.windows],
        load=load_pb2.Load(
            mass_grams=known.mass_grams,
            volume_cubic_centimeters=known.volume_cubic_centimeters,
            item_count=task.parcel_count,
        ),
        skills=task_pb2.SkillRequirement(
            all_of=known.required_skills, one_of=task.any_skills, none_of=task.excluded_skills
        ),
        priority=known.priority,
        excluded_shift_ids=task.excluded_shift_ids,
        allowed_shift_ids=task.allowed_shift_ids,
        pickup_task_id=task.pickup_task_id,
        place_id=task.place_id,
    )
    made.service_duration.FromTimedelta(known.service_duration)
    return made


def _shift(shift: PlanShift, outlook: Outlook | None) -> shift_pb2.Shift:
    made = shift_pb2.Shift(
        shift_id=shift.shift_id,
        vehicle=_vehicle(shift, outlook),
        interval=_window(shift.interval),
        start_location=_point(shift.start_location),
        start_place_id=shift.start_place_id,
        end_location=_point(shift.end_location),
        end_place_id=shift.end_place_id,
        skills=[shift_pb2.ShiftSkill(skill=skill) for skill in sorted(shift.skills)],
        breaks=[_break(rank, pause) for rank, pause in enumerate(shift.breaks)],
        costs=_costs(shift, shift.rate_card) if shift.rate_card else None,
        duty_limits=_limits(shift),
        start_state=_state(shift.under_way) if shift.under_way else None,
    )
    if not shift.under_way:
        made.loading_duration.FromTimedelta(shift.loading_duration)
    return made


def _vehicle(shift: PlanShift, outlook: Outlook | None) -> vehicle_pb2.Vehicle:
    known = shift.vehicle
    is_e_van = known.profile is TravelProfile.VAN and known.fuel_type is FuelType.ELECTRIC
    return vehicle_pb2.Vehicle(
        vehicle_id=shift.vehicle_id,
        profile=vehicle_pb2.TRAVEL_PROFILE_E_VAN if is_e_van else PROFILES[known.profile],
        capacity=load_pb2.Load(
            mass_grams=known.capacity_mass_grams,
            volume_cubic_centimeters=known.capacity_volume_cubic_centimeters,
            item_count=known.capacity_parcel_count,
        ),
        access=_access(known),
        battery=_battery(shift),
        energy=_energy(known, outlook),
        emission_factors=_emission_factors(outlook) if outlook else None,
    )


def _energy(known: VehicleAttributes, outlook: Outlook | None) -> energy_pb2.EnergyModel:
    """Foreseen, else as the vehicle states it."""
    if outlook is None:
        stated = known.consumption_watt_hours_per_kilometer
        return energy_pb2.EnergyModel(kilometer_watt_hours=stated)
    return energy_pb2.EnergyModel(
        kilometer_watt_hours=outlook.kilometer_watt_hours,
        hour_watt_hours=outlook.hour_watt_hours,
        stop_watt_hours=outlook.stop_watt_hours,
    )


def _emission_factors(outlook: Outlook) -> vehicle_pb2.EmissionFactors:
    return vehicle_pb2.EmissionFactors(
        kilometer_co2e_milligrams=outlook.kilometer_milligrams,
        hour_co2e_milligrams=outlook.hour_milligrams,
        stop_co2e_milligrams=outlook.stop_milligrams,
        factor_set_version=outlook.factor_set_id,
    )


def _access(known: VehicleAttributes) -> vehicle_pb2.AccessAttributes:
    made = vehicle_pb2.AccessAttributes(
        category=vehicle_pb2.VehicleCategory.Value(f"VEHICLE_CATEGORY_{category(known)}"),
        fuel_type=FUELS[known.fuel_type],
        euro_class=euro_class(known),
        max_mass_grams=known.gross_mass_grams,
        unladen_mass_grams=known.curb_mass_grams,
        held_permit_schemes=permits(known),
        permits_complete=True,
        registration_country_code=known.registration_country,
        height_centimeters=_centimeters(known.height_millimeters),
        width_centimeters=_centimeters(known.width_millimeters),
        length_centimeters=_centimeters(known.length_millimeters),
        stickers=[
            vehicle_pb2.EmissionSticker(scheme=scheme, grade=grade)
            for scheme, grade in stickers(known)
        ],
    )
    if (first := known.first_registration_date) is not None:
        date = made.first_registration_date
        date.year, date.month, date.day = first.year, first.month, first.day
    return made


def _battery(shift: PlanShift) -> energy_pb2.Battery | None:
    capacity = shift.vehicle.battery_watt_hours
    if not capacity:
        return None
    at_start = min(shift.start_charge_watt_hours, capacity) or None
    return energy_pb2.Battery(capacity_watt_hours=capacity, start_watt_hours=at_start)


def _costs(shift: PlanShift, card: RateCard) -> shift_pb2.ShiftCosts:
    """What a shift costs. The planner knows no fuel: it is part of each kilometer."""
    made = shift_pb2.ShiftCosts(
        fixed_cost_micros=card.fixed_cost_micros,
        kilometer_cost_micros=card.kilometer_cost_micros + _fuel_micros(card, shift.vehicle),
        kilowatt_hour_cost_micros=card.kilowatt_hour_cost_micros,
    )
    if shift.paid_duration:
        made.overtime_hour_cost_micros = card.hour_cost_micros
        made.overtime_after_duration.FromTimedelta(shift.paid_duration)
    else:
        made.hour_cost_micros = card.hour_cost_micros
    return made


def _fuel_micros(card: RateCard, vehicle: VehicleAttributes) -> int:
    """What a kilometer burns."""
    burnt = vehicle.consumption_milliliters_per_hundred_kilometers * card.liter_cost_micros
    return round(burnt / MILLILITERS_A_LITER / KILOMETERS_OF_CONSUMPTION)


def _limits(shift: PlanShift) -> duty_pb2.DutyLimits | None:
    if not shift.driving_duration_max:
        return None
    limit = duty_pb2.DutyLimit(limit_id=DRIVING_LIMIT, clock=duty_pb2.DUTY_CLOCK_DRIVING)
    limit.limit_duration.FromTimedelta(shift.driving_duration_max)
    return duty_pb2.DutyLimits(limits=[limit])


def _state(state: UnderWay) -> shift_pb2.StartState:
    return shift_pb2.StartState(
        state_time=_moment(state.state_time),
        location=_point(state.location),
        onboard_task_ids=state.onboard_task_ids,
        taken_break_ids=map(break_id, state.taken_breaks),
        route_start_time=_moment(state.route_start_time),
    )


def _break(rank: int, pause: ShiftBreak) -> shift_pb2.BreakRule:
    made = shift_pb2.BreakRule(break_id=break_id(rank), start_window=_window(pause.start_window))
    made.break_duration.FromTimedelta(pause.break_duration)
    return made


def break_id(rank: int) -> str:
    """A break's name at the planner: its rank in the shift."""
    return f"break-{rank}"


def _moment(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made


def _point(point: Point) -> latlng_pb2.LatLng:
    return latlng_pb2.LatLng(latitude=point.latitude, longitude=point.longitude)


def _window(window: Window) -> interval_pb2.Interval:
    return interval_pb2.Interval(start_time=window.start_time, end_time=window.end_time)


def _centimeters(millimeters: int) -> int:
    return -(-millimeters // 10)  # up: a vehicle is not smaller than it is
