"""Vehicle filters: wire <-> domain."""

from __future__ import annotations

from typing import Any

from doorstep.compliance.v1 import access_rule_pb2 as pb
from doorstep.compliance.v1 import vehicle_pb2
from services.compliance.convert.moments import (
    day_or_none,
    day_to_proto,
    enum_from_proto,
    enum_to_proto,
)
from services.compliance.convert.vehicle import BODY, CATEGORY, FUEL
from services.compliance.domain.faults import inside
from services.compliance.domain.filter import Bounds, DateBounds, StickerBounds, VehicleFilter
from services.compliance.domain.vehicle import Body, Category, Fuel

MEASURES = (
    "euro_class",
    "max_mass_grams",
    "unladen_mass_grams",
    "height_centimeters",
    "width_centimeters",
    "length_centimeters",
    "axle_mass_grams",
)


def filter_from_proto(message: pb.VehicleFilter) -> VehicleFilter:
    """The filter, or Unsound."""
    measures = {name: inside(name, _bounds, getattr(message, name)) for name in MEASURES}
    return VehicleFilter(
        categories=_named(Category, vehicle_pb2.VehicleCategory, CATEGORY, message.categories),
        fuels=_named(Fuel, vehicle_pb2.Fuel, FUEL, message.fuels),
        excluded_fuels=_named(Fuel, vehicle_pb2.Fuel, FUEL, message.excluded_fuels),
        first_registration=inside("first_registration", _date_bounds, message.first_registration),
        bodies=_named(Body, vehicle_pb2.VehicleBody, BODY, message.bodies),
        lacking_permits=tuple(message.lacking_permits),
        held_permits=tuple(message.held_permits),
        auto_pay=message.auto_pay if message.HasField("auto_pay") else None,
        stickers=tuple(StickerBounds(s.scheme, _bounds(s.grade)) for s in message.stickers),
        toll_classes=tuple(message.toll_classes),
        registration_countries=tuple(message.registration_country_codes),
        **measures,
    )


def filter_to_proto(wanted: VehicleFilter) -> pb.VehicleFilter:
    """The filter as the contract has it; what selects everything is left unset."""
    message = pb.VehicleFilter(
        categories=_numbers(vehicle_pb2.VehicleCategory, CATEGORY, wanted.categories),
        fuels=_numbers(vehicle_pb2.Fuel, FUEL, wanted.fuels),
        excluded_fuels=_numbers(vehicle_pb2.Fuel, FUEL, wanted.excluded_fuels),
        bodies=_numbers(vehicle_pb2.VehicleBody, BODY, wanted.bodies),
        lacking_permits=wanted.lacking_permits,
        held_permits=wanted.held_permits,
        auto_pay=wanted.auto_pay,
        toll_classes=wanted.toll_classes,
        registration_country_codes=wanted.registration_countries,
        stickers=[_sticker(sticker) for sticker in wanted.stickers],
    )
    for name in MEASURES:
        bounds: Bounds = getattr(wanted, name)
        if bounds != Bounds():
            getattr(message, name).CopyFrom(_bounds_to_proto(bounds))
    _set_dates(message, wanted.first_registration)
    return message


def _named(kind: Any, wire: Any, prefix: str, numbers: Any) -> tuple[Any, ...]:
    return tuple(enum_from_proto(kind, wire, prefix, number) for number in numbers)


def _numbers(wire: Any, prefix: str, members: Any) -> list[Any]:
    return [enum_to_proto(wire, prefix, member) for member in members]


def _bounds(message: pb.Bounds) -> Bounds:
    low = message.min if message.HasField("min") else None
    return Bounds(low, message.max if message.HasField("max") else None)


def _bounds_to_proto(bounds: Bounds) -> pb.Bounds:
    return pb.Bounds(min=bounds.min, max=bounds.max)


def _date_bounds(message: pb.DateBounds) -> DateBounds:
    return DateBounds(day_or_none(message, "start_date"), day_or_none(message, "end_date"))


def _set_dates(message: pb.VehicleFilter, bounds: DateBounds) -> None:
    if bounds.start is not None:
        message.first_registration.start_date.CopyFrom(day_to_proto(bounds.start))
    if bounds.end is not None:
        message.first_registration.end_date.CopyFrom(day_to_proto(bounds.end))


def _sticker(bounds: StickerBounds) -> pb.StickerBounds:
    return pb.StickerBounds(scheme=bounds.scheme, grade=_bounds_to_proto(bounds.grade))
