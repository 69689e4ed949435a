"""
The carbon ledger at the end of the day, read through the contract: does every milligram find its
parcels?

Four ways to the same sum: the legs themselves, the shares that deliveries got of them, and the
reports by route and by delivery. All are whole numbers, so they are equal or wrong.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from clients.day.gate import Api
from clients.day.retry import persist
from clients.day.wire import interval
from doorstep.compliance.v1 import emission_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb

PAGE = 1000
KILOGRAM = 1_000_000  # in milligrams


@dataclass(frozen=True, slots=True)
class Carbon:
    """Sums in milligrams, well to wheel."""

    legs: int  # how many there are
    uneven: int  # legs whose shares do not add up to them, in any of the parts
    leg_milligrams: int
    shared_milligrams: int  # what deliveries got of the legs
    unshared_milligrams: int  # of legs whose route has carried nothing, such as an empty return
    route_milligrams: int
    delivery_milligrams: int  # with a row of its own for what is unshared

    @property
    def adds_up(self) -> bool:
        """Whether there is a ledger, and nothing of it is lost or counted twice."""
        sums = {
            self.leg_milligrams,
            self.shared_milligrams + self.unshared_milligrams,
            self.route_milligrams,
            self.delivery_milligrams,
        }
        return self.legs > 0 and not self.uneven and len(sums) == 1

    def __str__(self) -> str:
        """For people."""
        told = f"{self.leg_milligrams / KILOGRAM:.3f} kg of {self.legs} legs"
        return f"{told}, {self.shared_milligrams / KILOGRAM:.3f} kg of it on deliveries"


async def carbon(api: Api, start: datetime, end: datetime, dice: random.Random) -> Carbon:
    """What the ledger says of a day."""
    records = [record async for record in _records(api, start, end, dice)]
    shared = [record for record in records if record.shares]
    return Carbon(
        legs=len(records),
        uneven=sum(map(is_uneven, shared)),
        leg_milligrams=sum(record.co2e.wtw_milligrams for record in records),
        shared_milligrams=sum(s.co2e.wtw_milligrams for r in shared for s in r.shares),
        unshared_milligrams=sum(r.co2e.wtw_milligrams for r in records if not r.shares),
        route_milligrams=await _reported(
            api, start, end, dice, emission_pb2.REPORT_DIMENSION_ROUTE
        ),
        delivery_milligrams=await _reported(
            api, start, end, dice, emission_pb2.REPORT_DIMENSION_DELIVERY
        ),
    )


def is_uneven(record: emission_pb2.EmissionRecord) -> bool:
    """Whether the shares of a leg do not add up to it: well to tank, tank to wheel, and both."""
    return parts([record.co2e]) != parts([share.co2e for share in record.shares])


def parts(several: Sequence[emission_pb2.Co2e]) -> tuple[int, int, int]:
    """The sums of each part."""
    return (
        sum(one.wtt_milligrams for one in several),
        sum(one.ttw_milligrams for one in several),
        sum(one.wtw_milligrams for one in several),
    )


async def _records(
    api: Api, start: datetime, end: datetime, dice: random.Random
) -> AsyncIterator[emission_pb2.EmissionRecord]:
    request = pb.ListEmissionRecordsRequest(interval=interval(start, end), page_size=PAGE)
    while True:
        reply = await persist(lambda: api.emissions.ListEmissionRecords(request), dice)
        for record in reply.records:
            yield record
        if not reply.next_page_token:
            return
        request.page_token = reply.next_page_token


async def _reported(
    api: Api,
    start: datetime,
    end: datetime,
    dice: random.Random,
    dimension: emission_pb2.ReportDimension.ValueType,
) -> int:
    """The rows of a report added up."""
    request = pb.GetEmissionReportRequest(
        interval=interval(start, end), dimension=dimension, page_size=PAGE
    )
    found = 0
    while True:
        reply = await persist(lambda: api.emissions.GetEmissionReport(request), dice)
        found += sum(row.co2e.wtw_milligrams for row in reply.rows)
        if not reply.next_page_token:
            return found
        request.page_token = reply.next_page_token
