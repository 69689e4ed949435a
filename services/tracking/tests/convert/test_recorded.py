"""
Recorded positions and refusals, to the wire.

Goal: what is listed is what was sent, with what its time is worth.
"""

from __future__ import annotations

import pytest
from google.protobuf.duration_pb2 import Duration

from doorstep.tracking.v1 import position_pb2
from doorstep.tracking.v1 import tracking_event_pb2 as event_pb
from services.tracking.convert.positions import recorded_to_proto, rejects_to_proto
from services.tracking.convert.wire import point
from services.tracking.domain.fix import Fix, RecordedFix, Reject, RejectReason, TimeQuality
from services.tracking.domain.words import Ignition
from services.tracking.tests.convert.test_positions import Q, R, at, position
from services.tracking.tests.town import EPOCH, NINE


def test_a_recorded_position_is_told_as_it_was_sent() -> None:
    sent = position(
        7,
        accuracy_meters=8,
        heading_degrees=12.5,
        speed_centimeters_per_second=900,
        uptime_duration=Duration(seconds=3),
        telemetry=event_pb.Telemetry(ignition=event_pb.IGNITION_ON, odometer_meters=5),
    )
    fix = Fix(
        EPOCH, 7, sent.device_time.ToDatetime(NINE.tzinfo), point(sent.location), 8, 900, 12.5,
        Ignition.ON, 5,
    )  # fmt: skip

    told = recorded_to_proto(RecordedFix("phone-1", fix, NINE, Q.CORRECTED, "van-1", "d-1", 3_000))

    assert told.position == sent
    assert told.time_quality == position_pb2.TIME_QUALITY_CORRECTED
    assert (told.device_id, told.vehicle_id, told.driver_id) == ("phone-1", "van-1", "d-1")


def test_a_position_without_instruments_is_told_without() -> None:
    fix = Fix(EPOCH, 1, NINE, point(at(60, 25)))

    assert not recorded_to_proto(RecordedFix("phone-1", fix, NINE, Q.OK)).position.HasField(
        "telemetry"
    )


@pytest.mark.parametrize("reason", list(R))
def test_every_reason_has_a_word_in_the_contract(reason: RejectReason) -> None:
    (told,) = rejects_to_proto([Reject(3, 1, reason)])

    assert position_pb2.PositionRejectReason.Name(told.reason).endswith(reason)
    assert (told.sequence, told.index) == (3, 1)


@pytest.mark.parametrize("quality", list(Q))
def test_the_numbers_of_time_quality_are_the_contracts(quality: TimeQuality) -> None:
    assert position_pb2.TimeQuality.Name(quality.value) == f"TIME_QUALITY_{quality.name}"  # type: ignore[arg-type]
