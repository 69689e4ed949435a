"""
Setting up the day: tenant, keys, zone, hub, rate cards, vehicles, drivers with histories, shifts.

What a platform team would import from its own systems in the morning, through the public contract.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from google.type.date_pb2 import Date

from clients.day.drive import Point
from clients.day.fleet import BREAK_LENGTH, MAKES, Kind, Turn, history
from clients.day.gate import Api
from clients.day.retry import persist
from clients.day.setting import CURRENCY, Setting
from clients.day.wire import interval, latlng, new_uuid, span, stamp
from clients.day.work import HUB, Job, delivery
from clients.day.zone import demonstration_zone
from doorstep.compliance.v1 import zone_service_pb2
from doorstep.dispatch.v1 import (
    access_service_pb2,
    carrier_pb2,
    delivery_service_pb2,
    driver_pb2,
    duty_pb2,
    duty_service_pb2,
    fleet_service_pb2,
    key_pb2,
    place_pb2,
    rate_card_pb2,
    shift_pb2,
    tenant_pb2,
    tender_service_pb2,
    user_pb2,
    vehicle_pb2,
)

PARTNER = "partner-north"
HUB_LOADING = timedelta(minutes=10)
ENERGY_MICROS_PER_KILOWATT_HOUR = 180_000  # ours, of the order of a European depot tariff
DIESEL_MICROS_PER_LITER = 1_600_000  # ours, of the order of a European pump price before tax
PROFILES = {
    Kind.CARGO_BIKE: vehicle_pb2.TRAVEL_PROFILE_CARGO_BIKE,
    Kind.E_VAN: vehicle_pb2.TRAVEL_PROFILE_VAN,
    Kind.DIESEL_VAN: vehicle_pb2.TRAVEL_PROFILE_VAN,
    Kind.OLD_DIESEL_VAN: vehicle_pb2.TRAVEL_PROFILE_VAN,
}
FUELS = {
    Kind.CARGO_BIKE: vehicle_pb2.FUEL_TYPE_ELECTRIC,
    Kind.E_VAN: vehicle_pb2.FUEL_TYPE_ELECTRIC,
    Kind.DIESEL_VAN: vehicle_pb2.FUEL_TYPE_DIESEL,
    Kind.OLD_DIESEL_VAN: vehicle_pb2.FUEL_TYPE_DIESEL,
}
DIESEL_MILLILITERS_PER_100_KILOMETERS = 9_500  # ours, a large van in a city


class Office:
    """Imports the day as a platform team would."""

    def __init__(self, api: Api, setting: Setting, dice: random.Random) -> None:
        self._api = api
        self._setting = setting
        self._dice = dice

    def new_id(self) -> str:
        return new_uuid(self._dice.getrandbits(128))

    async def import_fleet(self, hub: Point, turns: Sequence[Turn]) -> None:
        await self._create_hub(hub)
        for kind in Kind:
            await self._create_rate_card(kind)
        for turn in turns:
            await self._create_vehicle(turn)
            await self._create_driver(turn)
            await self._create_shift(turn)

    async def _create_hub(self, hub: Point) -> None:
        place = place_pb2.Place(
            place_id=HUB,
            kind=place_pb2.PLACE_KIND_DEPOT,
            display_name="Micro-hub",
            location=latlng(hub),
            time_zone=self._setting.zone.key,
            loading_duration=span(HUB_LOADING),
        )
        request = fleet_service_pb2.CreatePlaceRequest(request_id=self.new_id(), place=place)
        await self._api.fleet.CreatePlace(request)

    async def _create_rate_card(self, kind: Kind) -> None:
        make = MAKES[kind]
        card = rate_card_pb2.RateCard(
            rate_card_id=kind.value,
            display_name=kind.value,
            currency_code=CURRENCY,
            fixed_cost_micros=make.fixed_micros,
            hour_cost_micros=make.micros_per_hour,
            kilometer_cost_micros=make.micros_per_kilometer,
            kilowatt_hour_cost_micros=ENERGY_MICROS_PER_KILOWATT_HOUR,
            liter_cost_micros=DIESEL_MICROS_PER_LITER,
        )
        request = fleet_service_pb2.CreateRateCardRequest(request_id=self.new_id(), rate_card=card)
        await self._api.fleet.CreateRateCard(request)

    async def _create_vehicle(self, turn: Turn) -> None:
        vehicle = vehicle_pb2.Vehicle(
            vehicle_id=f"veh-{turn.name}",
            display_name=turn.name,
            attributes=attributes(turn.kind, self._setting.country),
            rate_card_id=turn.kind.value,
            home_place_id=HUB,
            state=vehicle_pb2.VEHICLE_STATE_AVAILABLE,
        )
        request = fleet_service_pb2.CreateVehicleRequest(request_id=self.new_id(), vehicle=vehicle)
        await self._api.fleet.CreateVehicle(request)

    async def _create_driver(self, turn: Turn) -> None:
        driver = driver_pb2.Driver(
            driver_id=f"drv-{turn.number:02d}",
            display_name=f"Driver {turn.number}",
            skills=[driver_pb2.Skill(skill_id=name) for name in turn.skills],
            home_place_id=HUB,
            state=driver_pb2.DRIVER_STATE_ACTIVE,
        )
        request = fleet_service_pb2.CreateDriverRequest(request_id=self.new_id(), driver=driver)
        await self._api.fleet.CreateDriver(request)
        records = duty_service_pb2.BatchRecordDutyStatusRequest(records=past(turn))
        await self._api.duty.BatchRecordDutyStatus(records)

    async def _create_shift(self, turn: Turn) -> None:
        first, last = turn.break_window
        pause = shift_pb2.ShiftBreak(
            start_window=interval(first, last - BREAK_LENGTH), break_duration=span(BREAK_LENGTH)
        )
        shift = shift_pb2.Shift(
            shift_id=shift_id(turn),
            driver_id=f"drv-{turn.number:02d}",
            vehicle_id=f"veh-{turn.name}",
            interval=interval(turn.start, turn.end),
            start_place_id=HUB,
            end_place_id=HUB,
            breaks=[pause],
            start_charge_watt_hours=MAKES[turn.kind].battery_watt_hours,
        )
        request = fleet_service_pb2.CreateShiftRequest(request_id=self.new_id(), shift=shift)
        await self._api.fleet.CreateShift(request)

    async def import_deliveries(self, jobs: Sequence[Job]) -> dict[str, str]:
        """Imports them all in one batch; returns the open task of each delivery."""
        country = self._setting.country
        request = delivery_service_pb2.BatchCreateDeliveriesRequest(
            request_id=self.new_id(),
            deliveries=[delivery(job, country, self._dice) for job in jobs],
        )
        reply = await persist(
            lambda: self._api.deliveries.BatchCreateDeliveries(request), self._dice
        )
        return {done.delivery.delivery_id: done.task.task_id for done in reply.results}


def shift_id(turn: Turn) -> str:
    return f"shf-{turn.name}"


def attributes(kind: Kind, country: str) -> vehicle_pb2.VehicleAttributes:
    make = MAKES[kind]
    diesel = FUELS[kind] == vehicle_pb2.FUEL_TYPE_DIESEL
    return vehicle_pb2.VehicleAttributes(
        profile=PROFILES[kind],
        fuel_type=FUELS[kind],
        emission_class=str(make.euro_class) if diesel else "",
        capacity_mass_grams=make.capacity_grams,
        capacity_volume_cubic_centimeters=make.capacity_cubic_centimeters,
        gross_mass_grams=make.mass_max_grams,
        battery_watt_hours=make.battery_watt_hours,
        consumption_watt_hours_per_kilometer=make.watt_hours_per_kilometer,
        consumption_milliliters_per_hundred_kilometers=(
            DIESEL_MILLILITERS_PER_100_KILOMETERS if diesel else 0
        ),
        registration_country=country,
        vehicle_category="L6e" if kind is Kind.CARGO_BIKE else "N1",
        first_registration_date=registered(kind),
    )


def registered(kind: Kind) -> Date:
    return Date(year=2012 if kind is Kind.OLD_DIESEL_VAN else 2023, month=5, day=2)


def past(turn: Turn) -> Iterator[duty_pb2.DutyRecord]:
    """The week before as duty records: a status holds until the next one."""
    stretches = list(history(turn))
    for stretch, following in zip(stretches, [*stretches[1:], None], strict=True):
        yield duty_record(turn, stretch.status, stretch.start)
        if following is None or following.start > stretch.end:
            yield duty_record(turn, "OFF_DUTY", stretch.end)


def duty_record(turn: Turn, status: str, start: datetime) -> duty_pb2.DutyRecord:
    return duty_pb2.DutyRecord(
        duty_record_id=f"past-{turn.number:02d}-{start:%m%d%H%M}",
        driver_id=f"drv-{turn.number:02d}",
        status=duty_pb2.DutyStatus.Value(f"DUTY_STATUS_{status}"),
        event_time=stamp(start),
        source=duty_pb2.DUTY_SOURCE_IMPORT,
    )


async def create_tenant(operator: Api, setting: Setting, dice: random.Random) -> None:
    tenant = tenant_pb2.Tenant(
        tenant_id=setting.tenant,
        display_name="Demonstration tenant",
        currency_code=CURRENCY,
        time_zone=setting.zone.key,
        country_code=setting.country,
    )
    request = access_service_pb2.CreateTenantRequest(
        request_id=new_uuid(dice.getrandbits(128)), tenant=tenant
    )
    await operator.access.CreateTenant(request)


async def create_key(
    maker: Api, setting: Setting, role: str, dice: random.Random, carrier_id: str = ""
) -> tuple[str, str]:
    """A key for a role of the tenant: its id and the secret, which is shown this once."""
    key = key_pb2.Key(
        tenant_id=setting.tenant,
        role=user_pb2.AccessRole.Value(f"ACCESS_ROLE_{role}"),
        carrier_id=carrier_id,
        display_name=f"day {role.lower()}",
    )
    request = access_service_pb2.CreateKeyRequest(
        request_id=new_uuid(dice.getrandbits(128)), key=key
    )
    reply = await maker.access.CreateKey(request)
    return reply.key.key_id, reply.secret


async def create_carrier(office: Api, dice: random.Random) -> None:
    carrier = carrier_pb2.Carrier(
        carrier_id=PARTNER,
        display_name="Partner North",
        state=carrier_pb2.CARRIER_STATE_ACTIVE,
        profiles=[vehicle_pb2.TRAVEL_PROFILE_CARGO_BIKE],
    )
    request = tender_service_pb2.CreateCarrierRequest(
        request_id=new_uuid(dice.getrandbits(128)), carrier=carrier
    )
    await office.tenders.CreateCarrier(request)


async def create_zone(maker: Api, setting: Setting, dice: random.Random) -> None:
    request = zone_service_pb2.CreateZoneRequest(
        request_id=new_uuid(dice.getrandbits(128)),
        zone=demonstration_zone(setting.core, setting.zone),
    )
    await maker.zones.CreateZone(request)
