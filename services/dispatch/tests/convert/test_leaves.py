"""
The common types: exact both ways, and what they do not allow is refused with ValueError.

Sources: the comments of google/protobuf/{timestamp,duration}.proto and google/type/{money,date,
timeofday}.proto.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, interval_pb2, latlng_pb2, money_pb2, timeofday_pb2

from services.dispatch.convert import leaves
from services.dispatch.domain.values import Money, Point

YEAR_1, YEAR_10000 = -62_135_596_800, 253_402_300_800
TEN_THOUSAND_YEARS = 315_576_000_000


@pytest.mark.parametrize(
    ("seconds", "nanos", "moment"),
    [
        (0, 0, datetime(1970, 1, 1, tzinfo=UTC)),
        (0, 999, datetime(1970, 1, 1, tzinfo=UTC)),
        (0, 1_000, datetime(1970, 1, 1, microsecond=1, tzinfo=UTC)),
        (-1, 999_999_000, datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
        (YEAR_1, 0, datetime(1, 1, 1, tzinfo=UTC)),
        (YEAR_10000 - 1, 0, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_to_the_microsecond(seconds: int, nanos: int, moment: datetime) -> None:
    assert leaves.moment(Timestamp(seconds=seconds, nanos=nanos)) == moment


@pytest.mark.parametrize(
    ("seconds", "nanos"),
    [(YEAR_1 - 1, 0), (YEAR_10000, 0), (0, -1), (0, 1_000_000_000), (2**62, 0)],
)
def test_a_moment_out_of_the_calendar_is_refused(seconds: int, nanos: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        leaves.moment(Timestamp(seconds=seconds, nanos=nanos))


def test_a_moment_of_another_zone_is_told_as_the_same_moment() -> None:
    helsinki = datetime.fromisoformat("2026-05-12T11:00:00.123456+03:00")
    told = Timestamp()

    leaves.write_moment(told, helsinki)

    assert leaves.moment(told) == helsinki


@pytest.mark.parametrize(
    "span", [timedelta(), timedelta(microseconds=1), timedelta(days=-1, microseconds=3)]
)
def test_a_span_comes_back_as_it_was(span: timedelta) -> None:
    told = Duration()

    leaves.write_span(told, span)

    assert leaves.span(told) == span


@pytest.mark.parametrize(
    ("seconds", "read"),
    [
        (TEN_THOUSAND_YEARS, True),
        (-TEN_THOUSAND_YEARS, True),
        (TEN_THOUSAND_YEARS + 1, False),
        (-TEN_THOUSAND_YEARS - 1, False),
        (2**62, False),
    ],
)
def test_a_span_of_more_than_ten_thousand_years_is_refused(seconds: int, read: bool) -> None:
    if read:
        assert leaves.span(Duration(seconds=seconds)).total_seconds() == seconds
        return
    with pytest.raises(ValueError, match=r"."):
        leaves.span(Duration(seconds=seconds))


@pytest.mark.parametrize(
    ("hours", "minutes", "seconds", "civil"),
    [
        (0, 0, 0, time(0)),
        (23, 59, 59, time(23, 59, 59)),
        (24, 0, 0, time(0)),  # closing time: the end of the day
    ],
)
def test_a_time_of_day_lies_in_the_day_or_ends_it(
    hours: int, minutes: int, seconds: int, civil: time
) -> None:
    told = timeofday_pb2.TimeOfDay(hours=hours, minutes=minutes, seconds=seconds)

    assert leaves.time_of_day(told) == civil


@pytest.mark.parametrize(
    ("hours", "minutes", "seconds"),
    [(24, 0, 1), (24, 1, 0), (25, 0, 0), (48, 0, 0), (-1, 0, 0), (8, 60, 0), (8, 0, 60)],
)
def test_a_time_out_of_the_day_is_refused(hours: int, minutes: int, seconds: int) -> None:
    told = timeofday_pb2.TimeOfDay(hours=hours, minutes=minutes, seconds=seconds)

    with pytest.raises(ValueError, match=r"."):
        leaves.time_of_day(told)


@pytest.mark.parametrize(
    ("year", "month", "day", "known"),
    [(2020, 2, 29, True), (2021, 2, 29, False), (2020, 2, 0, False), (0, 2, 28, False)],
)
def test_a_date_is_whole_and_in_the_calendar(year: int, month: int, day: int, known: bool) -> None:
    told = date_pb2.Date(year=year, month=month, day=day)
    if known:
        assert leaves.day(told) == date(year, month, day)
        return
    with pytest.raises(ValueError, match=r"."):
        leaves.day(told)


@pytest.mark.parametrize(
    ("start", "end", "sound"),
    [(5, 9, True), (5, 5, False), (9, 5, False), (5, None, False), (None, 9, False)],
)
def test_a_window_has_a_start_before_its_end(
    start: int | None, end: int | None, sound: bool
) -> None:
    told = interval_pb2.Interval(
        start_time=None if start is None else Timestamp(seconds=start),
        end_time=None if end is None else Timestamp(seconds=end),
    )
    if sound:
        assert leaves.window(told).length == timedelta(seconds=4)
        return
    with pytest.raises(ValueError, match="window"):
        leaves.window(told)


@pytest.mark.parametrize(
    ("units", "nanos", "micros"),
    [
        (0, 0, 0),
        (1, 500_000_000, 1_500_000),
        (0, 1_000, 1),
        (0, -1_000, -1),
        (-1, -500_000_000, -1_500_000),
        (1, 999_999_000, 1_999_999),
        (9_000_000_000_000, 1_000, 9_000_000_000_000_000_001),
    ],
)
def test_money_is_exact_both_ways(units: int, nanos: int, micros: int) -> None:
    told = money_pb2.Money(currency_code="EUR", units=units, nanos=nanos)
    back = money_pb2.Money()

    leaves.write_money(back, Money("EUR", micros))

    assert leaves.money(told) == Money("EUR", micros)
    assert back == told


@pytest.mark.parametrize(
    ("currency", "units", "nanos"),
    [
        ("EUR", 0, 999),  # less than a millionth
        ("EUR", 1, -1_000),  # of two minds
        ("EUR", -1, 1_000),
        ("EUR", 0, 1_000_000_000),  # a unit among the nanos
        ("EUR", 0, -1_000_000_000),
        ("", 1, 0),
        ("EURO", 1, 0),
    ],
)
def test_money_that_cannot_be_is_refused(currency: str, units: int, nanos: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        leaves.money(money_pb2.Money(currency_code=currency, units=units, nanos=nanos))


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(90.5, 0), (1, 181), (0, 0), (float("nan"), 1)]
)
def test_a_place_that_is_not_on_earth_is_refused(latitude: float, longitude: float) -> None:
    with pytest.raises(ValueError, match=r"."):
        leaves.point(latlng_pb2.LatLng(latitude=latitude, longitude=longitude))


def test_a_place_keeps_every_digit() -> None:
    told = latlng_pb2.LatLng()

    leaves.write_point(told, Point(60.170_123_456_789, -0.000_000_001))

    assert leaves.point(told) == Point(60.170_123_456_789, -0.000_000_001)
