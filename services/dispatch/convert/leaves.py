"""Google's common types and ours: moments, spans, places, windows, money, addresses. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from services.dispatch.domain.values import (
    MICROS,
    NANOS_PER_MICRO,
    Address,
    Money,
    Point,
    Window,
    check,
)

SPAN_SECONDS_MAX = 315_576_000_000  # 10,000 years: google/protobuf/duration.proto
NANOS_MAX = 999_999_999  # google/type/money.proto


@dataclass(frozen=True, slots=True)
class Leaf:
    """How one of the common types is read and written. `read` raises ValueError."""

    read: Callable[[Any], Any]
    write: Callable[[Any, Any], None]


def moment(timestamp: Any) -> datetime:
    """An aware moment in UTC, to the microsecond."""
    found: datetime = timestamp.ToDatetime(tzinfo=UTC)
    return found


def write_moment(timestamp: Any, value: datetime) -> None:
    """Into a Timestamp."""
    timestamp.FromDatetime(value)


def span(duration: Any) -> timedelta:
    """A length of time, to the microsecond."""
    check(abs(duration.seconds) <= SPAN_SECONDS_MAX, "a duration is at most 10,000 years")
    found: timedelta = duration.ToTimedelta()
    return found


def write_span(duration: Any, value: timedelta) -> None:
    """Into a Duration."""
    duration.FromTimedelta(value)


def day(message: Any) -> date:
    """A whole date; half a one is refused."""
    return date(message.year, message.month, message.day)


def write_day(message: Any, value: date) -> None:
    """Into a google.type.Date."""
    message.year, message.month, message.day = value.year, value.month, value.day


def time_of_day(message: Any) -> time:
    """A civil time; 24:00, and nothing after it, is the next day's 00:00."""
    if (message.hours, message.minutes, message.seconds) == (24, 0, 0):
        return time(0)
    return time(message.hours, message.minutes, message.seconds)


def write_time_of_day(message: Any, value: time) -> None:
    """Into a google.type.TimeOfDay."""
    message.hours, message.minutes, message.seconds = value.hour, value.minute, value.second


def point(message: Any) -> Point:
    """A place on earth."""
    return Point(message.latitude, message.longitude)


def write_point(message: Any, value: Point) -> None:
    """Into a google.type.LatLng."""
    message.latitude, message.longitude = value.latitude, value.longitude


def window(message: Any) -> Window:
    """`[start, end)`, both ends set."""
    both = message.HasField("start_time") and message.HasField("end_time")
    check(both, "a window has a start and an end")
    return Window(moment(message.start_time), moment(message.end_time))


def write_window(message: Any, value: Window) -> None:
    """Into a google.type.Interval."""
    message.start_time.FromDatetime(value.start_time)
    message.end_time.FromDatetime(value.end_time)


def money(message: Any) -> Money:
    """An amount; what is smaller than a millionth is refused, not rounded."""
    check(abs(message.nanos) <= NANOS_MAX, "nanos of money are less than a unit")
    check(message.nanos % NANOS_PER_MICRO == 0, "money is exact to a millionth")
    check(message.units * message.nanos >= 0, "units and nanos of money have the same sign")
    return Money(message.currency_code, message.units * MICROS + message.nanos // NANOS_PER_MICRO)


def write_money(message: Any, value: Money) -> None:
    """Into a google.type.Money."""
    sign = -1 if value.micros < 0 else 1
    units, micros = divmod(abs(value.micros), MICROS)
    message.currency_code = value.currency_code
    message.units, message.nanos = sign * units, sign * micros * NANOS_PER_MICRO


ADDRESS_TEXTS = (
    "region_code",
    "language_code",
    "postal_code",
    "sorting_code",
    "administrative_area",
    "locality",
    "sublocality",
    "organization",
)


def address(message: Any) -> Address:
    """A written address."""
    return Address(
        revision=message.revision,
        address_lines=tuple(message.address_lines),
        recipients=tuple(message.recipients),
        **{name: getattr(message, name) for name in ADDRESS_TEXTS},
    )


def write_address(message: Any, value: Address) -> None:
    """Into a google.type.PostalAddress."""
    message.revision = value.revision
    message.address_lines.extend(value.address_lines)
    message.recipients.extend(value.recipients)
    for name in ADDRESS_TEXTS:
        setattr(message, name, getattr(value, name))


MOMENT = Leaf(moment, write_moment)
SPAN = Leaf(span, write_span)
DAY = Leaf(day, write_day)
TIME_OF_DAY = Leaf(time_of_day, write_time_of_day)
POINT = Leaf(point, write_point)
WINDOW = Leaf(window, write_window)
MONEY = Leaf(money, write_money)
ADDRESS = Leaf(address, write_address)
