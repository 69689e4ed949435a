"""
What the planner and its solver processes say to each other: values, each with its length before it.

Both ends are this program in this version, started by it: no one else writes to these pipes.
"""

from __future__ import annotations

import asyncio
import pickle
import struct
from asyncio import IncompleteReadError, StreamReader
from typing import Any, BinaryIO

LENGTH = struct.Struct("<Q")
READ_AT_ONCE_BYTES = 32_768  # read within a millisecond; what is longer is read beside the loop


class Ended(Exception):
    """The other end is gone."""


def packed(value: object) -> bytes:
    """A value as it goes over the pipe."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body


async def received(reader: StreamReader) -> Any:
    """The next value; raises Ended when there is none."""
    try:
        (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        body = await reader.readexactly(length)
    except IncompleteReadError as error:
        raise Ended from error
    if len(body) > READ_AT_ONCE_BYTES:
        return await asyncio.to_thread(pickle.loads, body)
    return pickle.loads(body)  # noqa: S301 - from our own child, see above


def read(pipe: BinaryIO) -> Any:
    """As `received`, waiting in the calling thread."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise Ended
    return pickle.loads(pipe.read(LENGTH.unpack(head)[0]))  # noqa: S301 - from our own parent
