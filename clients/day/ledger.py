"""
What was sent against what the services list: nothing lost, nothing doubled.

The senders keep their own logs; the services are asked page by page. An id that was sent and is not
listed is lost; one that is listed twice, or was never sent, is doubled.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from clients.day.device import Device
from clients.day.gate import Api
from clients.day.partner import Partner
from clients.day.retry import persist
from doorstep.tracking.v1 import tracking_service_pb2 as pb

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Balance:
    """How many of the sent are missing, and how many are there too often."""

    sent: int
    lost: int
    doubled: int

    def __add__(self, other: Balance) -> Balance:
        return Balance(self.sent + other.sent, self.lost + other.lost, self.doubled + other.doubled)


NOTHING = Balance(0, 0, 0)


def balance(sent: Iterable[Hashable], listed: Iterable[Hashable]) -> Balance:
    """Compares two bags of ids."""
    wanted, found = Counter(sent), Counter(listed)
    lost, doubled = wanted - found, found - wanted
    return Balance(wanted.total(), lost.total(), doubled.total())


class Auditor:
    """Asks the services what they have."""

    def __init__(self, api: Api, dice: random.Random) -> None:
        self._api = api
        self._dice = dice

    async def phone(self, device: Device) -> Balance:
        """Events, proofs and positions of one driver's phone."""
        events = [e async for e in self._events(device_id=device.device_id)]
        positions = [p async for p in self._positions(device.device_id)]
        return balance(device.event_ids, events) + balance(device.captured, positions)

    async def partner(self, partner: Partner) -> Balance:
        """Events of the partner's route."""
        reported = set(partner.event_ids)
        listed = [e async for e in self._events() if e in reported]
        return balance(partner.event_ids, listed)

    async def proofs(self, sent: Iterable[str]) -> Balance:
        """Every proof of the day, whoever sent it."""
        pages = self._pages(
            lambda token: self._api.tracking.ListProofs(
                pb.ListProofsRequest(page_size=PAGE, page_token=token)
            )
        )
        return balance(sent, [proof.proof_id async for page in pages for proof in page.proofs])

    async def _events(self, **filters: str) -> AsyncIterator[str]:
        pages = self._pages(
            lambda token: self._api.tracking.ListEvents(
                pb.ListEventsRequest(page_size=PAGE, page_token=token, **filters)
            )
        )
        async for page in pages:
            for event in page.events:
                yield event.event_id

    async def _positions(self, device_id: str) -> AsyncIterator[tuple[str, int]]:
        pages = self._pages(
            lambda token: self._api.tracking.ListPositions(
                pb.ListPositionsRequest(page_size=PAGE, page_token=token, device_id=device_id)
            )
        )
        async for page in pages:
            for kept in page.positions:
                yield kept.epoch, kept.position.sequence

    async def _pages(self, ask: Callable[[str], Awaitable[Any]]) -> AsyncIterator[Any]:
        token = ""
        while True:
            reply = await persist(lambda token=token: ask(token), self._dice)  # type: ignore[misc]
            yield reply
            token = reply.next_page_token
            if not token:
                return
