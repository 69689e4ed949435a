"""
Encoded polylines of precision 5, taken apart and put together. Pure.

Source: "Encoded Polyline Algorithm Format", Google Maps Platform.
"""

from __future__ import annotations

from collections.abc import Iterator

Steps = list[tuple[int, int]]  # points in hundred-thousandths of a degree


def decode(text: str) -> Steps:
    """The points of a polyline."""
    numbers = _numbers(text)
    points, latitude, longitude = [], 0, 0
    for step in numbers:
        latitude += step
        longitude += next(numbers)
        points.append((latitude, longitude))
    return points


def encode(points: Steps) -> str:
    """The polyline of points."""
    parts, before = [], (0, 0)
    for point in points:
        parts += [_chunk(now - old) for now, old in zip(point, before, strict=True)]
        before = point
    return "".join(parts)


def joined(first: str, second: str) -> str:
    """One way after another; the point they share stands once."""
    if not first or not second:
        return first or second
    head, tail = decode(first), decode(second)
    return encode(head + (tail[1:] if head[-1] == tail[0] else tail))


def _numbers(text: str) -> Iterator[int]:
    value = shift = 0
    for character in text:
        bits = ord(character) - 63
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits < 0x20:
            yield ~(value >> 1) if value & 1 else value >> 1
            value = shift = 0


def _chunk(step: int) -> str:
    value = ~(step << 1) if step < 0 else step << 1
    characters = []
    while value >= 0x20:
        characters.append(chr((0x20 | (value & 0x1F)) + 63))
        value >>= 5
    return "".join((*characters, chr(value + 63)))
