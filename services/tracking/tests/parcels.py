"""What drivers do to parcels in the tests, and what came of it."""

from __future__ import annotations

from typing import Any

from doorstep.tracking.v1 import tracking_event_pb2
from services.tracking.__main__ import judge
from services.tracking.servicer.common import Desk
from services.tracking.tests.wire import event, told

K = tracking_event_pb2


def scan(minutes: float, kind: Any, number: int = 1, **fields: Any) -> K.TrackingEvent:
    """A scan of the parcel of a number, by its barcode."""
    message = event(minutes, "parcel_scanned", **fields)
    message.parcel_scanned.barcode, message.parcel_scanned.kind = f"B{number}", kind
    return message


async def incidents(desk: Desk, type_: int) -> list[str]:
    """What became of the incidents of a type, in order."""
    found = []
    for change in await told(desk, "incident_opened", "incident_resolved"):
        kind = str(change.WhichOneof("event"))
        if getattr(change, kind).incident.type == type_:
            found.append(kind.removeprefix("incident_"))
    return found


async def outcomes(desk: Desk) -> list[int]:
    """How attempts ended, as the feed tells."""
    return [
        change.task_outcome_recorded.outcome for change in await told(desk, "task_outcome_recorded")
    ]


async def grown_old(desk: Desk) -> None:
    """Facts, and proofs that are owed, are judged as if they had waited for a day."""
    async with desk.db.worker() as tx:
        await tx.execute("UPDATE facts SET stored_at = stored_at - interval '1 day'")
        await tx.execute("UPDATE proofs_owed SET since = since - interval '1 day'")
    await judge(desk).beat()
