"""Python's times and points as the contract writes them, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng
from google.type.money_pb2 import Money

MICROS = 1_000_000


def stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment.astimezone(UTC))
    return made


def moment(made: Timestamp) -> datetime:
    return made.ToDatetime(UTC)


def span(length: timedelta) -> Duration:
    made = Duration()
    made.FromTimedelta(length)
    return made


def interval(start: datetime, end: datetime) -> Interval:
    return Interval(start_time=stamp(start), end_time=stamp(end))


def latlng(point: tuple[float, float]) -> LatLng:
    return LatLng(latitude=point[0], longitude=point[1])


def point(location: LatLng) -> tuple[float, float]:
    return location.latitude, location.longitude


def euros(micros: int) -> Money:
    return Money(currency_code="EUR", units=micros // MICROS, nanos=micros % MICROS * 1000)


def new_uuid(dice_bits: int) -> str:
    """A version 4 UUID from 128 random bits of a seed, so that a day can be replayed."""
    return str(UUID(int=dice_bits, version=4))
