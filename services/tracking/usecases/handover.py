"""
What a handover owes: the scans before it and the proof that the delivery asks for.

A handover stays a fact whatever it lacks. Its proof may come later, from a phone without a
connection: only after a while a person is asked, with all that is missing named at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meshkit.ids import NewId
from services.tracking.domain.incident import About, Alarm, IncidentType
from services.tracking.domain.proof import lacking
from services.tracking.domain.words import ProofKind
from services.tracking.ports import TaskPlace, World
from services.tracking.usecases import custody
from services.tracking.usecases.finding import about
from services.tracking.usecases.recording import raise_all

GRACE_SECONDS = 300  # real time: how long a proof may follow its handover
OWED_MAX = 500  # looked at in one round


async def handed(
    world: World, place: TaskPlace, at: datetime, now: datetime, new_id: NewId
) -> None:
    """A task succeeded at the door."""
    which = place.delivery_id, place.task_id, place.route_id
    await custody.handed(world, *which, at, now, new_id)
    if await _missing(world, place.task_id, place.delivery_id):
        await world.proofs.owe(place.task_id, place.delivery_id)


async def claim(world: World, now: datetime, new_id: NewId) -> int:
    """Asks a person about handovers whose proof did not come. Returns how many."""
    owed = await world.proofs.owed(GRACE_SECONDS, OWED_MAX)
    for task_id, delivery_id in owed:
        missing = await _missing(world, task_id, delivery_id)
        if missing:
            whom = await about(world, task_id, delivery_id)
            await raise_all(world, [insufficient(whom, missing, now)], now, new_id)
        await world.proofs.settle(task_id)
    return len(owed)


def insufficient(whom: About, missing: Sequence[ProofKind], now: datetime) -> Alarm:
    """The alarm about all that a task's proofs lack."""
    words = f"the proof lacks: {', '.join(NAMES.get(kind, kind.lower()) for kind in missing)}"
    type_ = IncidentType.PROOF_INSUFFICIENT
    return Alarm(type_, whom, words, now, dedupe_key=f"{type_}.{whom.task_id}")


async def _missing(world: World, task_id: str, delivery_id: str) -> tuple[ProofKind, ...]:
    delivery = (await world.deliveries.get([delivery_id])).get(delivery_id)
    if delivery is None or not delivery.requirements:
        return ()
    items = await world.proofs.items(task_id, "")
    return lacking(items, delivery.requirements, delivery.barcodes)


NAMES = {ProofKind.UNSPECIFIED: "something that this release does not know", ProofKind.PIN: "PIN"}
