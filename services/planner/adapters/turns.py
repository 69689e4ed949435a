"""
Turns: things that are few, and who waits for them.

Tenants take turns, whatever each of them has waiting; one tenant's own wait in line. The queue is
bounded. When it is full, a tenant with little in it takes the last place of whoever has most.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import Generic, TypeVar

from meshkit.errors import Exhausted

RETRY = timedelta(seconds=2)

Thing = TypeVar("Thing")


class Turns(Generic[Thing]):
    """Gives things to those who wait, one after the other."""

    def __init__(self, waiting_max: int) -> None:
        self._waiting_max = waiting_max
        self._idle: deque[Thing] = deque()
        self._lines: dict[str, deque[asyncio.Future[Thing]]] = {}  # in the order of their turns

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._lines.values()))

    @property
    def idle(self) -> int:
        """How many things nobody has."""
        return len(self._idle)

    async def take(self, who: str) -> Thing:
        """Waits for a thing. Raises Exhausted when too many wait."""
        if self._idle:
            return self._idle.popleft()
        self._make_room(who)
        place: asyncio.Future[Thing] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(who, deque()).append(place)
        try:
            return await place
        except asyncio.CancelledError:
            self._leave(who, place)
            raise

    def give(self, thing: Thing) -> None:
        """Gives a thing, back or new, to whose turn it is."""
        while self._lines:
            who, line = next(iter(self._lines.items()))
            place = line.popleft()
            del self._lines[who]
            if line:
                self._lines[who] = line  # behind all others
            if not place.done():
                place.set_result(thing)
                return
        self._idle.append(thing)

    def _leave(self, who: str, place: asyncio.Future[Thing]) -> None:
        """Gives up a place; what was given in the same moment goes to the next."""
        if place.done() and not place.cancelled() and place.exception() is None:
            self.give(place.result())
        elif place in self._lines.get(who, ()):
            self._lines[who].remove(place)
            if not self._lines[who]:
                del self._lines[who]

    def _make_room(self, who: str) -> None:
        if self.waiting < self._waiting_max:
            return
        most = max(self._lines, key=lambda tenant: len(self._lines[tenant]), default=who)
        if len(self._lines.get(most, ())) <= len(self._lines.get(who, ())) + 1:
            raise busy()
        self._lines[most].pop().set_exception(busy())


def busy() -> Exhausted:
    """What a caller hears for whom there is no place."""
    return Exhausted("SOLVERS_BUSY", "every solver has work", retry_after=RETRY)
