"""The audit of one delivery, put together from what is kept and never changed."""

from __future__ import annotations

from datetime import datetime

from services.tracking.domain.audit import ENTRIES_MAX, INCIDENTS_MAX, Audit
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.note import Audience
from services.tracking.ports import World
from services.tracking.projections import audit as projection
from services.tracking.usecases.custody import chains


async def audit(world: World, delivery: Delivery, at: datetime) -> Audit:
    """All that is kept about a delivery."""
    name = delivery.delivery_id
    rows, untold = await world.journal.about([name], ENTRIES_MAX)
    revisions = tuple(projection.revisions(rows, name))
    named = {one for revision in revisions for one in revision.decision_ids}
    decided, _ = await world.journal.about(named, ENTRIES_MAX) if named else ((), 0)
    tasks = {*delivery.past_task_ids, delivery.task_id} - {""}
    reports, unreported = await world.facts.about(name, tasks, ENTRIES_MAX)
    return Audit(
        delivery_id=name,
        trace_id=projection.trace_of(rows),
        revisions=revisions,
        decisions=projection.decisions(revisions, decided),
        lines=tuple(projection.lines(rows, name)),
        reports=tuple(reports),
        proofs=tuple(await world.proofs.of_delivery(name)),
        chains=tuple(await chains(world, delivery)),
        incidents=tuple(await world.incidents.of_delivery(name, INCIDENTS_MAX)),
        comments=tuple(await world.timeline.comments(name, tuple(Audience))),
        at=at,
        left_out=untold + unreported,
    )
