"""Reports written as files: stored first, written by whoever is free, kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from meshkit.clock import Clock
from meshkit.errors import Exhausted, NotFound
from meshkit.ids import NewId
from services.compliance.domain.chain import Chains
from services.compliance.domain.energy_carrier import EnergyCarrier, energy_carrier
from services.compliance.domain.factors import FactorSet
from services.compliance.domain.statement import (
    FILE_BYTES_MAX,
    Export,
    Order,
    Publication,
    Statement,
    TooLarge,
    factor_set_ids,
)
from services.compliance.report_ports import (
    Claim,
    ExportQueue,
    ExportStore,
    ReportWriter,
    StatementSource,
)
from services.compliance.usecases.factor_sets import Rates

RUNNING_MAX = 10  # exports of a tenant that are being written
LOST_MAX = 5  # then it is the export that kills its writers
RENEW_SECONDS = 2.0  # how late a writer hears that it was cancelled
SHORTER = "choose a shorter period or a coarser dimension"


async def start_export(store: ExportStore, order: Order, now: datetime, new_id: NewId) -> Export:
    """Keeps an order; raises Exhausted `EXPORTS_BUSY`."""
    if await store.running_count() >= RUNNING_MAX:
        raise Exhausted("EXPORTS_BUSY", f"{RUNNING_MAX} exports are being written")
    export = Export(new_id("exp"), order, now)
    await store.add(export)
    return export


async def get_export(store: ExportStore, export_id: str) -> Export:
    """An export with its file; raises NotFound `EXPORT_UNKNOWN`."""
    found = await store.get(export_id)
    if found is None:
        raise NotFound("EXPORT_UNKNOWN", f"no export {export_id!r}", export_id=export_id)
    return found


async def cancel_export(store: ExportStore, export_id: str, now: datetime) -> Export:
    """The export after it was cancelled, or as it had ended before."""
    await get_export(store, export_id)
    await store.cancel(export_id, now)
    return await get_export(store, export_id)


@dataclass(frozen=True, slots=True)
class Desk:
    """What writing takes."""

    queue: ExportQueue
    source: StatementSource
    writer: ReportWriter
    rates: Rates
    clock: Clock


async def write(desk: Desk, claim: Claim) -> None:
    """Writes a claimed report; when it is cancelled meanwhile, nothing of it is kept."""
    if claim.lost_count > LOST_MAX:
        why = f"whoever wrote it was lost {claim.lost_count} times; {SHORTER}"
        await desk.queue.fail(claim, why, desk.clock.now())
        return
    writing = asyncio.create_task(_written(desk, claim))
    try:
        while not writing.done():
            await asyncio.wait([writing], timeout=RENEW_SECONDS)
            if not writing.done() and not await desk.queue.renew(claim):
                return
        await _end(desk, claim, writing)
    except asyncio.CancelledError:
        await desk.queue.release(claim)
        raise
    finally:
        writing.cancel()
        await asyncio.wait([writing])


async def _written(desk: Desk, claim: Claim) -> bytes:
    content = await desk.writer.write(await state(desk.source, desk.rates, claim))
    if len(content) > FILE_BYTES_MAX:
        raise TooLarge(f"the file would have {len(content):,} bytes, and at most 3 MiB; {SHORTER}")
    return content


async def _end(desk: Desk, claim: Claim, writing: asyncio.Task[bytes]) -> None:
    try:
        content = writing.result()
    except TooLarge as fault:
        await desk.queue.fail(claim, str(fault), desk.clock.now())
    else:
        await desk.queue.finish(claim, content, desk.clock.now())


async def state(source: StatementSource, rates: Rates, claim: Claim) -> Statement:
    """What the report says."""
    sums = await source.sums(claim.tenant, claim.export.order)
    named = {found.factor_set_id for found in sums.found} - {""}
    ids = sorted(named | set(factor_set_ids(sums.report.bases)))
    sets = await _factor_sets(source, rates, claim.tenant, ids)
    return Statement(
        claim.export.export_id,
        claim.tenant,
        claim.export.order,
        claim.export.create_time,
        sums.report,
        sums.found,
        tuple(Publication.of(one) for one in sets),
        sums.chains,
        _energy_carriers(sums.chains, sets),
    )


async def _factor_sets(
    source: StatementSource, rates: Rates, tenant: str, ids: Sequence[str]
) -> list[FactorSet]:
    builtin = [found for one in ids if (found := rates.factors.get(one)) is not None]
    known = {one.factor_set_id for one in builtin}
    loaded = await source.factor_sets(tenant, [one for one in ids if one not in known])
    return sorted((*builtin, *loaded), key=lambda factors: factors.factor_set_id)


def _energy_carriers(chains: Chains, sets: Sequence[FactorSet]) -> dict[str, EnergyCarrier]:
    carriers = (
        (one.category.category_id, energy_carrier(one.category, sets)) for one in chains.operations
    )
    return {name: carrier for name, carrier in carriers if carrier is not None}
