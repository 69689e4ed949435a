"""TrackingService, third part: custody, and the audit of one delivery."""

from __future__ import annotations

import hashlib

from doorstep.tracking.v1 import tracking_service_pb2 as pb
from meshkit.caller import current_caller
from meshkit.errors import Invalid, NotFound, Violation
from services.tracking.adapters.audit_process import AuditWriter
from services.tracking.adapters.position_feed import PositionFeed
from services.tracking.convert.audit import audit_to_proto
from services.tracking.convert.custody import chain_to_proto
from services.tracking.domain.audit import Audit
from services.tracking.servicer.common import Context, Desk, delivery_of, tenant
from services.tracking.servicer.looking import Looking
from services.tracking.usecases.auditing import audit
from services.tracking.usecases.custody import chains

PDF = "application/pdf"


class Auditing(Looking):
    """Chains and audits."""

    def __init__(self, desk: Desk, positions: PositionFeed) -> None:
        super().__init__(desk, positions)
        self._writer = AuditWriter()

    async def GetCustody(
        self, request: pb.GetCustodyRequest, context: Context
    ) -> pb.GetCustodyResponse:
        async with self._desk.db.transaction(tenant()) as tx:
            world, delivery_id = self._desk.worlds(tx), request.delivery_id
            if request.parcel_id:
                _, of = await world.tasks.parcel(request.parcel_id, "")
                if not of or delivery_id not in ("", of):
                    raise _no_parcel(request.parcel_id)
                delivery_id = of
            elif not delivery_id:
                fault = Violation("delivery_id", "name a delivery or a parcel")
                raise Invalid("FIELD_INVALID", "name a delivery or a parcel", violations=[fault])
            try:
                delivery = await delivery_of(world, delivery_id, current_caller())
            except NotFound:  # a parcel of somebody else's reads like none
                if request.parcel_id:
                    raise _no_parcel(request.parcel_id) from None
                raise
            found = await chains(world, delivery, request.parcel_id)
        return pb.GetCustodyResponse(parcels=[chain_to_proto(one) for one in found])

    async def GetAudit(self, request: pb.GetAuditRequest, context: Context) -> pb.GetAuditResponse:
        return pb.GetAuditResponse(audit=audit_to_proto(await self._audit(request.delivery_id)))

    async def GetAuditDocument(
        self, request: pb.GetAuditDocumentRequest, context: Context
    ) -> pb.GetAuditDocumentResponse:
        made = await self._audit(request.delivery_id)
        content = await self._writer.write(made)
        name = hashlib.sha256(content).hexdigest()
        return pb.GetAuditDocumentResponse(content=content, content_type=PDF, sha256=name)

    async def _audit(self, delivery_id: str) -> Audit:
        async with self._desk.db.transaction(tenant()) as tx:
            world = self._desk.worlds(tx)
            delivery = await delivery_of(world, delivery_id, current_caller())
            return await audit(world, delivery, self._desk.clock.now())


def _no_parcel(parcel_id: str) -> NotFound:
    return NotFound("PARCEL_UNKNOWN", f"no parcel {parcel_id!r}", parcel_id=parcel_id)
