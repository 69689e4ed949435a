"""Proofs and their files: kept at once, accepted as soon as they are whole and sufficient."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from meshkit.caller import Caller, Role
from meshkit.errors import AlreadyExists, Denied, Gone, Invalid, NotFound
from meshkit.ids import NewId
from services.tracking.domain.event import ProofAccepted
from services.tracking.domain.heard import Requirement
from services.tracking.domain.incident import About, Alarm, AllClear, IncidentType
from services.tracking.domain.proof import Proof, ProofState, judged
from services.tracking.domain.run import Run
from services.tracking.domain.words import Source
from services.tracking.ports import MediaFile, TaskPlace, World
from services.tracking.usecases.recording import keep, raise_all, record
from services.tracking.usecases.side_facts import Now

PIECE_BYTES_MAX = 1 << 20  # 1 MiB; the contract states it


async def submit(
    world: World, proof: Proof, digest: bytes, caller: Caller, now: Now, new_id: NewId
) -> Proof:
    """Keeps a proof and judges it."""
    place = await world.tasks.find(proof.task_id)
    await _refuse_foreign(world, place, caller)
    named = replace(proof, delivery_id=place.delivery_id if place else "")
    known = await world.proofs.add(named, digest)
    if known is not None:
        return known
    if place is not None and place.route_id:
        await _confirm_arrival(world, place, proof, caller, now, new_id)
    return await _judge(world, named, now[0], new_id)


async def upload(
    world: World,
    asked: MediaFile,
    offset: int,
    data: bytes,
    now: Now,
    new_id: NewId,
) -> MediaFile:
    """Takes a piece of a file; a file that turns out whole and right lets its proofs go on."""
    known = await world.media.lock(asked.sha256, asked.total_bytes, asked.content_type)
    _refuse_other(known, asked)
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
    return await _complete(world, replace(known, received_bytes=offset + len(data)), now, new_id)


async def read(world: World, sha256: str, offset: int) -> tuple[MediaFile, bytes]:
    """A piece of a whole file."""
    known = await world.media.find(sha256)
    if known is None or known.completed_at is None or offset > known.total_bytes:
        raise NotFound("MEDIA_UNKNOWN", "no such file, or it is not whole yet")
    return known, await world.media.read(sha256, offset, PIECE_BYTES_MAX)


async def _complete(world: World, file: MediaFile, now: Now, new_id: NewId) -> MediaFile:
    if file.received_bytes < file.total_bytes:
        return file
    content = await world.media.content(file.sha256)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        await world.media.drop(file.sha256)
        return replace(file, received_bytes=0)  # the servicer says so, once this is committed
    await world.media.complete(file.sha256, now[0])
    for proof in await world.proofs.waiting(file.sha256):
        await _judge(world, proof, now[0], new_id)
    return replace(file, completed_at=now[0])


def _refuse_other(known: MediaFile, asked: MediaFile) -> None:
    same = (known.total_bytes, known.content_type) == (asked.total_bytes, asked.content_type)
    if not same:
        raise AlreadyExists("MEDIA_DIFFERS", "size or type differ from the first piece")


async def _refuse_foreign(world: World, place: TaskPlace | None, caller: Caller) -> None:
    """A driver or carrier proves its own work. What is not known yet is taken on trust."""
    if place is None or not place.route_id or caller.role not in (Role.DRIVER, Role.CARRIER):
        return
    driven = await world.routes.get(place.route_id)
    if driven is None:
        return
    theirs = (driven.route.driver_id, driven.route.carrier_id)
    if caller.role is Role.DRIVER and theirs[0] != caller.driver_id:
        raise Denied("TASK_NOT_YOURS", "the task is on another driver's route")
    if caller.role is Role.CARRIER and theirs[1] != caller.carrier_id:
        raise Denied("TASK_NOT_YOURS", "the task is not this carrier's")


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
    earlier = await world.proofs.items(proof.task_id, proof.proof_id)
    whole = await world.proofs.whole(proof.media)
    after = judged(proof, earlier, await _requirements(world, proof), whole, now)
    await world.proofs.save(after)
    if after.state is ProofState.ACCEPTED:
        kinds = tuple(item.kind for item in after.items)
        told = ProofAccepted(
            after.proof_id, after.task_id, after.delivery_id, kinds, after.capture_time, now
        )
        await record(world, [told], now)
    await raise_all(world, [_alarm(after, now)], now, new_id)
    return after


async def _requirements(world: World, proof: Proof) -> Sequence[Requirement]:
    if not proof.delivery_id:
        return ()
    known = await world.deliveries.get([proof.delivery_id])
    delivery = known.get(proof.delivery_id)
    return delivery.requirements if delivery else ()


def _alarm(proof: Proof, now: datetime) -> Alarm | AllClear:
    key = f"{IncidentType.PROOF_INSUFFICIENT}.{proof.task_id}"
    if proof.state is not ProofState.INSUFFICIENT:
        return AllClear(key, now)
    lacking = ", ".join(kind.lower() for kind in proof.missing)
    about = About(task_id=proof.task_id, delivery_id=proof.delivery_id)
    return Alarm(
        IncidentType.PROOF_INSUFFICIENT, about, f"the proof lacks: {lacking}", now, dedupe_key=key
    )
