"""The record of solves and the feed in PostgreSQL. Implements `ports.Records`."""

from __future__ import annotations

from collections.abc import Callable

from meshkit.feed import Draft
from meshkit.postgres import Database
from services.planner.ports import PlanComputed

INSERT_SOLVE = """
    INSERT INTO solves (
        tenant, optimization_id, create_time, problem_digest, seed, engine_version, rules_version,
        access_rules_version, map_id, solution_count, solve_end, solve_milliseconds, cost_micros,
        task_count, unassigned_count, route_count, access_checked
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"""


class PostgresRecords:
    """Keeps a record and tells of it in one transaction."""

    def __init__(self, db: Database, encode: Callable[[PlanComputed], Draft]) -> None:
        """`encode` comes from convert, by way of __main__."""
        self._db = db
        self._encode = encode

    async def add(self, tenant: str, computed: PlanComputed) -> None:
        """Keeps a record and tells of it, both or neither."""
        record = computed.record
        async with self._db.transaction(tenant) as tx:
            await tx.execute(
                INSERT_SOLVE,
                tenant,
                computed.optimization_id,
                computed.at,
                record.problem_digest,
                record.seed,
                record.engine_version,
                record.rules_version,
                record.access_rules_version,
                record.map_id,
                record.solution_count,
                record.end.value,
                record.solve_milliseconds,
                computed.cost_micros,
                computed.task_count,
                computed.unassigned_count,
                computed.route_count,
                computed.access_checked,
            )
            tx.append(self._encode(computed))
