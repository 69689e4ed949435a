"""LearningService: versions of what was learned, calibration, past attempts from files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from doorstep.tracking.v1 import learning_service_pb2 as pb
from doorstep.tracking.v1 import learning_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.drain import until_drained
from meshkit.idempotency import Call, commit_once
from meshkit.ids import new_id
from meshkit.postgres import Transaction
from meshkit.watch import HEARTBEAT_SECONDS
from services.tracking.convert import learning as wire
from services.tracking.domain.attempt_import import AttemptImport
from services.tracking.domain.event import Crew, StopArrived
from services.tracking.domain.learned import Version
from services.tracking.learning_ports import PastTexts, PlaceText, ReadFile
from services.tracking.projections.calibration import calibrated
from services.tracking.servicer.common import Context, Desk, after_of, span_of, tenant
from services.tracking.usecases import attempt_imports, learning

DAYS_MAX = 366  # of an interval; the contract states it
LOOK_SECONDS = 1.0  # how often a watch looks whether there is news


class LearningServicer(pb_grpc.LearningServiceServicer):
    """What is learned from the past."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ListServiceTimeVersions(
        self, request: pb.ListServiceTimeVersionsRequest, context: Context
    ) -> pb.ListServiceTimeVersionsResponse:
        page = paging.page_of(request)
        async with self._desk.db.transaction(tenant()) as tx:
            past = self._desk.worlds(tx).past
            found, today = await past.page(after_of(page, 1)[0], page.limit), await past.today()
        shown, token = page.cut(found, key=lambda one: (one.version,))
        return pb.ListServiceTimeVersionsResponse(
            versions=[wire.version_to_proto(one, today) for one in shown], next_page_token=token
        )

    async def AdoptServiceTimeVersion(
        self, request: pb.AdoptServiceTimeVersionRequest, context: Context
    ) -> pb.AdoptServiceTimeVersionResponse:
        async def effect(tx: Transaction) -> pb.AdoptServiceTimeVersionResponse:
            version, today = await learning.adopt(self._desk.worlds(tx), request.version)
            shown = wire.version_to_proto(version, today) if version else None
            return pb.AdoptServiceTimeVersionResponse(version=shown)

        call = Call.of(current_caller(), request)
        return await commit_once(self._desk.db, call, pb.AdoptServiceTimeVersionResponse, effect)

    async def GetEtaCalibration(
        self, request: pb.GetEtaCalibrationRequest, context: Context
    ) -> pb.GetEtaCalibrationResponse:
        span = span_of(request, "interval", DAYS_MAX)
        whose = Crew(driver_id=request.driver_id, carrier_id=request.carrier_id)
        async with self._desk.db.transaction(tenant()) as tx:
            journal = self._desk.worlds(tx).journal
            read = await journal.read(span, [StopArrived.__name__], whose)
        arrivals = (event for event, _ in read if isinstance(event, StopArrived))
        shown = [wire.horizon_to_proto(one) for one in calibrated(arrivals)]
        return pb.GetEtaCalibrationResponse(horizons=shown)

    async def StartAttemptImport(
        self, request: pb.StartAttemptImportRequest, context: Context
    ) -> pb.StartAttemptImportResponse:
        async def effect(tx: Transaction) -> pb.StartAttemptImportResponse:
            store, now = self._desk.worlds(tx).imports, self._desk.clock.now()
            asked = wire.import_from_proto(request, new_id("imp"), now)
            await attempt_imports.start_import(store, asked, request.content)
            return pb.StartAttemptImportResponse(attempt_import=wire.import_to_proto(asked))

        call = Call.of(current_caller(), request)
        return await commit_once(self._desk.db, call, pb.StartAttemptImportResponse, effect)

    async def GetAttemptImport(
        self, request: pb.GetAttemptImportRequest, context: Context
    ) -> pb.GetAttemptImportResponse:
        found = await self._import(request.import_id, tenant())
        return pb.GetAttemptImportResponse(attempt_import=wire.import_to_proto(found))

    async def WatchAttemptImport(
        self, request: pb.WatchAttemptImportRequest, context: Context
    ) -> AsyncIterator[pb.WatchAttemptImportResponse]:
        async for response in until_drained(self._states(request.import_id, tenant())):
            yield response

    async def CancelAttemptImport(
        self, request: pb.CancelAttemptImportRequest, context: Context
    ) -> pb.CancelAttemptImportResponse:
        async def effect(tx: Transaction) -> pb.CancelAttemptImportResponse:
            store, now = self._desk.worlds(tx).imports, self._desk.clock.now()
            ended = await attempt_imports.cancel_import(store, request.import_id, now)
            return pb.CancelAttemptImportResponse(attempt_import=wire.import_to_proto(ended))

        call = Call.of(current_caller(), request)
        return await commit_once(self._desk.db, call, pb.CancelAttemptImportResponse, effect)

    async def UndoAttemptImport(
        self, request: pb.UndoAttemptImportRequest, context: Context
    ) -> pb.UndoAttemptImportResponse:
        async def effect(tx: Transaction) -> pb.UndoAttemptImportResponse:
            world, now = self._desk.worlds(tx), self._desk.clock.now()
            store, past = world.imports, world.past
            undone = await attempt_imports.undo_import(store, past, request.import_id, now)
            return pb.UndoAttemptImportResponse(attempt_import=wire.import_to_proto(undone))

        call = Call.of(current_caller(), request)
        return await commit_once(self._desk.db, call, pb.UndoAttemptImportResponse, effect)

    async def _states(
        self, import_id: str, of: str
    ) -> AsyncIterator[pb.WatchAttemptImportResponse]:
        seen: AttemptImport | None = None
        quiet = 0.0
        while seen is None or not seen.is_over:
            found = await self._import(import_id, of)
            if found != seen:
                shown = wire.import_to_proto(found)
                yield pb.WatchAttemptImportResponse(attempt_import=shown)
                seen, quiet = found, 0.0
            elif quiet >= HEARTBEAT_SECONDS:
                yield pb.WatchAttemptImportResponse()
                quiet = 0.0
            if not found.is_over:
                await asyncio.sleep(LOOK_SECONDS)
                quiet += LOOK_SECONDS

    async def _import(self, import_id: str, of: str) -> AttemptImport:
        async with self._desk.db.transaction(of) as tx:
            found = await self._desk.worlds(tx).imports.get(import_id)
        return attempt_imports.known(found, import_id)


class DeskStudy:
    """What the learner and the runner of imports do in a transaction."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def look(self, tx: Transaction) -> PastTexts | None:
        """One look; what a run takes in when one is due."""
        world, now = self._desk.worlds(tx), self.now()
        return await learning.material(world, await learning.look(world, now), now)

    async def keep(
        self, tx: Transaction, version: Version, places: Sequence[PlaceText], changes: int
    ) -> Version:
        """Keeps what a run has learned."""
        return await learning.keep(self._desk.worlds(tx), version, places, changes)

    async def finish(self, tx: Transaction, own: AttemptImport, found: ReadFile) -> None:
        """Ends an import."""
        world = self._desk.worlds(tx)
        await attempt_imports.finish_import(world.imports, world.past, own, found, self.now())

    def now(self) -> datetime:
        """Business time."""
        return self._desk.clock.now()
