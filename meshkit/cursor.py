"""
Cursors: where a reader stands in a feed, as a token that only the feed's owner reads.

A feed has shards, and a reader stands somewhere in each: a cursor is the vector of the sequences it
has read. The token carries a version, and a mark of the feed, so that one service's cursor shown to
another is refused instead of read as a position.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Mapping

from meshkit.errors import Invalid

Positions = Mapping[int, int]  # shard -> sequence of the last change read; 0 before the first

VERSION = 1
SHARDS_MAX = 64
_HEAD = struct.Struct(">BHB")  # version, mark of the feed, number of shards
TOKEN_CHARACTERS_MAX = 4 * (_HEAD.size + 8 * SHARDS_MAX) // 3 + 4


def pack(feed: str, positions: Positions) -> str:
    """The token of a place; shards are numbered from 0 without gaps."""
    vector = [positions[shard] for shard in range(len(positions))]
    packed = _HEAD.pack(VERSION, mark(feed), len(vector)) + struct.pack(f">{len(vector)}Q", *vector)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def unpack(feed: str, token: str) -> dict[int, int]:
    """The place that a token stands for. Raises Invalid `CURSOR_INVALID` for any other string."""
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        version, marked, count = _HEAD.unpack_from(packed)
        vector = struct.unpack(f">{count}Q", packed[_HEAD.size :])
    except (binascii.Error, ValueError, struct.error) as error:
        raise invalid("it was not made by a feed") from error
    if (version, marked) != (VERSION, mark(feed)):
        raise invalid("it was made by another feed or another version")
    return dict(enumerate(vector))


def invalid(why: str) -> Invalid:
    """The error of a token that cannot be used."""
    return Invalid("CURSOR_INVALID", f"not a cursor of this feed: {why}")


def mark(feed: str) -> int:
    """Sixteen bits that tell feeds apart."""
    return zlib.crc32(feed.encode()) & 0xFFFF
