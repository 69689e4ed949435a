"""Stretches of curb: every change is the next revision, and the nearest are found for a stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from meshkit.errors import AlreadyExists, Conflict, NotFound
from services.compliance.domain.curb import Activity, CurbStay
from services.compliance.domain.curb_zone import CurbFinding, CurbZone, CurbZoneVersion
from services.compliance.domain.geometry import Point
from services.compliance.domain.proximity import Curbside, Nearby
from services.compliance.ports import StreetStore


async def create_curb_zone(store: StreetStore, zone: CurbZone, now: datetime) -> CurbZoneVersion:
    """The first revision of a stretch of curb."""
    street_version = await store.next_street_version()
    if await store.curb_zone(zone.curb_zone_id) is not None:
        raise AlreadyExists(
            "CURB_ZONE_EXISTS",
            f"curb zone {zone.curb_zone_id!r} exists",
            curb_zone_id=zone.curb_zone_id,
        )
    version = CurbZoneVersion(zone, 1, street_version, now, now)
    await store.add_curb_zone(version)
    return version


async def get_curb_zone(store: StreetStore, curb_zone_id: str) -> CurbZoneVersion:
    """The last revision of a stretch of curb."""
    present = await store.curb_zone(curb_zone_id)
    if present is None:
        raise NotFound(
            "CURB_ZONE_UNKNOWN", f"no curb zone {curb_zone_id!r}", curb_zone_id=curb_zone_id
        )
    return present


async def update_curb_zone(
    store: StreetStore,
    curb_zone_id: str,
    etag: str,
    change: Callable[[CurbZone], CurbZone],
    now: datetime,
) -> CurbZoneVersion:
    """The next revision, as `change` makes it of the present one."""
    street_version = await store.next_street_version()  # first: nobody else changes any from here
    present = await get_curb_zone(store, curb_zone_id)
    if etag != present.etag:
        raise Conflict(
            "ETAG_STALE",
            f"curb zone {curb_zone_id!r} was changed meanwhile",
            curb_zone_id=curb_zone_id,
        )
    following = CurbZoneVersion(
        change(present.zone), present.revision + 1, street_version, present.create_time, now
    )
    await store.add_curb_zone(following)
    return following


@dataclass(frozen=True, slots=True)
class CurbSearch:
    """What a vehicle wants to do near a point, and when it last left which stretch."""

    place: Point
    radius_meters: int
    activity: Activity
    user_classes: frozenset[str]
    start: datetime
    end: datetime
    left: Mapping[str, datetime] = field(default_factory=dict)

    def stay(self, curb_zone_id: str) -> CurbStay:
        """The stay at one stretch."""
        left = self.left.get(curb_zone_id)
        return CurbStay(self.activity, self.user_classes, self.start, self.end, left)


def nearest(
    curbside: Curbside, search: CurbSearch, after: tuple[int, str] | None, limit: int
) -> list[Nearby]:
    """The nearest stretches, in the order of distance and then of ids, after one."""
    near = curbside.near(search.place, search.radius_meters)
    rest = (n for n in near if after is None or (n.distance_millimeters, n.curb_zone_id) > after)
    return [found for found, _ in zip(rest, range(limit), strict=False)]


def suited(
    search: CurbSearch, near: Sequence[Nearby], versions: Mapping[str, CurbZoneVersion]
) -> list[CurbFinding]:
    """How each stretch suits the stay, in the same order."""
    return [
        _finding(search.stay(found.curb_zone_id), found, versions[found.curb_zone_id])
        for found in near
    ]


def _finding(stay: CurbStay, found: Nearby, version: CurbZoneVersion) -> CurbFinding:
    answer = version.zone.answer(stay)
    return CurbFinding(version, found.distance_millimeters, stay, answer)
