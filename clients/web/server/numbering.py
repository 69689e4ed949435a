"""
Under which epoch and sequence a fix is kept whose device numbers nothing. Pure.

The device's own time names the fix, so that a repeat is the same position and not news: the slot of
four hours in which it lies is the epoch, the second within the slot is the sequence. Two fixes of
one second count as one. Gaps in the sequence are seconds without a fix and say nothing of losses;
four hours hold at most 7,200 of them, and the store ends an epoch at 10,000.

A fix whose time cannot be right (tracking keeps it and marks it SUSPECT) is numbered in the slot of
its receipt, so that a wrong clock opens no more epochs than a right one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

SLOT_SECONDS = 4 * 3_600
PAST_MAX = timedelta(days=30)  # as TIME_QUALITY_OK of the contract
FUTURE_MAX = timedelta(minutes=2)
OPENINGS = UUID("6f6b7a52-3c0e-5d0b-9d52-0a4d5f0e3c11")  # the namespace of our opening requests


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fix is kept."""

    slot: str  # names the epoch within the device
    sequence: int


def place_of(taken: datetime, now: datetime) -> Place:
    """The same for the same moment, whenever it comes within a month."""
    seconds = int(taken.timestamp())
    sequence = seconds % SLOT_SECONDS + 1
    if now - PAST_MAX <= taken <= now + FUTURE_MAX:
        return Place(slot_at(seconds), sequence)
    return Place(f"suspect {slot_at(int(now.timestamp()))}", sequence)


def slot_at(seconds: int) -> str:
    """The beginning of the slot, as people read it."""
    return datetime.fromtimestamp(seconds - seconds % SLOT_SECONDS, UTC).strftime("%Y-%m-%dT%H")


def opening_of(device_id: str, slot: str) -> str:
    """The request that opens a device's slot: whoever asks again gets the same epoch."""
    return str(uuid5(OPENINGS, f"{device_id} {slot}"))
