"""
Moments and lengths: Timestamps and Durations to whole seconds and back.

A plan never promises more than it was given: starts of windows and lengths round up, ends round
down.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

ALWAYS_FIRST, ALWAYS_LAST = 0, 1 << 40  # an interval without a start, without an end


def up(moment: Any) -> int:
    """A Timestamp or Duration, rounded up."""
    return int(moment.seconds) + (1 if moment.nanos > 0 else 0)


def down(moment: Any) -> int:
    """A Timestamp, rounded down."""
    return int(moment.seconds)


def first_second(interval: Any) -> int:
    """The first whole second of `[start, end)`."""
    return up(interval.start_time) if interval.HasField("start_time") else ALWAYS_FIRST


def last_second(interval: Any) -> int:
    """The last whole second of `[start, end)`."""
    return up(interval.end_time) - 1 if interval.HasField("end_time") else ALWAYS_LAST


def timestamp(second: int) -> Timestamp:
    """A moment of a plan."""
    return Timestamp(seconds=second)


def duration(seconds: int) -> Duration:
    """A length of a plan."""
    return Duration(seconds=seconds)
