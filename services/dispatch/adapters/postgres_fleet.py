"""Fleet tables: places, territories, rate cards, drivers, vehicles, shifts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import asyncpg

from meshkit.errors import NotReady
from meshkit.postgres import Transaction
from services.dispatch.adapters.documents import Documents, Noun, Statements
from services.dispatch.domain.fleet import Driver, Place, RateCard, Shift, Territory, Vehicle
from services.dispatch.domain.values import Window
from services.dispatch.ports import ShiftFilter, Slice

T = TypeVar("T")

PLACES = Noun(
    kind=Place,
    exists="PLACE_EXISTS",
    name=lambda place: place.place_id,
    columns=lambda place: (place.place_id, place.revision, place.kind.value),
    sql=Statements(
        find="SELECT body FROM places WHERE place_id = $1",
        find_all="SELECT body FROM places WHERE place_id = ANY ($1::text[]) ORDER BY place_id",
        add="""
            INSERT INTO places (tenant, place_id, revision, kind, body)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE places SET revision = $3, kind = $4, body = $5
            WHERE tenant = $1 AND place_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_PLACES = """
    SELECT body FROM places
    WHERE place_id > $1 AND (cardinality($2::text[]) = 0 OR kind = ANY ($2))
    ORDER BY place_id LIMIT $3"""

