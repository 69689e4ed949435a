"""What a carbon case says was driven and used, and what the engine makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meshkit.errors import NotReady
from services.compliance.domain.footprint import (
    NOTHING,
    Co2e,
    Effort,
    Footprint,
    Method,
    Setting,
    footprint,
    grid_footprint,
)
from services.compliance.domain.vehicle import Category, Fuel, Vehicle
from tests.cases.carbon_words import LADEN, MILLIGRAMS, PAYLOAD_GRAMS, Words, setting_of, vehicle_of
from tests.cases.outcome import NotUnderstood

MANY = 1_000_000  # units asked for at once, so that rounding to milligrams is nothing
FULL = ("km", "distance_km", "route_km", "km_out", "km_loaded", "loaded_km", "out_km", "km_laden")
EMPTY = (
    "empty_km",
    "km_empty",
    "km_return",
    "return_km",
    "km_back",
    "back_km",
    "empty_return_km",
    "km_stem",
    "stem_km",
)
LITERS = ("litres", "liters", "diesel_litres", "litres_diesel", "fuel_litres")
MORE_LITERS = ("litres_idle", "idle_litres", "reefer_litres", "litres_reefer")


@dataclass(frozen=True, slots=True)
class Driven:
    """What was driven and used: metered liters are the whole way, those at idle come on top."""

    vehicle: Vehicle
    setting: Setting
    kilometers: float
    empty_kilometers: float
    load_grams: int
    battery_kwh: float | None
    grid_kwh: float | None
    liters: float | None
    more_liters: float | None

    @property
    def all_kilometers(self) -> float:
        """Empty ones too."""
        return self.kilometers + self.empty_kilometers

    @property
    def metered(self) -> bool:
        """Whether the way was metered, so that distance tells nothing more."""
        return any(one is not None for one in (self.battery_kwh, self.grid_kwh, self.liters))


def driven_of(given: Words, said: str) -> Driven | None:
    """What was driven; None when the case says nothing about it."""
    setting = setting_of(given, said)
    kilometers, empty = given.sum(*FULL), given.sum(*EMPTY)
    battery, grid = _energy(given, (kilometers or 0) + (empty or 0), setting)
    liters, more, load = given.sum(*LITERS), _more_liters(given), _load_share(given, said)
    if all(one is None for one in (kilometers, empty, battery, grid, liters, more)):
        return None
    vehicle = vehicle_of(said, loaded=load is not None)
    if (liters is not None or more is not None) and vehicle.fuel is None:
        vehicle = Vehicle("v", Category.N1, Fuel.DIESEL)
    grams = round((load or 0) * PAYLOAD_GRAMS)
    return Driven(vehicle, setting, kilometers or 0, empty or 0, grams, battery, grid, liters, more)


def emitted(driven: Driven) -> tuple[Co2e, dict[str, Any]]:
    """The engine's answer to everything that was driven and used, each for itself."""
    made = list(_footprints(driven))
    found: dict[str, Any] = {"grid_kwh": sum(one.grid_watt_hours for one in made) / 1_000}
    found |= dict(_per_kilometer(driven))
    if driven.grid_kwh is not None:
        many = grid_footprint(MANY * 1_000, driven.setting)
        found["factor"] = many.co2e.wtw_milligrams / MILLIGRAMS / MANY
    if driven.all_kilometers:
        found["total_km"] = driven.all_kilometers
        found["empty_distance_factor"] = driven.empty_kilometers / driven.all_kilometers
    if driven.liters is not None or driven.more_liters is not None:
        found["litres"] = (driven.liters or 0) + (driven.more_liters or 0)
    return sum((one.co2e for one in made), NOTHING), found


def _energy(given: Words, kilometers: float, setting: Setting) -> tuple[float | None, float | None]:
    """From the battery and from the grid; per km it is the battery's where charging is told."""
    battery = given.number("battery_kwh", "kwh_battery", "metered_kwh", "kwh_from_battery")
    grid = given.number("kwh", "grid_kwh", "kwh_grid", "electricity_kwh", "depot_kwh", "hub_kwh")
    per_kilometer = given.number("kwh_per_km", "battery_kwh_per_km", "consumption_kwh_per_km")
    if per_kilometer is not None and setting.charging_permille < 1_000:
        battery = per_kilometer * kilometers
    elif per_kilometer is not None:
        grid = per_kilometer * kilometers
    return battery, grid


def _more_liters(given: Words) -> float | None:
    """Burned at idle or for cooling, on top of the way; metered or by the hour."""
    liters = given.sum(*MORE_LITERS)
    for kind in ("idle", "reefer"):
        hours = given.number(f"{kind}_hours", f"{kind}_h")
        minutes = given.number(f"{kind}_minutes", f"{kind}_min")
        span = hours if minutes is None else minutes / 60
        if span is None:
            continue
        own = (f"{kind}_litres_per_hour", f"{kind}_l_per_h", f"{kind}_litres_per_h")
        rate = given.number(*own, "litres_per_hour", "l_per_h")
        if rate is None:
            raise NotUnderstood(f"{kind} without liters per hour")
        liters = (liters or 0) + span * rate
    return liters


def _load_share(given: Words, said: str) -> float | None:
    laden = LADEN.search(said)
    share = given.number("load_factor", "load_share", "laden")
    percent = given.number("load_pct", "laden_pct", "load_percent")
    payload = given.number("payload_kg", "capacity_kg")
    if payload is not None:
        aboard = given.inherit("mass_kg", "load_kg")
        return float(next(iter(aboard.values()), 0)) / payload
    if percent is None and share is None and laden is not None:
        percent = float(laden[1])
    return share if percent is None else percent / 100


def _footprints(driven: Driven) -> Iterator[Footprint]:
    if driven.grid_kwh is not None:
        yield grid_footprint(round(driven.grid_kwh * 1_000), driven.setting)
    if driven.battery_kwh is not None:
        effort = Effort(0, energy_watt_hours=round(driven.battery_kwh * 1_000))
        yield _asked(driven, effort, Method.METERED_ENERGY)
    for liters in (driven.liters, driven.more_liters):
        if liters is not None:
            effort = Effort(0, fuel_milliliters=round(liters * 1_000))
            yield _asked(driven, effort, Method.METERED_FUEL)
    if not driven.metered and driven.all_kilometers:
        yield _way(driven, driven.kilometers, driven.load_grams)
        yield _way(driven, driven.empty_kilometers, 0)


def _way(driven: Driven, kilometers: float, load_grams: int) -> Footprint:
    effort = Effort(round(kilometers * 1_000), load_grams)
    return _asked(driven, effort, Method.DISTANCE_FACTOR)


def _asked(driven: Driven, effort: Effort, method: Method) -> Footprint:
    """The engine's answer, when it goes by what the case is about."""
    try:
        made = footprint(driven.vehicle, effort, driven.setting)
    except NotReady as missing:
        raise NotUnderstood(str(missing)) from missing
    if made.basis.method is not method:
        stands_in = made.basis.method.lower()
        raise NotUnderstood(f"no factor for {method.lower()}: {stands_in} stands in")
    return made


def _per_kilometer(driven: Driven) -> Iterator[tuple[str, float]]:
    if driven.metered or not driven.kilometers:
        return
    found = _way(driven, MANY, driven.load_grams).co2e
    yield "ttw_per_km", found.ttw_milligrams / MILLIGRAMS / MANY
    yield "wtt_per_km", found.wtt_milligrams / MILLIGRAMS / MANY
    yield "wtw_per_km", found.wtw_milligrams / MILLIGRAMS / MANY
