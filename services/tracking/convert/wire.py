"""Moments, spans, places, money and enums, both ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng
from google.type.money_pb2 import Money

from services.tracking.domain.fact import Amount
from services.tracking.domain.geo import Point
from services.tracking.domain.route import Window

Word = TypeVar("Word", bound=StrEnum)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NANOS_A_MICRO = 1_000
MICROS = 1_000_000
YEAR_9999_SECONDS = 253_402_300_799  # 9999-12-31T23:59:59Z, the last a Timestamp may hold
YEAR_1_SECONDS = -62_135_596_800
CENTURY_SECONDS = 100 * 366 * 86_400  # from both ends, so that sums and differences stay inside


def moment(stamp: Timestamp) -> datetime:
    """A wire moment; nanoseconds are cut to microseconds."""
    return EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // NANOS_A_MICRO)


def moment_or_none(message: Any, name: str) -> datetime | None:
    """A field's moment; None when it is not set."""
    return moment(getattr(message, name)) if message.HasField(name) else None


def is_moment(stamp: Timestamp) -> bool:
    """Whether a wire moment is one that can be reckoned with."""
    first, last = YEAR_1_SECONDS + CENTURY_SECONDS, YEAR_9999_SECONDS - CENTURY_SECONDS
    return first <= stamp.seconds <= last and 0 <= stamp.nanos < 10**9


def stamp(at: datetime | None) -> Any:
    """A moment for the wire; None stays unset."""
    if at is None:
        return None
    made = Timestamp()
    made.FromDatetime(at)
    return made


def span(duration: Duration) -> timedelta:
    """A wire duration."""
    return timedelta(seconds=duration.seconds, microseconds=duration.nanos // NANOS_A_MICRO)


def duration(length: timedelta | float | None) -> Any:
    """A length of time for the wire; bare numbers are seconds."""
    if length is None:
        return None
    made = Duration()
    made.FromTimedelta(length if isinstance(length, timedelta) else timedelta(seconds=length))
    return made


def window(interval: Interval) -> Window:
    """A wire interval. Raises ValueError when it ends before it starts."""
    return Window(moment(interval.start_time), moment(interval.end_time))


def window_or_none(message: Any, name: str) -> Window | None:
    """A field's interval; None when it is not set or has an open end."""
    if not message.HasField(name):
        return None
    interval = getattr(message, name)
    if not interval.HasField("start_time") or not interval.HasField("end_time"):
        return None
    return window(interval)


def interval(span: Window | None) -> Interval | None:
    """An interval for the wire."""
    if span is None:
        return None
    return Interval(start_time=stamp(span.start), end_time=stamp(span.end))


def point(place: LatLng) -> Point:
    """A wire place. Raises ValueError when it is none."""
    return Point(place.latitude, place.longitude)


def point_or_none(message: Any, name: str) -> Point | None:
    """A field's place; None when it is not set."""
    return point(getattr(message, name)) if message.HasField(name) else None


def latlng(place: Point | None) -> Any:
    """A place for the wire."""
    return None if place is None else LatLng(latitude=place.latitude, longitude=place.longitude)


def amount(money: Money) -> Amount:
    """Wire money in millionths."""
    return Amount(money.currency_code, money.units * MICROS + money.nanos // NANOS_A_MICRO)


def money(amount: Amount | None) -> Money | None:
    """Money for the wire; units and nanos have the same sign."""
    if amount is None:
        return None
    units, micros = divmod(abs(amount.micros), MICROS)
    sign = -1 if amount.micros < 0 else 1
    return Money(
        currency_code=amount.currency_code, units=sign * units, nanos=sign * micros * NANOS_A_MICRO
    )


def word(enum: Any, value: int, kind: type[Word]) -> Word:
    """
    The domain's word for a wire value: its name without the prefix of its enum.

    A value that this release does not know is the domain's UNSPECIFIED.
    """
    descriptor = enum.DESCRIPTOR
    found = descriptor.values_by_number.get(value)
    name = found.name.removeprefix(prefix(enum)) if found else ""
    return kind(name) if name in kind.__members__ else kind("UNSPECIFIED")


def number(enum: Any, value: StrEnum | str) -> Any:
    """The wire value of a domain's word. Any: stubs want each enum's own kind of int."""
    return enum.Value(f"{prefix(enum)}{value}")


def prefix(enum: Any) -> str:
    """The prefix of an enum's values: that of the zero without UNSPECIFIED."""
    zero: str = enum.DESCRIPTOR.values_by_number[0].name
    return zero.removesuffix("UNSPECIFIED")
