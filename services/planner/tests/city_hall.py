"""
A compliance of one zone, for tests of the planner: a rectangle, closed or charged by the hour.

It speaks the contract on a real port and really looks where a line or a point lies. What it cannot
do is everything that compliance knows besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import polyline
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import access_rule_pb2, decision_pb2, vehicle_pb2, zone_pb2
from doorstep.compliance.v1 import check_service_pb2 as pb
from doorstep.compliance.v1 import check_service_pb2_grpc as pb_grpc
from meshkit.errors import Unavailable

STEPS = 50  # looks taken along each straight piece of a line
RULES_VERSION = 7
CHARGE_MICROS = 4_000_000


@dataclass(frozen=True, slots=True)
class Zone:
    """A rectangle where diesel is kept out, or charged, for a span of time."""

    south: float
    west: float
    north: float
    east: float
    start: int
    end: int
    verdict: decision_pb2.Verdict.ValueType = decision_pb2.VERDICT_DENY

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a position lies in it."""
        return self.south < latitude < self.north and self.west < longitude < self.east


@dataclass
class CityHall(pb_grpc.CheckServiceServicer):
    """CheckService over some zones."""

    zones: list[Zone] = field(default_factory=list)
    is_away: bool = False
    asked: list[str] = field(default_factory=list)

    async def ListAccessAreas(  # noqa: N802
        self, request: pb.ListAccessAreasRequest, context: Any
    ) -> pb.ListAccessAreasResponse:
        """Every zone, for diesel."""
        self._note("areas")
        kept_out = request.vehicle.fuel == vehicle_pb2.FUEL_DIESEL
        areas = [area(n, zone) for n, zone in enumerate(self.zones)] if kept_out else []
        return pb.ListAccessAreasResponse(areas=areas, rules_version=RULES_VERSION)

    async def CheckAccess(  # noqa: N802
        self, request: pb.CheckAccessRequest, context: Any
    ) -> pb.CheckAccessResponse:
        """Looks at every point and line."""
        self._note("check")
        fuels = {vehicle.vehicle_id: vehicle.fuel for vehicle in request.vehicles}
        answers = [
            self._answer(query, fuels[query.vehicle_id] == vehicle_pb2.FUEL_DIESEL)
            for query in request.queries
        ]
        return pb.CheckAccessResponse(answers=answers, rules_version=RULES_VERSION)

    def _note(self, what: str) -> None:
        self.asked.append(what)
        if self.is_away:
            raise Unavailable("STORE_UNAVAILABLE", "the city hall is closed")

    def _answer(self, query: pb.AccessQuery, kept_out: bool) -> pb.AccessAnswer:
        found = [
            finding(rank, zone)
            for rank, zone in enumerate(self.zones)
            if kept_out and touches(zone, query.presence)
        ]
        worst = max((one.verdict for one in found), default=decision_pb2.VERDICT_ALLOW)
        return pb.AccessAnswer(verdict=worst, findings=found)


def touches(zone: Zone, presence: decision_pb2.Presence) -> bool:
    """Whether a presence is in a zone while it holds; time runs evenly along a line."""
    begun, lasted = presence.entry_time.seconds, presence.duration.seconds
    looks = list(along(presence))
    for rank, (latitude, longitude) in enumerate(looks):
        second = begun + lasted * rank / max(1, len(looks) - 1)
        if zone.holds(latitude, longitude) and zone.start <= second < zone.end:
            return True
    return False


def along(presence: decision_pb2.Presence) -> Sequence[tuple[float, float]]:
    """Positions along a presence."""
    if presence.WhichOneof("place") == "point":
        return [(presence.point.latitude, presence.point.longitude)]
    corners: list[tuple[float, float]] = polyline.decode(presence.polyline)
    if presence.WhichOneof("place") == "leg":
        ends = (presence.leg.origin, presence.leg.destination)
        corners = [(end.latitude, end.longitude) for end in ends]
    return [
        (a[0] + (b[0] - a[0]) * n / STEPS, a[1] + (b[1] - a[1]) * n / STEPS)
        for a, b in pairwise(corners)
        for n in range(STEPS + 1)
    ]


def area(rank: int, zone: Zone) -> pb.AccessArea:
    """A zone as an area with one span."""
    corners = [(zone.south, zone.west), (zone.south, zone.east),
               (zone.north, zone.east), (zone.north, zone.west)]  # fmt: skip
    ring = zone_pb2.Ring(points=[LatLng(latitude=y, longitude=x) for y, x in corners])
    span = pb.AccessSpan(
        interval=Interval(
            start_time=Timestamp(seconds=zone.start), end_time=Timestamp(seconds=zone.end)
        ),
        verdict=zone.verdict,
        rule_ids=["diesel"],
    )
    return pb.AccessArea(zone_id=f"zone-{rank}", areas=[zone_pb2.Polygon(outer=ring)], spans=[span])


def finding(rank: int, zone: Zone) -> decision_pb2.Finding:
    """What a zone says; one that charges asks for its charge once a day."""
    due = decision_pb2.ChargeDue(
        zone_id=f"zone-{rank}",
        rule_id="diesel",
        amount_micros=CHARGE_MICROS,
        currency_code="EUR",
        unit=access_rule_pb2.CHARGE_UNIT_DAY,
    )
    charged = zone.verdict == decision_pb2.VERDICT_ALLOW_WITH_CHARGE
    return decision_pb2.Finding(
        zone_id=f"zone-{rank}",
        verdict=zone.verdict,
        rule_ids=["diesel"],
        charges=[due] if charged else [],
    )
