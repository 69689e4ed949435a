"""Vehicles: wire <-> domain. What the wire leaves at zero or empty is unknown."""

from __future__ import annotations

from doorstep.compliance.v1 import vehicle_pb2 as pb
from services.compliance.convert.moments import (
    day_or_none,
    day_to_proto,
    enum_from_proto,
    enum_to_proto,
)
from services.compliance.domain.vehicle import Body, Category, Fuel, Permit, Sticker, Vehicle

CATEGORY, FUEL, BODY = "VEHICLE_CATEGORY_", "FUEL_", "VEHICLE_BODY_"
NUMBERS = {  # field of the wire -> field of the domain; zero is unknown
    "max_mass_grams": "max_mass_grams",
    "unladen_mass_grams": "unladen_mass_grams",
    "height_centimeters": "height_centimeters",
    "width_centimeters": "width_centimeters",
    "length_centimeters": "length_centimeters",
    "axle_mass_grams": "axle_mass_grams",
    "payload_grams": "payload_grams",
    "consumption_watt_hours_per_kilometer": "watt_hours_per_kilometer",
    "consumption_milliliters_per_hundred_kilometers": "milliliters_per_hundred_kilometers",
}


def vehicle_from_proto(message: pb.Vehicle) -> Vehicle:
    """The vehicle, or Unsound."""
    numbers = {name: getattr(message, field) or None for field, name in NUMBERS.items()}
    return Vehicle(
        vehicle_id=message.vehicle_id,
        category=enum_from_proto(Category, pb.VehicleCategory, CATEGORY, message.category),
        fuel=enum_from_proto(Fuel, pb.Fuel, FUEL, message.fuel),
        euro_class=message.euro_class if message.HasField("euro_class") else None,
        first_registration=day_or_none(message, "first_registration_date"),
        body=enum_from_proto(Body, pb.VehicleBody, BODY, message.body),
        permits=tuple(_permit(permit) for permit in message.permits),
        permits_complete=message.permits_complete,
        auto_pay=message.auto_pay if message.HasField("auto_pay") else None,
        stickers=tuple(Sticker(s.scheme, s.grade) for s in message.stickers),
        toll_class=message.toll_class or None,
        registration_country=message.registration_country_code or None,
        user_classes=tuple(message.user_classes),
        refrigerated=message.refrigerated,
        renewable_diesel=message.renewable_diesel,
        **numbers,
    )


def vehicle_to_proto(vehicle: Vehicle) -> pb.Vehicle:
    """The vehicle as the contract has it."""
    message = pb.Vehicle(
        vehicle_id=vehicle.vehicle_id,
        category=enum_to_proto(pb.VehicleCategory, CATEGORY, vehicle.category),
        fuel=enum_to_proto(pb.Fuel, FUEL, vehicle.fuel),
        euro_class=vehicle.euro_class,
        body=enum_to_proto(pb.VehicleBody, BODY, vehicle.body),
        permits=[_permit_to_proto(permit) for permit in vehicle.permits],
        permits_complete=vehicle.permits_complete,
        auto_pay=vehicle.auto_pay,
        stickers=[pb.Sticker(scheme=s.scheme, grade=s.grade) for s in vehicle.stickers],
        toll_class=vehicle.toll_class or "",
        registration_country_code=vehicle.registration_country or "",
        user_classes=vehicle.user_classes,
        refrigerated=vehicle.refrigerated,
        renewable_diesel=vehicle.renewable_diesel,
    )
    for field, name in NUMBERS.items():
        setattr(message, field, getattr(vehicle, name) or 0)
    if vehicle.first_registration is not None:
        message.first_registration_date.CopyFrom(day_to_proto(vehicle.first_registration))
    return message


def _permit(message: pb.Permit) -> Permit:
    start, end = day_or_none(message, "start_date"), day_or_none(message, "end_date")
    return Permit(message.scheme, message.held, start, end)


def _permit_to_proto(permit: Permit) -> pb.Permit:
    message = pb.Permit(scheme=permit.scheme, held=permit.held)
    if permit.start is not None:
        message.start_date.CopyFrom(day_to_proto(permit.start))
    if permit.end is not None:
        message.end_date.CopyFrom(day_to_proto(permit.end))
    return message
