"""Parcels: the physical units of a delivery. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.dispatch.domain.values import Money


class HandlingType(StrEnum):
    """How a parcel must be handled."""

    FRAGILE = "FRAGILE"
    UPRIGHT = "UPRIGHT"
    CHILLED = "CHILLED"
    FROZEN = "FROZEN"
    TWO_PERSONS = "TWO_PERSONS"
    DANGEROUS = "DANGEROUS"


@dataclass(frozen=True, slots=True)
class ParcelDimensions:
    """Outer measures."""

    length_millimeters: int = 0
    width_millimeters: int = 0
    height_millimeters: int = 0


@dataclass(frozen=True, slots=True)
class Parcel:
    """One physical unit."""

    parcel_id: str = ""
    mass_grams: int = 0
    volume_cubic_centimeters: int = 0
    dimensions: ParcelDimensions | None = None
    handling_types: tuple[HandlingType, ...] = ()
    barcode: str = ""
    declared_value: Money | None = None
