"""Fixes of devices that number nothing, recorded once each: opened, numbered, sent, answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from clients.web.server.kept import Kept
from clients.web.server.logins import Login
from clients.web.server.numbering import Place, opening_of, place_of
from clients.web.server.osmand import Fix
from doorstep.tracking.v1 import device_pb2, position_pb2
from doorstep.tracking.v1 import ingest_service_pb2 as pb
from meshkit.errors import Gone, NotFound

EPOCHS_MAX = 20_000  # remembered
EPOCH_SECONDS = 24 * 3_600.0  # an epoch is remembered for so long, real time
LIVE = timedelta(minutes=5)  # older fixes are history
SOFTWARE = "osmand"

log = structlog.get_logger()


class Recorder:
    """`ingest` is a raising stub of IngestService; `now` is business time."""

    def __init__(self, ingest: Any, now: Callable[[], datetime]) -> None:
        self._ingest = ingest
        self._now = now
        self._epochs = Kept[tuple[str, str], str](EPOCHS_MAX)

    async def record(self, login: Login, fix: Fix) -> None:
        """
        Returns when the fix is durable, or was before. Raises what tracking raises.

        An epoch that tracking no longer takes is opened anew, once.
        """
        now = self._now()
        place = place_of(fix.taken, now)
        try:
            await self._send(login, fix, place, now)
        except (Gone, NotFound):
            self._epochs.forget((login.device_id, place.slot))
            await self._send(login, fix, place, now)

    async def _send(self, login: Login, fix: Fix, place: Place, now: datetime) -> None:
        request = pb.BatchRecordPositionsRequest(
            device_id=login.device_id,
            epoch=await self._epoch(login, place.slot),
            positions=[position(fix, place.sequence)],
            lane=pb.LANE_LIVE if now - fix.taken < LIVE else pb.LANE_BACKFILL,
        )
        answer = await self._ingest.BatchRecordPositions(request, metadata=bearer(login))
        for reject in answer.rejects:
            reason = position_pb2.PositionRejectReason.Name(reject.reason)
            log.info("fix_rejected", device_id=login.device_id, reason=reason)

    async def _epoch(self, login: Login, slot: str) -> str:
        seconds = time.monotonic()
        if known := self._epochs.get((login.device_id, slot), seconds):
            return known
        request = pb.OpenDeviceRequest(
            request_id=opening_of(login.device_id, slot),
            device_id=login.device_id,
            kind=device_pb2.DEVICE_KIND_PHONE,
            software=SOFTWARE,
        )
        answer = await self._ingest.OpenDevice(request, metadata=bearer(login))
        epoch = str(answer.device.epoch)
        self._epochs.put((login.device_id, slot), epoch, seconds + EPOCH_SECONDS)
        return epoch


def position(fix: Fix, sequence: int) -> position_pb2.Position:
    """The fix in the words of the contract."""
    found = position_pb2.Position(sequence=sequence, accuracy_meters=fix.accuracy_meters)
    found.device_time.FromDatetime(fix.taken)
    found.location.latitude, found.location.longitude = fix.latitude, fix.longitude
    if fix.speed_centimeters_per_second is not None:
        found.speed_centimeters_per_second = fix.speed_centimeters_per_second
    if fix.heading_degrees is not None:
        found.heading_degrees = fix.heading_degrees
    return found


def bearer(login: Login) -> list[tuple[str, str]]:
    """What a call carries to speak as the device."""
    return [("authorization", f"Bearer {login.token}")]
