"""Deliveries, their parcels' names, and tasks."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from meshkit.errors import AlreadyExists
from meshkit.postgres import Transaction
from services.dispatch.adapters.documents import Documents, Noun, Statements
from services.dispatch.adapters.postgres_fleet import after_name, ends
from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.task import Task
from services.dispatch.domain.values import Window
from services.dispatch.ports import DeliveryFilter, Slice, TaskFilter

DELIVERIES = Noun(
    kind=Delivery,
    exists="DELIVERY_EXISTS",
    name=lambda delivery: delivery.delivery_id,
    columns=lambda delivery: (
        delivery.delivery_id,
        delivery.revision,
        delivery.state.value,
        delivery.origin_place_id,
        delivery.promise_window.start_time if delivery.promise_window else None,
    ),
    sql=Statements(
        find="SELECT body FROM deliveries WHERE delivery_id = $1",
        find_all="""
            SELECT body FROM deliveries WHERE delivery_id = ANY ($1::text[])
            ORDER BY delivery_id""",
        add="""
            INSERT INTO deliveries (tenant, delivery_id, revision, state, origin_place_id,
                                    promise_start, body)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE deliveries SET revision = $3, state = $4, origin_place_id = $5,
                                  promise_start = $6, body = $7
            WHERE tenant = $1 AND delivery_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_DELIVERIES = """
    SELECT body FROM deliveries d
    WHERE delivery_id > $1
      AND (cardinality($2::text[]) = 0 OR state = ANY ($2))
      AND ($3::timestamptz IS NULL OR promise_start >= $3 AND promise_start < $4)
      AND ($5 = '' OR origin_place_id = $5)
      AND (cardinality($6::text[]) = 0 OR delivery_id = ANY ($6))
      AND ($7 = '' OR EXISTS (
          SELECT 1 FROM tasks t JOIN routes r ON r.tenant = t.tenant AND r.route_id = t.route_id
          WHERE t.tenant = d.tenant AND t.delivery_id = d.delivery_id AND r.carrier_id = $7))
    ORDER BY delivery_id LIMIT $8"""
PARCELS_TAKEN = "SELECT parcel_id FROM parcels WHERE parcel_id = ANY ($1::text[])"
ADD_PARCELS = """
    INSERT INTO parcels (tenant, parcel_id, delivery_id)
    SELECT $1, unnest($2::text[]), unnest($3::text[]) ON CONFLICT DO NOTHING"""
DROP_PARCELS = """
    DELETE FROM parcels WHERE delivery_id = $1 AND parcel_id <> ALL ($2::text[])"""

TASKS = Noun(
    kind=Task,
    exists="TASK_EXISTS",
    name=lambda task: task.task_id,
    columns=lambda task: (
        task.task_id,
        task.revision,
        task.state.value,
        task.delivery_id,
        task.route_id,
    ),
    sql=Statements(
        find="SELECT body FROM tasks WHERE task_id = $1",
        find_all="SELECT body FROM tasks WHERE task_id = ANY ($1::text[]) ORDER BY task_id",
        add="""
            INSERT INTO tasks (tenant, task_id, revision, state, delivery_id, route_id, body)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE tasks SET revision = $3, state = $4, delivery_id = $5, route_id = $6, body = $7
            WHERE tenant = $1 AND task_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_TASKS = """
    SELECT body FROM tasks t
    WHERE task_id > $1
      AND (cardinality($2::text[]) = 0 OR delivery_id = ANY ($2))
      AND ($3 = '' OR route_id = $3)
      AND ($4 = '' OR state = $4)
      AND ($5 = '' OR EXISTS (
          SELECT 1 FROM routes r
          WHERE r.tenant = t.tenant AND r.route_id = t.route_id AND r.carrier_id = $5))
    ORDER BY task_id LIMIT $6"""
# Deliveries without any window can be planned on every day.
FREE_TASKS = """
    SELECT t.task_id FROM tasks t
    JOIN deliveries d ON d.tenant = t.tenant AND d.delivery_id = t.delivery_id
    WHERE t.state = 'OPEN' AND t.route_id = '' AND t.body ->> 'tender_id' = ''
      AND t.body ->> 'type' <> 'PICKUP'
      AND d.state IN ('CREATED', 'PLANNED')
      AND ($3 = '' OR d.origin_place_id = $3)
      AND (jsonb_array_length(d.body -> 'windows') = 0 OR EXISTS (
          SELECT 1 FROM jsonb_array_elements(d.body -> 'windows') AS w
          WHERE (w ->> 'start_time')::timestamptz < $2 AND (w ->> 'end_time')::timestamptz > $1))
    ORDER BY t.task_id LIMIT $4"""
TASKS_ON_ROUTE = "SELECT body FROM tasks WHERE route_id = $1 ORDER BY task_id FOR UPDATE"


class PostgresDeliveries(Documents[Delivery]):
    """Implements `ports.Deliveries`; a parcel's name is one delivery's in the tenant."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, DELIVERIES)

    async def add(self, *values: Delivery) -> None:
        await super().add(*values)
        await self._add_parcels(values)

    async def save(self, *values: Delivery) -> None:
        await super().save(*values)

    async def replace_parcels(self, delivery: Delivery) -> None:
        """The names of a delivery's parcels after these changed."""
        kept = [parcel.parcel_id for parcel in delivery.parcels]
        await self._tx.execute(DROP_PARCELS, delivery.delivery_id, kept)
        known = await self.parcels_taken(kept)
        fresh = [p for p in delivery.parcels if p.parcel_id not in known]
        if fresh:
            owners = [delivery.delivery_id] * len(fresh)
            await self._tx.execute(
                ADD_PARCELS, self._tx.tenant, [p.parcel_id for p in fresh], owners
            )

    async def list_page(self, which: DeliveryFilter, page: Slice) -> Sequence[Delivery]:
        return await self.fetch(
            LIST_DELIVERIES,
            after_name(page),
            [state.value for state in which.states],
            *ends(which.promise_start),
            which.origin_place_id,
            list(which.delivery_ids),
            which.carrier_id,
            page.limit,
        )

    async def parcels_taken(self, parcel_ids: Collection[str]) -> Collection[str]:
        rows = await self._tx.fetch(PARCELS_TAKEN, list(parcel_ids))
        return {row["parcel_id"] for row in rows}

    async def _add_parcels(self, deliveries: Sequence[Delivery]) -> None:
        owned = [(p.parcel_id, d.delivery_id) for d in deliveries for p in d.parcels]
        names, owners = [p for p, _ in owned], [d for _, d in owned]
        added = await self._tx.execute(ADD_PARCELS, self._tx.tenant, names, owners)
        if added != len(owned):
            raise AlreadyExists("PARCEL_EXISTS", "a parcel of that name exists")


class PostgresTasks(Documents[Task]):
    """Implements `ports.Tasks`."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, TASKS)

    async def list_page(self, which: TaskFilter, page: Slice) -> Sequence[Task]:
        return await self.fetch(
            LIST_TASKS,
            after_name(page),
            list(which.delivery_ids),
            which.route_id,
            which.state.value if which.state else "",
            which.carrier_id,
            page.limit,
        )

    async def free(self, window: Window, depot_place_id: str, limit: int) -> Sequence[str]:
        rows = await self._tx.fetch(FREE_TASKS, *ends(window), depot_place_id, limit)
        return [row["task_id"] for row in rows]

    async def on_route(self, route_id: str) -> Sequence[Task]:
        return await self.fetch(TASKS_ON_ROUTE, route_id)