TERRITORIES = Noun(
    kind=Territory,
    exists="TERRITORY_EXISTS",
    name=lambda territory: territory.territory_id,
    columns=lambda territory: (territory.territory_id, territory.revision),
    sql=Statements(
        find="SELECT body FROM territories WHERE territory_id = $1",
        find_all="""
            SELECT body FROM territories WHERE territory_id = ANY ($1::text[])
            ORDER BY territory_id""",
        add="""
            INSERT INTO territories (tenant, territory_id, revision, body)
            VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE territories SET revision = $3, body = $4
            WHERE tenant = $1 AND territory_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_TERRITORIES = """
    SELECT body FROM territories WHERE territory_id > $1 AND cardinality($2::text[]) = 0
    ORDER BY territory_id LIMIT $3"""

RATE_CARDS = Noun(
    kind=RateCard,
    exists="RATE_CARD_EXISTS",
    name=lambda card: card.rate_card_id,
    columns=lambda card: (card.rate_card_id, card.revision),
    sql=Statements(
        find="SELECT body FROM rate_cards WHERE rate_card_id = $1",
        find_all="""
            SELECT body FROM rate_cards WHERE rate_card_id = ANY ($1::text[])
            ORDER BY rate_card_id""",
        add="""
            INSERT INTO rate_cards (tenant, rate_card_id, revision, body)
            VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE rate_cards SET revision = $3, body = $4
            WHERE tenant = $1 AND rate_card_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_RATE_CARDS = """
    SELECT body FROM rate_cards WHERE rate_card_id > $1 AND cardinality($2::text[]) = 0
    ORDER BY rate_card_id LIMIT $3"""

DRIVERS = Noun(
    kind=Driver,
    exists="DRIVER_EXISTS",
    name=lambda driver: driver.driver_id,
    columns=lambda driver: (driver.driver_id, driver.revision, driver.state.value),
    sql=Statements(
        find="SELECT body FROM drivers WHERE driver_id = $1",
        find_all="SELECT body FROM drivers WHERE driver_id = ANY ($1::text[]) ORDER BY driver_id",
        add="""
            INSERT INTO drivers (tenant, driver_id, revision, state, body)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE drivers SET revision = $3, state = $4, body = $5
            WHERE tenant = $1 AND driver_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_DRIVERS = """
    SELECT body FROM drivers
    WHERE driver_id > $1 AND (cardinality($2::text[]) = 0 OR state = ANY ($2))
    ORDER BY driver_id LIMIT $3"""

VEHICLES = Noun(
    kind=Vehicle,
    exists="VEHICLE_EXISTS",
    name=lambda vehicle: vehicle.vehicle_id,
    columns=lambda vehicle: (vehicle.vehicle_id, vehicle.revision, vehicle.state.value),
    sql=Statements(
        find="SELECT body FROM vehicles WHERE vehicle_id = $1",
        find_all="""
            SELECT body FROM vehicles WHERE vehicle_id = ANY ($1::text[]) ORDER BY vehicle_id""",
        add="""
            INSERT INTO vehicles (tenant, vehicle_id, revision, state, body)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE vehicles SET revision = $3, state = $4, body = $5
            WHERE tenant = $1 AND vehicle_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_VEHICLES = """
    SELECT body FROM vehicles
    WHERE vehicle_id > $1 AND (cardinality($2::text[]) = 0 OR state = ANY ($2))
    ORDER BY vehicle_id LIMIT $3"""

SHIFTS = Noun(
    kind=Shift,
    exists="SHIFT_EXISTS",
    name=lambda shift: shift.shift_id,
    columns=lambda shift: (
        shift.shift_id,
        shift.revision,
        shift.state.value,
        shift.driver_id,
        shift.vehicle_id,
        shift.interval.start_time,
        shift.interval.end_time,
    ),
    sql=Statements(
        find="SELECT body FROM shifts WHERE shift_id = $1",
        find_all="SELECT body FROM shifts WHERE shift_id = ANY ($1::text[]) ORDER BY shift_id",
        add="""
            INSERT INTO shifts (tenant, shift_id, revision, state, driver_id, vehicle_id, period,
                                body)
            VALUES ($1, $2, $3, $4, $5, $6, tstzrange($7, $8), $9)
            ON CONFLICT (tenant, shift_id) DO NOTHING""",
        save="""
            UPDATE shifts SET revision = $3, state = $4, driver_id = $5, vehicle_id = $6,
                              period = tstzrange($7, $8), body = $9
            WHERE tenant = $1 AND shift_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_SHIFTS = """
    SELECT body FROM shifts
    WHERE shift_id > $1
      AND ($2::timestamptz IS NULL OR lower(period) >= $2 AND lower(period) < $3)
      AND ($4 = '' OR driver_id = $4)
      AND (cardinality($5::text[]) = 0 OR state = ANY ($5))
    ORDER BY shift_id LIMIT $6"""
SHIFTS_WITHOUT_ROUTE = """
    SELECT shift_id FROM shifts s
    WHERE state = 'SCHEDULED' AND lower(period) >= $1 AND lower(period) < $2
      AND ($3 = '' OR body ->> 'start_place_id' = $3)
      AND NOT EXISTS (SELECT 1 FROM routes r WHERE r.tenant = s.tenant AND r.shift_id = s.shift_id
                      AND r.state IN ('PUBLISHED', 'ACTIVE'))
    ORDER BY shift_id"""


class NamedDocuments(Documents[T]):
    """A noun that is listed by name: implements `ports.Named`."""

    def __init__(self, tx: Transaction, noun: Noun[T], list_sql: str) -> None:
        super().__init__(tx, noun)
        self._list_sql = list_sql

    async def list_page(self, only: Sequence[str], page: Slice) -> Sequence[T]:
        return await self.fetch(self._list_sql, after_name(page), list(only), page.limit)


class PostgresShifts(Documents[Shift]):
    """Implements `ports.Shifts`; the store itself forbids two shifts at one time."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, SHIFTS)

    async def add(self, *values: Shift) -> None:
        try:
            await super().add(*values)
        except asyncpg.ExclusionViolationError as error:
            raise overlap() from error

    async def save(self, *values: Shift) -> None:
        try:
            await super().save(*values)
        except asyncpg.ExclusionViolationError as error:
            raise overlap() from error

    async def list_page(self, which: ShiftFilter, page: Slice) -> Sequence[Shift]:
        states = [state.value for state in which.states]
        bounds = ends(which.start)
        after = after_name(page)
        return await self.fetch(LIST_SHIFTS, after, *bounds, which.driver_id, states, page.limit)

    async def without_route(self, start: Window, depot_place_id: str) -> Sequence[str]:
        rows = await self._tx.fetch(SHIFTS_WITHOUT_ROUTE, *ends(start), depot_place_id)
        return [row["shift_id"] for row in rows]


def overlap() -> NotReady:
    """The driver or vehicle has another shift at that time."""
    return NotReady("SHIFT_OVERLAP", "the driver or vehicle has another shift at that time")


def after_name(page: Slice) -> str:
    """The name after which a page begins; the empty one comes before all."""
    return str(page.after[0]) if page.after else ""


def ends(window: Window | None) -> tuple[Any, Any]:
    """Start and end for a query; None and None mean any time."""
    return (window.start_time, window.end_time) if window else (None, None)
