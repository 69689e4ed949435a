"""Shifts and vehicles: wire to domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from doorstep.planner.v1 import duty_pb2, energy_pb2, shift_pb2, territory_pb2, vehicle_pb2
from services.planner.convert.faults import Faults
from services.planner.convert.moments import down, first_second, last_second, up
from services.planner.convert.places import SOMEWHERE, amounts, point
from services.planner.convert.tasks import profile_of, seconds_or_none
from services.planner.domain.emissions import EmissionFactors
from services.planner.domain.energy import Battery, EnergyModel
from services.planner.domain.shift import (
    AccessAttributes,
    BreakRule,
    Costs,
    DutyClock,
    DutyLimit,
    Reload,
    Shift,
    ShiftSkill,
    ShiftTerritory,
    StartState,
    Unloading,
    Vehicle,
)
from services.planner.domain.task import Window
from services.planner.domain.travel import Profile

CATEGORY_PREFIX, FUEL_PREFIX = "VEHICLE_CATEGORY_", "FUEL_TYPE_"
CLOCK_PREFIX, UNLOADING_PREFIX = "DUTY_CLOCK_", "UNLOADING_POLICY_"
SHIFT_SECONDS_MAX = 24 * 3_600
NO_VEHICLE = Vehicle("", Profile.VAN)
STAND_INS: dict[str, Any] = {"vehicle": NO_VEHICLE, "start_point": SOMEWHERE, "breaks": ()}
STRICT = {
    territory_pb2.TERRITORY_ENFORCEMENT_UNSPECIFIED,
    territory_pb2.TERRITORY_ENFORCEMENT_STRICT,
}


def shift(
    message: shift_pb2.Shift, names: Sequence[str], path: str, faults: Faults
) -> Shift | None:
    """A shift; what cannot be read of it is noted, and stands in for itself; None: nothing can."""
    parts: dict[str, Any] = {
        "vehicle": faults.readable(vehicle, message.vehicle, names, f"{path}.vehicle", faults),
        "start_point": faults.take(f"{path}.start_location", point, message.start_location),
        "breaks": faults.each(f"{path}.breaks", break_rule, message.breaks),
        "reloads": tuple(
            faults.take(f"{path}.reloads[{rank}]", reload, own) or named_reload(own)
            for rank, own in enumerate(message.reloads)
        ),
    }
    if message.HasField("end_location") and not message.open_end:
        parts["end_point"] = faults.take(f"{path}.end_location", point, message.end_location)
    if message.HasField("start_state"):
        parts["start_state"] = faults.take(
            f"{path}.start_state", start_state, message.start_state, names
        )
    if not (message.interval.HasField("start_time") and message.interval.HasField("end_time")):
        faults.add(f"{path}.interval", "a shift has a start and an end")
        return None
    if not message.open_end:
        parts.setdefault("end_point", parts["start_point"])
    if None not in parts.values():
        return faults.take(path, made, message, parts)
    known = {name: part for name, part in parts.items() if part is not None}
    found = faults.take(path, made, message, STAND_INS | known)
    return found and replace(found, start_place_id="", end_place_id="")


def named_shift(message: shift_pb2.Shift) -> Shift:
    """The names of a shift and its reloads, where no more can be read, for what else names them."""
    reloads = tuple(map(named_reload, message.reloads))
    return Shift(message.shift_id, NO_VEHICLE, 0, 1, SOMEWHERE, reloads=reloads)


def named_reload(message: shift_pb2.Reload) -> Reload:
    """The name of a reload of which no more can be read."""
    return Reload(message.reload_id, SOMEWHERE)


def made(message: shift_pb2.Shift, parts: dict[str, Any]) -> Shift:
    """A shift of whole parts; raises ValueError where they contradict one another."""
    start_second, end_second = up(message.interval.start_time), down(message.interval.end_time)
    if end_second - start_second > SHIFT_SECONDS_MAX:
        raise ValueError("a shift lasts at most 24 hours")
    duty = message.duty_limits
    same_end = not message.HasField("end_location")
    return Shift(
        shift_id=message.shift_id,
        start_second=start_second,
        end_second=end_second,
        start_place_id=message.start_place_id,
        end_place_id=message.start_place_id if same_end else message.end_place_id,
        skills=tuple(map(skill, message.skills)),
        duty_limits=tuple(map(duty_limit, duty.limits)),
        duty_rule_set=duty.rule_set,
        earliest_start_second=(
            up(duty.earliest_start_time) if duty.HasField("earliest_start_time") else None
        ),
        costs=costs(message.costs),
        territories=tuple(map(territory, message.territories)),
        stop_limit=message.stop_limit,
        distance_limit_meters=message.distance_limit_meters,
        loading_seconds=up(message.loading_duration),
        unloading_seconds=up(message.unloading_duration),
        unloading=unloading(message.unloading_policy),
        reload_limit=message.reload_limit,
        **parts,
    )


def skill(message: shift_pb2.ShiftSkill) -> ShiftSkill:
    """A skill; it is held in the seconds that end by its expiry."""
    expires = message.HasField("expire_time")
    return ShiftSkill(message.skill, down(message.expire_time) if expires else None)


def break_rule(message: shift_pb2.BreakRule) -> BreakRule:
    """A break; raises ValueError without both ends of its window."""
    window = message.start_window
    if not (window.HasField("start_time") and window.HasField("end_time")):
        raise ValueError("a break's window has a start and an end")
    return BreakRule(
        message.break_id, first_second(window), last_second(window), up(message.break_duration)
    )


def duty_limit(message: duty_pb2.DutyLimit) -> DutyLimit:
    """A limit; it rounds down, what is used rounds up."""
    return DutyLimit(
        limit_id=message.limit_id,
        clock=DutyClock[duty_pb2.DutyClock.Name(message.clock).removeprefix(CLOCK_PREFIX)],
        limit_seconds=down(message.limit_duration),
        used_seconds=up(message.used_duration),
        reset_seconds=seconds_or_none(message, "reset_duration"),
        split_reset_seconds=tuple(map(up, message.split_reset_durations)),
        split_taken_count=message.split_taken_count,
    )


def costs(message: shift_pb2.ShiftCosts) -> Costs:
    """What a shift costs."""
    return Costs(
        fixed_micros=message.fixed_cost_micros,
        hour_micros=message.hour_cost_micros,
        kilometer_micros=message.kilometer_cost_micros,
        overtime_hour_micros=message.overtime_hour_cost_micros,
        overtime_after_seconds=seconds_or_none(message, "overtime_after_duration"),
        stop_micros=message.stop_cost_micros,
        kilowatt_hour_micros=message.kilowatt_hour_cost_micros,
    )


def territory(message: territory_pb2.ShiftTerritory) -> ShiftTerritory:
    """How a shift is bound to a territory."""
    is_strict = message.enforcement in STRICT
    return ShiftTerritory(message.territory_id, is_strict, message.outside_cost_micros)


def unloading(number: Any) -> Unloading:
    """An unloading policy; unset means any order."""
    name = shift_pb2.UnloadingPolicy.Name(number).removeprefix(UNLOADING_PREFIX)
    return Unloading.ANY if name == "UNSPECIFIED" else Unloading[name]


def reload(message: shift_pb2.Reload) -> Reload:
    """Where a route can reload; raises ValueError for a position that is none."""
    return Reload(
        reload_id=message.reload_id,
        point=point(message.location),
        place_id=message.place_id,
        windows=tuple(Window(first_second(own), last_second(own)) for own in message.windows),
        service_seconds=up(message.loading_duration),
    )


def start_state(message: shift_pb2.StartState, names: Sequence[str]) -> StartState:
    """Where a shift under way stands; raises ValueError for a position that is none."""
    charge = message.charge_watt_hours if message.HasField("charge_watt_hours") else None
    began = message.HasField("route_start_time")
    return StartState(
        second=up(message.state_time),
        point=point(message.location),
        onboard_task_ids=frozenset(message.onboard_task_ids),
        taken_break_ids=frozenset(message.taken_break_ids),
        charge_watt_hours=charge,
        route_start_second=down(message.route_start_time) if began else None,
        onboard_load=amounts(message.onboard_load, names),
    )


def vehicle(
    message: vehicle_pb2.Vehicle, names: Sequence[str], path: str, faults: Faults
) -> Vehicle | None:
    """A vehicle; None, and its faults noted, when it cannot be one."""
    capacity = faults.take(f"{path}.capacity", amounts, message.capacity, names)
    access = faults.take(f"{path}.access", access_attributes, message.access)
    power = None
    if message.HasField("battery"):
        power = faults.take(f"{path}.battery", battery, message.battery)
        if power is None:
            return None
    if capacity is None or access is None:
        return None
    has_factors = message.HasField("emission_factors")
    return Vehicle(
        vehicle_id=message.vehicle_id,
        profile=profile_of(message.profile),
        capacity=capacity,
        access=access,
        battery=power,
        energy=energy(message.energy),
        travel_percent=message.travel_percent or 100,
        emissions=emissions(message.emission_factors) if has_factors else None,
    )


def emissions(message: vehicle_pb2.EmissionFactors) -> EmissionFactors:
    """What a vehicle emits."""
    return EmissionFactors(
        factor_set_version=message.factor_set_version,
        kilometer_milligrams=message.kilometer_co2e_milligrams,
        hour_milligrams=message.hour_co2e_milligrams,
        stop_milligrams=message.stop_co2e_milligrams,
    )


def battery(message: energy_pb2.Battery) -> Battery:
    """A battery; raises ValueError where its charge lies outside it."""
    is_stated = message.HasField("start_watt_hours")
    return Battery(
        capacity_watt_hours=message.capacity_watt_hours,
        start_watt_hours=message.start_watt_hours if is_stated else message.capacity_watt_hours,
        reserve_watt_hours=message.reserve_watt_hours,
        end_watt_hours=message.end_watt_hours,
    )


def energy(message: energy_pb2.EnergyModel) -> EnergyModel:
    """How much energy driving takes."""
    return EnergyModel(
        message.kilometer_watt_hours,
        message.tonne_kilometer_watt_hours,
        message.hour_watt_hours,
        message.stop_watt_hours,
    )


def access_attributes(message: vehicle_pb2.AccessAttributes) -> AccessAttributes:
    """What access rules look at; raises ValueError for a date that does not exist."""
    registered = message.first_registration_date
    has_date = message.HasField("first_registration_date")
    return AccessAttributes(
        category=word(vehicle_pb2.VehicleCategory.Name(message.category), CATEGORY_PREFIX),
        fuel_type=word(vehicle_pb2.FuelType.Name(message.fuel_type), FUEL_PREFIX),
        euro_class=message.euro_class if message.HasField("euro_class") else None,
        max_mass_grams=message.max_mass_grams,
        unladen_mass_grams=message.unladen_mass_grams,
        first_registration=(
            date(registered.year, registered.month, registered.day) if has_date else None
        ),
        held_permit_schemes=tuple(message.held_permit_schemes),
        permits_complete=message.permits_complete,
        stickers=tuple((own.scheme, own.grade) for own in message.stickers),
        registration_country_code=message.registration_country_code,
        height_centimeters=message.height_centimeters,
        width_centimeters=message.width_centimeters,
        length_centimeters=message.length_centimeters,
        auto_pay=message.auto_pay if message.HasField("auto_pay") else None,
    )


def word(name: str, prefix: str) -> str:
    """An enum value without its prefix; empty when it is unspecified."""
    short = name.removeprefix(prefix)
    return "" if short == "UNSPECIFIED" else short
