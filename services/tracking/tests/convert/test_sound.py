"""
Batches that are taken as a whole.

Goal: what is sound as a whole is exactly what judging each position would keep; and whatever is odd
in one position is never taken as sound.
"""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from doorstep.tracking.v1 import tracking_event_pb2 as event_pb
from services.tracking.convert import positions as judging
from services.tracking.convert.positions import batch
from services.tracking.convert.sound import sound
from services.tracking.convert.wire import EPOCH as WIRE_EPOCH
from services.tracking.convert.wire import stamp
from services.tracking.domain.batch import Batch, Columns, Lane
from services.tracking.domain.fix import FUTURE_MAX, PAST_MAX, RejectReason
from services.tracking.tests.convert.test_positions import INT64, at, north, position
from services.tracking.tests.town import EPOCH, NINE

HOME = 60.17, 24.94
WHOSE = "tenant", "phone-1", UUID(EPOCH)


def whole(*positions: Any, home: tuple[float, float] | None = None) -> Columns | None:
    """A batch taken as a whole."""
    since = (NINE - PAST_MAX - WIRE_EPOCH) / timedelta(seconds=1)
    return sound(positions, since, (NINE + FUTURE_MAX - WIRE_EPOCH) // timedelta(seconds=1), home)


def one_by_one(positions: list[Any], monkeypatch: pytest.MonkeyPatch) -> Batch:
    """The same judged position by position."""
    monkeypatch.setattr(judging, "sound", lambda *_: None)
    return batch(WHOSE, 0, Lane.LIVE, positions, NINE)


def drive(dice: random.Random) -> list[Any]:
    """A sound batch: some of everything that may be left out is left out."""
    sequence, made = dice.randint(1, 10**6), []
    gaps, pace = dice.random() < 0.3, dice.uniform(0, 30)
    for rank in range(dice.randint(1, 40)):
        sequence += dice.randint(1, 3) if gaps else 1
        one = position(sequence, rank / 7, location=north(rank * pace))
        if dice.random() < 0.7:
            one.accuracy_meters = dice.randint(0, 50)
        if dice.random() < 0.7:
            one.speed_centimeters_per_second = dice.choice([0, 830])
        if dice.random() < 0.7:
            one.heading_degrees = dice.choice([0.0, 359.9])
        if dice.random() < 0.2:
            one.uptime_duration.CopyFrom(Duration(seconds=rank, nanos=999_000_000))
        if dice.random() < 0.2:
            one.telemetry.CopyFrom(event_pb.Telemetry(odometer_meters=dice.choice([-1, 0, 7])))
        made.append(one)
    return made


@pytest.mark.parametrize("seed", range(30))
def test_a_batch_taken_as_a_whole_is_what_judging_each_would_keep(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = drive(random.Random(seed))

    assert whole(*way) == one_by_one(way, monkeypatch).columns


@pytest.mark.parametrize(
    "odd",
    [
        {"location": at(math.nan, 25)},
        {"location": at(60, math.inf)},
        {"location": at(91, 25)},
        {"location": at(60, -181)},
        {"location": at(0, 0)},
        {"location": None},
        {"location": north(50_000)},
        {"sequence": 1},
        {"sequence": 0},
        {"sequence": INT64},
        {"device_time": None},
        {"device_time": Timestamp(seconds=1)},
        {"device_time": stamp(NINE + timedelta(days=1))},
        {"device_time": Timestamp(seconds=int(NINE.timestamp()), nanos=-1)},
        {"accuracy_meters": -1},
        {"accuracy_meters": 10**9},
        {"speed_centimeters_per_second": -1},
        {"speed_centimeters_per_second": INT64},
        {"heading_degrees": math.nan},
        {"heading_degrees": 361},
        {"uptime_duration": Duration(seconds=-1)},
        {"uptime_duration": Duration(nanos=-1)},
    ],
)
@pytest.mark.parametrize("rank", [0, 2, 4])
def test_a_batch_with_anything_odd_in_it_is_not_sound(odd: dict[str, Any], rank: int) -> None:
    way = [position(n) for n in range(1, 6)]
    way[rank] = position(**({"sequence": rank + 1, "second": rank + 1} | odd))

    assert whole(*way) is None or (rank == 0 and odd == {"sequence": 1})


def test_nothing_is_sound() -> None:
    assert whole() == Columns()


def test_a_batch_out_of_order_is_kept_in_order_and_the_same_twice_counts_once() -> None:
    told = batch(WHOSE, 0, Lane.LIVE, [position(3), position(1), position(2), position(1)], NINE)

    assert (told.columns.sequences, told.indexes) == ([1, 2, 3], (1, 2, 0))
    assert (told.repeats, told.rejects, told.runs) == (1, (), ((1, 3),))


def test_two_contents_of_one_sequence_in_a_batch_keep_the_first() -> None:
    told = batch(WHOSE, 0, Lane.LIVE, [position(1), position(1, location=north(40))], NINE)

    assert [(one.index, one.reason) for one in told.rejects] == [
        (1, RejectReason.SEQUENCE_CONFLICT)
    ]
    assert told.columns.latitudes == [position(1).location.latitude]


# Exchanged coordinates.


@pytest.mark.parametrize(
    ("latitude", "longitude", "refused"),
    [
        (60.17, 24.94, False),
        (24.94, 60.17, True),  # exchanged at home
        (25.30, 60.40, True),  # exchanged, half an hour away
        (59.33, 18.07, False),  # Stockholm: far, and nowhere near when exchanged
        (18.07, 59.33, False),  # Stockholm exchanged: no nearer to home than a hundredth
        (52.52, 13.40, False),
        (25.0, 60.0, True),
    ],
)
def test_exchanged_coordinates_are_refused_by_where_the_device_is_at_work(
    latitude: float, longitude: float, refused: bool
) -> None:
    told = batch(WHOSE, 0, Lane.LIVE, [position(location=at(latitude, longitude))], NINE, HOME)

    assert [one.reason for one in told.rejects] == [RejectReason.SWAPPED] * refused
    assert (whole(position(location=at(latitude, longitude)), home=HOME) is None) or not refused


def test_nothing_is_said_of_coordinates_where_home_is_not_known() -> None:
    assert whole(position(location=at(24.94, 60.17))) is not None
