"""Times on the wire: timestamps, durations, dates, intervals, times of day, and enums by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.interval_pb2 import Interval
from google.type.timeofday_pb2 import TimeOfDay

from services.compliance.domain.civil import DAY_SECONDS
from services.compliance.domain.faults import Unsound, check

Member = TypeVar("Member", bound=Enum)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # of protobuf's timestamps
NANOS_PER_SECOND, NANOS_PER_MICROSECOND = 1_000_000_000, 1_000
YEARS = range(1900, 2201)  # of moments: days and years around them can be reckoned with
YEARS_SAID = f"not a moment of the years {YEARS[0]} to {YEARS[-1]}"


def moment_from_proto(message: Timestamp) -> datetime:
    """An aware moment in UTC, to the microsecond; Unsound far from all calendars of law."""
    check(0 <= message.nanos < NANOS_PER_SECOND, "a moment's nanos are a part of a second")
    try:
        at = EPOCH + timedelta(0, message.seconds, message.nanos // NANOS_PER_MICROSECOND)
    except OverflowError as error:
        raise Unsound(YEARS_SAID) from error
    check(at.year in YEARS, YEARS_SAID)
    return at


def moment_or_none(message: Any, field: str) -> datetime | None:
    """A moment of a message, if it is set."""
    return moment_from_proto(getattr(message, field)) if message.HasField(field) else None


def moment_to_proto(at: datetime) -> Timestamp:
    """A timestamp; reckoned here, as protobuf's own way takes four times as long."""
    since = at - EPOCH
    seconds = since.days * DAY_SECONDS + since.seconds
    return Timestamp(seconds=seconds, nanos=since.microseconds * NANOS_PER_MICROSECOND)


def span_from_proto(message: Duration) -> timedelta:
    """A length of time."""
    return message.ToTimedelta()


def span_to_proto(length: timedelta) -> Duration:
    """A duration."""
    message = Duration()
    message.FromTimedelta(length)
    return message


def interval_from_proto(message: Interval, longest: timedelta) -> tuple[datetime, datetime]:
    """Both ends of `[start, end)`, at most so long."""
    start, end = open_interval_from_proto(message)
    if start is None or end is None:
        raise Unsound("both ends are needed", "INTERVAL_INVALID")
    check(end - start <= longest, f"at most {longest.days} days", "INTERVAL_INVALID")
    return start, end


def open_interval_from_proto(message: Interval) -> tuple[datetime | None, datetime | None]:
    """The ends of `[start, end)` that are set."""
    start = moment_or_none(message, "start_time")
    end = moment_or_none(message, "end_time")
    ordered = start is None or end is None or start <= end
    check(ordered, "it ends before it starts", "INTERVAL_INVALID")
    return start, end


def interval_to_proto(start: datetime | None, end: datetime | None) -> Interval:
    """An interval; an open end is left unset."""
    return Interval(
        start_time=None if start is None else moment_to_proto(start),
        end_time=None if end is None else moment_to_proto(end),
    )


def day_from_proto(message: Date) -> date:
    """A complete date."""
    try:
        return date(message.year, message.month, message.day)
    except ValueError as error:
        raise Unsound(f"not a date: {error}") from error


def day_or_none(message: Any, field: str) -> date | None:
    """A date of a message, if it is set."""
    return day_from_proto(getattr(message, field)) if message.HasField(field) else None


def day_to_proto(day: date) -> Date:
    """A complete date."""
    return Date(year=day.year, month=day.month, day=day.day)


def seconds_from_proto(message: TimeOfDay) -> int:
    """Seconds since midnight; 24:00 is the end of the day."""
    check(not message.nanos, "times of day are whole seconds")
    seconds: int = message.hours * 3_600 + message.minutes * 60 + message.seconds
    parts = 0 <= message.minutes < 60 and 0 <= message.seconds < 60 and message.hours >= 0
    check(parts and seconds <= DAY_SECONDS, "not a time of day")
    return seconds


def seconds_to_proto(seconds: int) -> TimeOfDay:
    """A time of day; the end of the day is 24:00."""
    return TimeOfDay(hours=seconds // 3_600, minutes=seconds // 60 % 60, seconds=seconds % 60)


def enum_from_proto(kind: type[Member], wire: Any, prefix: str, number: int) -> Member | None:
    """The member named like a value of the contract's enum; None when it is unspecified."""
    return kind[wire.Name(number).removeprefix(prefix)] if number else None


def enum_to_proto(wire: Any, prefix: str, member: Enum | None) -> Any:
    """The value of the contract's enum that is named like a member; None is unspecified."""
    return wire.Value(f"{prefix}{member.name}") if member is not None else 0
