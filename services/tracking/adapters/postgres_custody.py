"""Custody: the steps of each parcel."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from meshkit.postgres import Transaction
from services.tracking.adapters.codec import pack, unpack
from services.tracking.domain.custody import Step

ADD = """
    INSERT INTO custody (step_id, parcel_id, delivery_id, at, body)
    SELECT u.step_id, u.parcel_id, u.delivery_id, u.at, u.body::jsonb
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
         AS u (step_id, parcel_id, delivery_id, at, body)
    ON CONFLICT DO NOTHING"""

OF_PARCELS = "SELECT body FROM custody WHERE parcel_id = ANY ($1) ORDER BY at, step_id LIMIT $2"

READ_MAX = 10_000  # steps of one delivery's parcels


class PostgresCustody:
    """Implements `proof_ports.Custody`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, steps: Sequence[Step]) -> None:
        """Keeps steps; one that is kept stays as it is."""
        rows = [(s.step_id, s.parcel_id, s.delivery_id, s.at, pack(s)) for s in steps]
        await self._tx.execute(ADD, *map(list, zip(*rows, strict=True)))

    async def of_parcels(self, parcel_ids: Collection[str]) -> Sequence[Step]:
        """Steps of parcels, by their ids or barcodes, oldest first."""
        rows = await self._tx.fetch(OF_PARCELS, list(parcel_ids), READ_MAX)
        return [unpack(row["body"], Step) for row in rows]
