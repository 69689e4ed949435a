"""The inbox: reporting, taking up and ending incidents."""

from __future__ import annotations

from datetime import datetime

from meshkit.errors import Conflict, NotFound, NotReady
from meshkit.ids import NewId
from services.tracking.domain import incident as incidents
from services.tracking.domain.event import IncidentAcknowledged, IncidentResolved
from services.tracking.domain.incident import Alarm, Incident, Resolution
from services.tracking.ports import World
from services.tracking.usecases.recording import record, sound


async def report(world: World, alarm: Alarm, now: datetime, new_id: NewId) -> Incident:
    """Opens an incident, or counts the report on the open one of its key."""
    previous = alarm.previous_incident_id
    if previous and await world.incidents.lock(previous) is None:
        raise NotFound("INCIDENT_UNKNOWN", f"no incident {previous!r}", incident_id=previous)
    return await sound(world, alarm, now, new_id)


async def acknowledge(
    world: World, incident_id: str, etag: str, by: str, now: datetime
) -> Incident:
    """Takes an incident up."""
    known = await _open(world, incident_id, etag)
    taken = incidents.acknowledged(known, by, now)
    await world.incidents.save(taken)
    await record(world, [IncidentAcknowledged(taken)], now)
    return taken


async def resolve(
    world: World,
    incident_id: str,
    etag: str,
    by: str,
    now: datetime,
    *,
    resolution: Resolution,
    note: str,
) -> Incident:
    """Ends an incident."""
    known = await _open(world, incident_id, etag)
    ended = incidents.ended(known, by, now, resolution, note)
    await world.incidents.save(ended)
    await record(world, [IncidentResolved(ended)], now)
    return ended


async def _open(world: World, incident_id: str, etag: str) -> Incident:
    known = await world.incidents.lock(incident_id)
    if known is None:
        raise NotFound("INCIDENT_UNKNOWN", f"no incident {incident_id!r}", incident_id=incident_id)
    if known.ended:
        raise NotReady(
            "INCIDENT_ENDED", f"{incident_id} has ended: report a new one", incident_id=incident_id
        )
    if etag != str(known.revision):
        raise Conflict(
            "ETAG_MISMATCH", f"{incident_id} was changed meanwhile", incident_id=incident_id
        )
    return known
