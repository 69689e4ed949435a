"""Proofs and their files: kept at once, accepted as soon as they are whole and sufficient."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from meshkit.caller import Caller, Role
from meshkit.errors import AlreadyExists, Denied, Gone, Invalid, NotFound, Violation
from meshkit.ids import NewId
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import ProofAccepted
from services.tracking.domain.incident import Alarm, AllClear, IncidentType
from services.tracking.domain.proof import Proof, ProofState, faults, judged
from services.tracking.domain.run import Run
from services.tracking.domain.words import Source
from services.tracking.ports import TaskPlace, World
from services.tracking.proof_ports import MediaFile
from services.tracking.usecases import custody
from services.tracking.usecases.finding import about
from services.tracking.usecases.handover import insufficient
from services.tracking.usecases.recording import keep, raise_all, record
from services.tracking.usecases.side_facts import Now


async def submit(
    world: World, proof: Proof, digest: bytes, caller: Caller, now: Now, new_id: NewId
) -> Proof:
    """Keeps a proof and judges it."""
    await world.proofs.lock(proof.media)
    await world.proofs.lock([proof.task_id])
    place = await world.tasks.find(proof.task_id)
    named = replace(
        proof,
        delivery_id=place.delivery_id if place else "",
        submitted_by=caller.subject,
        driver_id=caller.driver_id,
        carrier_id=caller.carrier_id,
    )
    if await _is_foreign(world, place, named):
        raise Denied("TASK_NOT_YOURS", "the task is on another driver's or carrier's route")
    _refuse_faults(proof)
    known = await world.proofs.add(named, digest)
    if known is not None:
        return known
    if place is not None and place.route_id:
        await _confirm_arrival(world, place, proof, caller, now, new_id)
    if place is not None:
        which = place.delivery_id, place.task_id, place.route_id
        await custody.handed(world, *which, proof.capture_time, now[0], new_id)
    return await _judge(world, named, now[0], new_id)


async def adopt(world: World, task_id: str, now: Now, new_id: NewId) -> None:
    """Judges proofs that came before the news of their task, but not those of strangers to it."""
    place = await world.tasks.find(task_id)
    if place is None:
        return
    for proof in await world.proofs.orphans(task_id):
        if await _is_foreign(world, place, proof):
            continue
        which = place.delivery_id, place.task_id, place.route_id
        await custody.handed(world, *which, proof.capture_time, now[0], new_id)
        named = replace(proof, delivery_id=place.delivery_id)
        await _judge(world, named, now[0], new_id)


async def upload(world: World, asked: MediaFile, offset: int, data: bytes) -> MediaFile:
    """Takes a piece of a file. One whose bytes are all here is not whole before `complete`."""
    known = await world.media.lock(asked.sha256, asked.total_bytes, asked.content_type)
    known = await _agreed(world, known, asked)
    if offset > known.received_bytes:
        raise Gone(
            "OFFSET_AHEAD",
            f"{known.received_bytes} bytes are here: continue there",
            next_offset=str(known.received_bytes),
        )
    fresh = data[known.received_bytes - offset :]
    if known.completed_at is not None or not fresh:
        return known
    if known.received_bytes + len(fresh) > known.total_bytes:
        raise Invalid("MEDIA_DIFFERS", "more bytes than the file is said to have")
    await world.media.add(known.sha256, known.received_bytes, fresh)
    return replace(known, received_bytes=offset + len(data))


async def verified(world: World, sha256: str) -> bytes | None:
    """The content of a file whose bytes are all here; None, and it is dropped, for a wrong hash."""
    content = await world.media.content(sha256)
    if hashlib.sha256(content).hexdigest() == sha256:
        return content
    await world.media.drop(sha256)
    return None


async def complete(
    world: World, file: MediaFile, now: Now, new_id: NewId, *, outside: bool
) -> MediaFile:
    """The file is whole and right, and kept: its proofs go on."""
    known = await world.media.lock(file.sha256, file.total_bytes, file.content_type)
    if known.completed_at is not None:
        return known
    await world.media.complete(file.sha256, now[0], outside=outside)
    await world.proofs.lock([file.sha256])
    await world.proofs.lock({one.task_id for one in await world.proofs.waiting(file.sha256)})
    for proof in await world.proofs.waiting(file.sha256):
        await _judge(world, proof, now[0], new_id)
    return replace(known, completed_at=now[0], stored_outside=outside)


async def whole(world: World, sha256: str, offset: int) -> MediaFile:
    """A whole file of which a piece is asked for."""
    known = await world.media.find(sha256)
    if known is None or known.completed_at is None or offset > known.total_bytes:
        raise NotFound("MEDIA_UNKNOWN", "no such file, or it is not whole yet")
    return known


def _refuse_faults(proof: Proof) -> None:
    """A PIN in clear is refused before anything is kept of it."""
    found = [Violation(f"proof.{field}", words) for field, words in faults(proof)]
    if found:
        raise Invalid("PROOF_INVALID", "items lack what their kind needs", violations=found)


async def _agreed(world: World, known: MediaFile, asked: MediaFile) -> MediaFile:
    """The file as asked for. Until all its bytes came, whoever corrects its size or type begins."""
    if (known.total_bytes, known.content_type) == (asked.total_bytes, asked.content_type):
        return known
    if known.completed_at is not None or known.received:
        raise AlreadyExists("MEDIA_DIFFERS", "size or type differ from those of the file")
    await world.media.declare(asked)
    return replace(asked, received_bytes=0)


async def _is_foreign(world: World, place: TaskPlace | None, proof: Proof) -> bool:
    """A driver or carrier proves its own work. What is not known yet is taken on trust."""
    if place is None or not place.route_id or not (proof.driver_id or proof.carrier_id):
        return False
    driven = await world.routes.get(place.route_id)
    if driven is None:
        return False
    if proof.driver_id:
        return driven.route.driver_id != proof.driver_id
    return driven.route.carrier_id != proof.carrier_id


async def _confirm_arrival(
    world: World, place: TaskPlace, proof: Proof, caller: Caller, now: Now, new_id: NewId
) -> None:
    """Nobody captures a proof before having arrived."""
    driven = await world.routes.lock(place.route_id)
    stop = driven.route.stop_of(proof.task_id) if driven else None
    if driven is None or stop is None:
        return
    run = Run(driven.route, driven.progress, now[1])
    source = Source.CARRIER if caller.role is Role.CARRIER else Source.DRIVER
    run.arrive(stop.stop_id, proof.capture_time, source)
    await keep(world, run, now[0], new_id)


async def _judge(world: World, proof: Proof, now: datetime, new_id: NewId) -> Proof:
    """Nobody knows what a proof must show before its delivery is known: until then it waits."""
    if not proof.delivery_id:
        return proof
    earlier = await world.proofs.items(proof.task_id, proof.proof_id)
    present = await world.proofs.whole(proof.media)
    known = await world.deliveries.get([proof.delivery_id])
    delivery = known.get(proof.delivery_id) or Delivery(proof.delivery_id)
    after = judged(proof, earlier, delivery.requirements, present, now, delivery.barcodes)
    await world.proofs.save(after)
    if after.state is ProofState.ACCEPTED:
        await world.proofs.settle(after.task_id)
        await record(world, [_accepted(after, now)], now)
    await raise_all(world, [await _alarm(world, after, now)], now, new_id)
    return after


def _accepted(proof: Proof, now: datetime) -> ProofAccepted:
    return ProofAccepted(
        proof_id=proof.proof_id,
        task_id=proof.task_id,
        delivery_id=proof.delivery_id,
        kinds=tuple(item.kind for item in proof.items),
        captured_at=proof.capture_time,
        at=now,
        submitted_by=proof.submitted_by,
    )


async def _alarm(world: World, proof: Proof, now: datetime) -> Alarm | AllClear:
    if proof.state is ProofState.INSUFFICIENT:
        whom = await about(world, proof.task_id, proof.delivery_id)
        return insufficient(whom, proof.missing, now)
    return AllClear(f"{IncidentType.PROOF_INSUFFICIENT}.{proof.task_id}", now)
