"""
Which positions are kept, and what their times are worth.

Goal: a bad position is refused with its reason and takes no other with it; a wrong clock loses
nothing. Method: batches of a few positions along a meridian, where a degree is 111.2 km; then heaps
of nonsense, which may neither raise nor shift the columns.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import position_pb2
from doorstep.tracking.v1 import tracking_event_pb2 as event_pb
from services.tracking.convert.positions import batch
from services.tracking.convert.wire import EPOCH as WIRE_EPOCH
from services.tracking.convert.wire import stamp
from services.tracking.domain.batch import Batch, Lane
from services.tracking.domain.fix import (
    FUTURE_MAX,
    PAST_MAX,
    ROLLOVER,
    Reject,
    RejectReason,
    TimeQuality,
)
from services.tracking.tests.town import EPOCH, NINE

R, Q = RejectReason, TimeQuality
DEGREE_METERS = 111_195.08
YEAR_1, YEAR_9999 = -62_135_596_800, 253_402_300_799  # seconds; the first and last of a Timestamp
INT64 = 2**63 - 1


def position(sequence: int = 1, second: float | None = None, **fields: Any) -> Any:
    """A position a second after the one before, a meter on, unless told otherwise."""
    when = NINE - timedelta(minutes=1) + timedelta(seconds=sequence if second is None else second)
    told: dict[str, Any] = {
        "sequence": sequence,
        "device_time": stamp(when),
        "location": north(sequence % 1_000),
        **fields,
    }
    return position_pb2.Position(**{name: one for name, one in told.items() if one is not None})


def at(latitude: float, longitude: float) -> LatLng:
    """A place."""
    return LatLng(latitude=latitude, longitude=longitude)


def north(meters: float) -> LatLng:
    """A place so many meters up the meridian."""
    return at(60 + meters / DEGREE_METERS, 25)


def judged(*positions: Any, received: datetime = NINE) -> Batch:
    """A batch of one device."""
    return batch(("tenant", "phone-1", UUID(EPOCH)), 0, Lane.LIVE, positions, received)


def reasons(*positions: Any) -> list[RejectReason]:
    """Why positions were refused."""
    return [one.reason for one in judged(*positions).rejects]


# One position.


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"location": at(math.nan, 25)}, R.NON_FINITE),
        ({"location": at(60, math.inf)}, R.NON_FINITE),
        ({"location": at(-math.inf, 25)}, R.NON_FINITE),
        ({"location": at(90.0001, 25)}, R.OUT_OF_RANGE),
        ({"location": at(-90.0001, 25)}, R.OUT_OF_RANGE),
        ({"location": at(60, 180.0001)}, R.OUT_OF_RANGE),
        ({"location": at(60, -180.0001)}, R.OUT_OF_RANGE),
        ({"location": None}, R.OUT_OF_RANGE),
        ({"device_time": None}, R.OUT_OF_RANGE),
        ({"device_time": Timestamp(seconds=YEAR_9999 + 1)}, R.OUT_OF_RANGE),
        ({"device_time": Timestamp(seconds=YEAR_1 - 1)}, R.OUT_OF_RANGE),
        ({"device_time": Timestamp(seconds=1, nanos=10**9)}, R.OUT_OF_RANGE),
        ({"device_time": Timestamp(seconds=1, nanos=-1)}, R.OUT_OF_RANGE),
        ({"accuracy_meters": -1}, R.OUT_OF_RANGE),
        ({"accuracy_meters": INT64}, R.OUT_OF_RANGE),
        ({"speed_centimeters_per_second": -1}, R.OUT_OF_RANGE),
        ({"speed_centimeters_per_second": INT64}, R.OUT_OF_RANGE),
        ({"heading_degrees": -0.1}, R.OUT_OF_RANGE),
        ({"heading_degrees": 360.1}, R.OUT_OF_RANGE),
        ({"uptime_duration": Duration(seconds=INT64)}, R.OUT_OF_RANGE),
        ({"uptime_duration": Duration(seconds=-1)}, R.OUT_OF_RANGE),
        ({"location": at(0, 0)}, R.NULL_ISLAND),
        ({"location": at(8e-6, -8e-6)}, R.NULL_ISLAND),  # within a meter
        ({"sequence": 0}, R.SEQUENCE_INVALID),
        ({"sequence": -7}, R.SEQUENCE_INVALID),
        ({"sequence": INT64, "location": north(0), "second": 1}, R.SEQUENCE_INVALID),
    ],
)
def test_a_position_that_cannot_be_is_refused_with_its_reason(
    fields: dict[str, Any], reason: RejectReason
) -> None:
    assert reasons(position(**fields)) == [reason]


@pytest.mark.parametrize("heading", [math.nan, math.inf, -math.inf])
def test_a_course_that_is_no_number_is_refused(heading: float) -> None:
    assert len(reasons(position(heading_degrees=heading))) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"location": at(90, 180)},
        {"location": at(-90, -180)},
        {"location": at(2e-5, 0)},  # two meters beside null island is the Gulf of Guinea
        {"location": at(0, 2e-5)},
        {"location": at(0, 25)},
        {"accuracy_meters": 0},
        {"speed_centimeters_per_second": 0},
        {"heading_degrees": 0},
        {"heading_degrees": 360},
        {"uptime_duration": Duration(seconds=3_600 * 24 * 365)},
        {"sequence": 2**62 - 1, "location": north(0)},
    ],
)
def test_a_position_at_a_bound_is_kept(fields: dict[str, Any]) -> None:
    told = {"second": 1, **fields}

    assert reasons(position(**told)) == []


def test_what_was_not_said_is_not_zero() -> None:
    columns = judged(position()).columns

    assert (columns.speeds, columns.headings, columns.uptimes) == ([None], [None], [None])
    assert (columns.odometers, columns.charges, columns.ignitions) == ([None], [None], [0])


def test_what_was_said_is_kept() -> None:
    read = event_pb.Telemetry(
        ignition=event_pb.IGNITION_ON,
        odometer_meters=123_456,
        state_of_charge_ratio=0.5,
        auxiliary_needed=True,
    )
    columns = judged(
        position(
            accuracy_meters=8,
            speed_centimeters_per_second=0,
            heading_degrees=359.5,
            uptime_duration=Duration(seconds=2, nanos=500_000_000),
            telemetry=read,
        )
    ).columns

    assert (columns.accuracies, columns.speeds, columns.headings) == ([8], [0], [359.5])
    assert (columns.uptimes, columns.ignitions) == ([2_500], [2])
    assert (columns.odometers, columns.charges) == ([123_456], [0.5])
    assert columns.auxiliaries == [True]


@pytest.mark.parametrize(
    "bad",
    [
        {"odometer_meters": -1},
        {"state_of_charge_ratio": 1.01},
        {"state_of_charge_ratio": math.nan},
        {"ignition": 99},
    ],
)
def test_an_instrument_that_lies_is_not_read_and_its_position_is_kept(bad: dict[str, Any]) -> None:
    columns = judged(position(telemetry=event_pb.Telemetry(**bad))).columns

    assert (columns.odometers, columns.charges, columns.ignitions) == ([None], [None], [0])


# Time.


@pytest.mark.parametrize(
    ("off", "quality"),
    [
        (timedelta(), Q.OK),
        (-PAST_MAX, Q.OK),
        (-PAST_MAX - timedelta(microseconds=1), Q.SUSPECT),
        (FUTURE_MAX, Q.OK),
        (FUTURE_MAX + timedelta(microseconds=1), Q.SUSPECT),
        (timedelta(days=3_650), Q.SUSPECT),
        (-ROLLOVER, Q.CORRECTED),
        (ROLLOVER, Q.CORRECTED),
        (-ROLLOVER - PAST_MAX, Q.CORRECTED),
        (-ROLLOVER - PAST_MAX - timedelta(microseconds=1), Q.SUSPECT),
    ],
)
@pytest.mark.parametrize("fraction", [0, 0.2, 0.999999])
def test_a_time_is_worth_what_the_contract_says_to_the_microsecond(
    off: timedelta, quality: TimeQuality, fraction: float
) -> None:
    received = NINE + timedelta(seconds=fraction)
    columns = judged(position(device_time=stamp(received + off)), received=received).columns

    assert columns.qualities == [quality]
    shifted = {Q.CORRECTED: ROLLOVER if off < timedelta() else -ROLLOVER}
    when = received + off + shifted.get(quality, timedelta())
    assert columns.times == [(when - WIRE_EPOCH) // timedelta(microseconds=1)]


@pytest.mark.parametrize("seconds", [1, -1, YEAR_1, YEAR_1 + 86_400, YEAR_9999 - 86_400, YEAR_9999])
def test_a_time_at_the_end_of_the_calendar_is_refused_or_suspect_and_breaks_nothing(
    seconds: int,
) -> None:
    odd = position(2, device_time=Timestamp(seconds=seconds))

    told = judged(position(1), odd, position(3))

    kept = dict(zip(told.columns.sequences, told.columns.qualities, strict=True))
    assert (kept[1], kept[3]) == (Q.OK, Q.OK)
    assert kept.get(2, Q.SUSPECT) is Q.SUSPECT


def test_a_fast_clock_moves_no_other_position() -> None:
    fast = position(2, device_time=stamp(NINE + timedelta(days=1)))

    assert judged(position(1), fast, position(3)).columns.qualities == [Q.OK, Q.SUSPECT, Q.OK]


# Speed.


@pytest.mark.parametrize(
    ("meters", "seconds", "refused"),
    [
        (269, 1, False),  # less than three seconds apart nobody is measured more closely
        (271, 1, True),
        (895, 10, False),
        (905, 10, True),
        (269, 0, False),
        (271, 0, True),
        (905, -10, True),  # newest first
        (895, -10, False),
    ],
)
def test_nobody_drives_faster_than_90_meters_a_second(
    meters: float, seconds: float, refused: bool
) -> None:
    first = position(1, 20, location=north(0))
    second = position(2, 20 + seconds, location=north(meters))

    assert reasons(first, second) == ([R.IMPOSSIBLE_SPEED] if refused else [])


def test_a_spike_is_refused_and_the_way_goes_on() -> None:
    way = [position(n, location=north(10 * n)) for n in range(1, 7)]
    way[2] = position(3, location=north(50_000))

    told = judged(*way)

    assert told.rejects == (Reject(3, 2, R.IMPOSSIBLE_SPEED),)
    assert told.columns.sequences == [1, 2, 4, 5, 6]


def test_a_jump_that_the_next_position_confirms_was_none() -> None:
    ferry = [
        position(1, location=north(0)),
        *(position(n, location=north(90_000)) for n in (2, 3, 4)),
    ]

    assert judged(*ferry).columns.sequences == [1, 3, 4]


def test_two_spikes_in_different_places_are_both_refused() -> None:
    way = [position(n, location=north(10 * n)) for n in range(1, 6)]
    way[1], way[2] = position(2, location=north(50_000)), position(3, location=north(-50_000))

    assert judged(*way).columns.sequences == [1, 4, 5]


def test_crossing_the_antimeridian_is_no_jump() -> None:
    fiji = position(1, location=at(-17, 179.9999)), position(2, location=at(-17, -179.9999))

    assert reasons(*fiji) == []


def test_a_refused_position_is_no_measure_for_the_next_one() -> None:
    assert reasons(position(1), position(2, location=at(0, 0)), position(3)) == [R.NULL_ISLAND]


# Batches.


def test_a_bad_position_takes_no_other_with_it() -> None:
    told = judged(position(1), position(2, location=at(math.nan, 0)), position(3))

    assert told.columns.sequences == [1, 3]
    assert told.indexes == (0, 2)
    assert told.rejects == (Reject(2, 1, R.NON_FINITE),)


def test_a_refused_sequence_is_answered_and_an_invalid_one_cannot_be() -> None:
    assert judged(position(1), position(2, location=at(0, 0)), position(3)).runs == ((1, 3),)
    assert judged(position(1), position(0), position(3)).runs == ((1, 1), (3, 3))


def test_an_empty_batch_keeps_nothing_and_refuses_nothing() -> None:
    told = judged()

    assert (len(told.columns), told.rejects, told.indexes) == (0, (), ())


def nonsense(dice: random.Random) -> Any:
    """A position of anything at all."""
    number = dice.choice([0.0, 1.0, -1.0, 60.0, 91.0, math.nan, math.inf, -math.inf, 1e308])
    whole = dice.choice([0, 1, -1, 59, 10**9, 10**12, YEAR_1, YEAR_9999, INT64, -INT64])
    made = position_pb2.Position(sequence=dice.choice([1, 2, 3, 0, -1, INT64]))
    if dice.random() < 0.9:
        made.device_time.seconds = whole
        made.device_time.nanos = dice.choice([0, 1, 999_999_999, -1, 2**31 - 1])
    if dice.random() < 0.9:
        made.location.latitude, made.location.longitude = number, dice.choice([number, 25.0])
    if dice.random() < 0.5:
        made.accuracy_meters = whole
        made.heading_degrees = number
        made.speed_centimeters_per_second = whole
        made.uptime_duration.seconds = whole
    if dice.random() < 0.5:
        made.telemetry.odometer_meters = whole
        made.telemetry.state_of_charge_ratio = number
    return made


@pytest.mark.parametrize("seed", range(20))
def test_no_nonsense_raises_or_shifts_the_columns(seed: int) -> None:
    dice = random.Random(seed)
    heap: Sequence[Any] = [nonsense(dice) for _ in range(100)]

    told = judged(*heap)

    columns = told.columns
    names = type(columns).__slots__
    assert {len(getattr(columns, name)) for name in names} == {len(columns)}
    assert len(columns) + len(told.rejects) == len(heap)
    assert sorted((*told.indexes, *(one.index for one in told.rejects))) == list(range(100))
    assert all(0 <= up < 2**62 for up in columns.uptimes if up is not None)
    assert all(math.isfinite(degrees) for degrees in (*columns.latitudes, *columns.longitudes))
