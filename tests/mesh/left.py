"""What a day left in its store, and the carbon ledger made again from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from doorstep.tracking.v1 import event_pb2
from meshkit.embedded import EmbeddedPostgres
from services.compliance.__main__ import rates
from services.compliance.adapters.codec import unpack
from services.compliance.config import ComplianceSettings
from services.compliance.convert.tracking import leg_from_tracking
from services.compliance.domain.ledger import EmissionRecord, Entry, Leg, carried, entry

FACTS = """
    SELECT payload FROM tracking.feed WHERE type = 'leg_completed' ORDER BY shard, sequence"""
RECORDS = "SELECT record FROM compliance.emission_records WHERE NOT replaced"


@dataclass(frozen=True, slots=True)
class Left:
    """The legs as tracking told them, and the ledger as compliance kept it."""

    legs: Sequence[Leg]
    records: Sequence[EmissionRecord]


async def read(folder: Path) -> Left:
    """The store of a day that is over."""
    with EmbeddedPostgres(folder / "pg") as server:
        connection = await asyncpg.connect(server.admin_url)
        try:
            facts = await connection.fetch(FACTS)
            records = await connection.fetch(RECORDS)
        finally:
            await connection.close()
    told = (event_pb2.LegCompleted.FromString(row["payload"]) for row in facts)
    kept = (unpack(row["record"], EmissionRecord) for row in records)
    return Left([leg_from_tracking(fact) for fact in told], list(kept))


def again(legs: Sequence[Leg]) -> Mapping[str, Entry]:
    """The entry of each leg, from nothing but what was told; told twice it counts once."""
    ours = rates(ComplianceSettings())
    made: dict[str, Entry] = {}
    driven: list[Leg] = []
    for leg in legs:
        if leg.leg_id not in made:
            aboard = carried(one for one in driven if one.route_id == leg.route_id)
            ordered = sorted(aboard, key=lambda load: (load.delivery_id, load.task_id))
            made[leg.leg_id] = entry(leg, ordered, ours.setting(leg))
            driven.append(leg)
    return made
