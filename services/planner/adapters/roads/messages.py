"""
What the planner and its travel worker say to each other over a pipe.

A message is a JSON head and an array of float64, each with its length before it: numbers by the
thousand never pass through JSON. Matrices travel as files, which the reader maps into memory.
"""

from __future__ import annotations

import itertools
import json
import struct
from asyncio import IncompleteReadError, StreamReader
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

import cattrs
import numpy as np
from numpy.typing import NDArray

from services.planner.domain.travel import (
    BlockedArea,
    Leg,
    Point,
    Profile,
    Snap,
    TravelMatrix,
    TravelNotice,
    TravelQuestion,
)

LENGTHS = struct.Struct("<QQ")  # bytes of the head, bytes of the numbers
Numbers = NDArray[np.float64]
NO_NUMBERS = np.empty(0, np.float64)


@dataclass(frozen=True, slots=True)
class Message:
    """One message, either way."""

    head: dict[str, Any]
    numbers: Numbers


def packed(message: Message) -> bytes:
    """The message as it goes over the pipe."""
    head = json.dumps(message.head, separators=(",", ":")).encode()
    numbers = message.numbers.tobytes()
    return LENGTHS.pack(len(head), len(numbers)) + head + numbers


async def received(reader: StreamReader) -> Message | None:
    """The next message; None when the other side is gone."""
    try:
        head_bytes, number_bytes = LENGTHS.unpack(await reader.readexactly(LENGTHS.size))
        body = await reader.readexactly(head_bytes + number_bytes)
    except IncompleteReadError:
        return None
    return _unpacked(body, head_bytes)


def read(pipe: BinaryIO) -> Message | None:
    """As `received`, waiting in the calling thread."""
    lengths = pipe.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head_bytes, number_bytes = LENGTHS.unpack(lengths)
    return _unpacked(pipe.read(head_bytes + number_bytes), head_bytes)


def _unpacked(body: bytes, head_bytes: int) -> Message:
    return Message(json.loads(body[:head_bytes]), np.frombuffer(body[head_bytes:], np.float64))


def question_message(
    number: int, asked: TravelQuestion, pairs: Sequence[tuple[int, int]] | None
) -> Message:
    """A question; with pairs for legs, without for a matrix."""
    rings = [ring for area in asked.blocked for ring in area.rings]
    points = [*asked.points, *(point for ring in rings for point in ring)]
    head = {
        "number": number,
        "profile": asked.profile.value,
        "departure": asked.departure.isoformat() if asked.departure else None,
        "points": len(asked.points),
        "areas": [[area.area_id, [len(ring) for ring in area.rings]] for area in asked.blocked],
        "pairs": pairs,
    }
    flat = [degrees for point in points for degrees in (point.latitude, point.longitude)]
    return Message(head, np.array(flat, np.float64))


def question(message: Message) -> TravelQuestion:
    """The question in a message."""
    head, degrees = message.head, iter(message.numbers.reshape(-1, 2).tolist())
    points = _points(degrees, head["points"])
    areas = tuple(
        BlockedArea(area_id, tuple(_points(degrees, size) for size in sizes))
        for area_id, sizes in head["areas"]
    )
    departure = datetime.fromisoformat(head["departure"]) if head["departure"] else None
    return TravelQuestion(points, Profile(head["profile"]), departure, areas)


def _points(degrees: Iterator[list[float]], count: int) -> tuple[Point, ...]:
    return tuple(Point(lat, lng) for lat, lng in itertools.islice(degrees, count))


def matrix_message(number: int, found: TravelMatrix, file: str) -> Message:
    """The answer to a matrix question, all but the matrix, which is in the file."""
    head = {
        "number": number,
        "file": file,
        "map_id": found.map_id,
        "notices": cattrs.unstructure(found.notices),
    }
    snaps = [
        (each.has_road, each.distance_meters, each.point.latitude, each.point.longitude)
        for each in found.snaps
    ]
    return Message(head, np.array(snaps, np.float64).ravel())


def matrix(message: Message, both: NDArray[np.int32]) -> TravelMatrix:
    """The answer in a message; `both` are seconds and meters."""
    snaps = tuple(
        Snap(bool(has_road), int(meters), Point(lat, lng))
        for has_road, meters, lat, lng in message.numbers.reshape(-1, 4).tolist()
    )
    notices = cattrs.structure(message.head["notices"], tuple[TravelNotice, ...])
    return TravelMatrix(both[0], both[1], snaps, notices, message.head["map_id"])


def legs_message(number: int, found: Sequence[Leg]) -> Message:
    """The answer to a question for legs."""
    return Message({"number": number, "legs": cattrs.unstructure(tuple(found))}, NO_NUMBERS)


def legs(message: Message) -> tuple[Leg, ...]:
    """The legs in a message."""
    return cattrs.structure(message.head["legs"], tuple[Leg, ...])
