"""
Names for what we make: `rte_` + a UUIDv7 in base32. Standard library only: use it everywhere.

The prefix tells a log line's reader the kind. base32hex keeps the byte order, so ids of one process
sort as they were made, and a store's index grows at one end.

Ids are made from real time, not from the business clock: a paused or replayed day would make the
same instants again, and uniqueness must not hang on a clock that can stand still. For the same
reason an id's time means nothing to the business; what happened when is a field of its own.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable

NewId = Callable[[str], str]  # what a use-case takes where it must name things

_SUBMILLISECOND_BITS = 12  # RFC 9562, 6.2 method 3: rand_a holds the fraction of the millisecond
_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """A new opaque id of the kind `prefix` names, such as `rte_`: 26 characters after it."""
    packed = base64.b32hexencode(new_uuid().bytes)
    return f"{prefix}_{packed.decode().rstrip('=').lower()}"


def new_uuid() -> uuid.UUID:
    """A UUIDv7 (RFC 9562, 5.7), greater than every one this process made before."""
    ticks = _next_ticks()
    milliseconds, fraction = ticks >> _SUBMILLISECOND_BITS, ticks & 0xFFF
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)


class SequentialIds:
    """For tests: `rte_1`, `rte_2`, `stp_1`, counted per kind."""

    def __init__(self) -> None:
        self._made = Counter[str]()

    def __call__(self, prefix: str) -> str:
        """The next id of a kind."""
        self._made[prefix] += 1
        return f"{prefix}_{self._made[prefix]}"


def _next_ticks() -> int:
    """Real time in 1/4096 ms; one more than the last when the clock stands or steps back."""
    global _last
    with _lock:
        _last = max(_last + 1, (time.time_ns() << _SUBMILLISECOND_BITS) // 1_000_000)
        return _last
