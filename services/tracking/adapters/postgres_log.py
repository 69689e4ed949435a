"""The log of facts, the journal of events, and what is folded from them: deliveries, timelines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from meshkit.feed import Draft
from meshkit.postgres import Transaction
from meshkit.traces import current_traceparent, trace_id
from services.tracking.adapters.codec import pack, unpack, unpack_event
from services.tracking.domain.audit import Report
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import Crew, IncidentOpened, MilestoneReached
from services.tracking.domain.fact import Fact
from services.tracking.domain.heard import DeliveryKnown
from services.tracking.domain.journal import Event, moment
from services.tracking.domain.note import Audience, Comment
from services.tracking.domain.route import Window
from services.tracking.ports import FactStatus
from services.tracking.projections.audit import DECISIVE, DECISIVE_FACTS, Row, about

Encode = Callable[[Event], Draft | None]  # None: the event is kept, and told to nobody

ADD_FACT = """
    INSERT INTO facts (event_id, name, status, event_time, record_time, device_id, driver_id,
                       carrier_id, route_id, stop_id, task_id, delivery_id, digest, body)
    VALUES ($1, $2, 'RECORDED', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT DO NOTHING"""

DIGEST = "SELECT digest FROM facts WHERE event_id = $1"

MARK = "UPDATE facts SET status = $2 WHERE event_id = $1 AND status <> $2"

PENDING = """
    SELECT body FROM facts
    WHERE status = 'PENDING' AND (task_id = ANY ($1) OR (route_id = $2 AND $2 <> ''))
    ORDER BY no"""

FACTS_ABOUT = """
    SELECT status, body, total FROM (
        SELECT no, status, body, count(*) OVER () AS total FROM facts
        WHERE delivery_id = $1 OR task_id = ANY ($2)
        ORDER BY name <> ALL ($3), no DESC LIMIT $4
    ) found ORDER BY no"""

COLLECTED = """
    SELECT body FROM facts f
    WHERE task_id = $1 AND name = 'amount_collected' AND status = 'RECORDED'
      AND NOT EXISTS (SELECT FROM facts c
                      WHERE c.task_id = $1 AND c.name = 'amount_collected'
                        AND c.status = 'RECORDED'
                        AND c.body->>'corrected_event_id' = f.event_id::text)
    ORDER BY no"""

CONTESTED = """
    SELECT body FROM facts
    WHERE task_id = $1 AND name = 'delivered' AND status = 'CONTESTED' ORDER BY no"""

OVERDUE = """
    SELECT body FROM facts
    WHERE status = 'PENDING' AND stored_at < clock_timestamp() - make_interval(secs => $1)
    ORDER BY stored_at LIMIT $2"""

LIST_FACTS = """
    SELECT no, body FROM facts
    WHERE no > $1 AND ($2 = '' OR delivery_id = $2) AND ($3 = '' OR task_id = $3)
      AND ($4 = '' OR route_id = $4) AND ($5 = '' OR driver_id = $5) AND ($6 = '' OR device_id = $6)
      AND ($7 = '' OR carrier_id = $7)
      AND (cardinality($8::text[]) = 0 OR name = ANY ($8))
      AND ($9::timestamptz IS NULL OR record_time >= $9)
      AND ($10::timestamptz IS NULL OR record_time < $10)
    ORDER BY no LIMIT $11"""

COUNT_FACTS = "SELECT count(*) FROM facts WHERE event_time >= $1 AND event_time < $2"

APPEND = """
    INSERT INTO journal (type, at, due_at, recorded_at, route_id, driver_id, vehicle_id, carrier_id,
                         body, about, trace_id)
    SELECT u.type, u.at, u.due_at, $9, u.route_id, u.driver_id, u.vehicle_id, u.carrier_id,
           u.body::jsonb, string_to_array(u.about, ' '), $11
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[],
                $6::text[], $7::text[], $8::text[], $10::text[]) WITH ORDINALITY
         AS u (type, at, due_at, route_id, driver_id, vehicle_id, carrier_id, body, about, place)
    ORDER BY u.place"""

ABOUT = """
    SELECT type, recorded_at, trace_id, body, total FROM (
        SELECT no, type, recorded_at, trace_id, body, count(*) OVER () AS total FROM journal
        WHERE about && $1 AND about <> '{}'
        ORDER BY type <> ALL ($2), no DESC LIMIT $3
    ) found ORDER BY no"""

READ_JOURNAL = """
    SELECT type, recorded_at, body FROM journal
    WHERE ((at >= $1 AND at < $2) OR (due_at >= $1 AND due_at < $2))
      AND (cardinality($3::text[]) = 0 OR type = ANY ($3))
      AND ($4 = '' OR route_id = $4) AND ($5 = '' OR driver_id = $5)
      AND ($6 = '' OR vehicle_id = $6) AND ($7 = '' OR carrier_id = $7)
    ORDER BY no"""

ADD_ENTRIES = """
    INSERT INTO timeline (entry_id, delivery_id, at, body)
    SELECT u.entry_id, u.delivery_id, u.at, u.body::jsonb
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[])
         AS u (entry_id, delivery_id, at, body)
    ON CONFLICT DO NOTHING RETURNING entry_id"""

LATEST_ENTRIES = """
    SELECT body FROM (
        SELECT at, entry_id, body FROM timeline WHERE delivery_id = $1
        ORDER BY at DESC, entry_id DESC LIMIT $2
    ) latest ORDER BY at, entry_id"""

LIST_ENTRIES = """
    SELECT body FROM timeline
    WHERE delivery_id = $1 AND ($2::timestamptz IS NULL OR (at, entry_id) > ($2, $3))
    ORDER BY at, entry_id LIMIT $4"""

GET_ENTRY = "SELECT body FROM timeline WHERE entry_id = $1"

ADD_COMMENT = """
    INSERT INTO comments (comment_id, entry_id, delivery_id, created_at, author, audience, words)
    VALUES ($1, $2, $3, $4, $5, $6, $7)"""

COMMENTS = """
    SELECT comment_id, entry_id, delivery_id, created_at, author, audience, words FROM comments
    WHERE delivery_id = $1 AND audience = ANY ($2) ORDER BY created_at, comment_id"""

GET_DELIVERIES = "SELECT body FROM deliveries WHERE delivery_id = ANY ($1)"

OF_ORDER = """
    SELECT body FROM deliveries WHERE body ->> 'order_reference' = $1
    ORDER BY delivery_id LIMIT $2"""

LOCK_DELIVERIES = """
    SELECT body FROM deliveries WHERE delivery_id = ANY ($1) ORDER BY delivery_id FOR UPDATE"""

SAVE_DELIVERIES = """
    INSERT INTO deliveries (delivery_id, state, route_id, body)
    SELECT u.delivery_id, u.state, u.route_id, u.body::jsonb
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
         AS u (delivery_id, state, route_id, body)
    ORDER BY u.delivery_id
    ON CONFLICT (tenant, delivery_id) DO UPDATE SET
        state = EXCLUDED.state, route_id = EXCLUDED.route_id, body = EXCLUDED.body"""

KNOW_PARCELS = """
    INSERT INTO parcels (parcel_id, barcode, delivery_id)
    SELECT u.parcel_id, u.barcode, u.delivery_id
    FROM unnest($1::text[], $2::text[], $3::text[]) AS u (parcel_id, barcode, delivery_id)
    ORDER BY u.parcel_id
    ON CONFLICT (tenant, parcel_id) DO UPDATE SET
        barcode = EXCLUDED.barcode, delivery_id = EXCLUDED.delivery_id"""


class PostgresFacts:
    """Implements `ports.Facts`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, fact: Fact, digest: bytes) -> FactStatus | None:
        """Keeps a fact; None when it is new. Else DUPLICATE, or REJECTED for another's id."""
        name = UUID(fact.event_id)
        whose = (fact.device_id, fact.driver_id, fact.carrier_id)
        about = (fact.route_id, fact.stop_id, fact.task_id, fact.delivery_id)
        times = (fact.event_time, fact.record_time)
        row = (name, fact.name, *times, *whose, *about, digest, pack(fact))
        if await self._tx.execute(ADD_FACT, *row):
            return None
        same = await self._tx.fetchval(DIGEST, name) == digest
        return FactStatus.DUPLICATE if same else FactStatus.REJECTED

    async def mark(self, event_id: str, status: FactStatus) -> None:
        """Notes what became of a fact."""
        await self._tx.execute(MARK, UUID(event_id), status)

    async def pending(self, task_ids: Collection[str], route_id: str) -> Sequence[Fact]:
        """Facts that wait for one of these tasks or for a route, in order of record."""
        rows = await self._tx.fetch(PENDING, list(task_ids), route_id)
        return [unpack(row["body"], Fact) for row in rows]

    async def overdue(self, seconds: float, limit: int) -> Sequence[Fact]:
        """Facts that have waited longer than so many real seconds."""
        rows = await self._tx.fetch(OVERDUE, seconds, limit)
        return [unpack(row["body"], Fact) for row in rows]

    async def collected(self, task_id: str) -> Sequence[Fact]:
        """What was collected for a task and not corrected since, in order of record."""
        return [unpack(row["body"], Fact) for row in await self._tx.fetch(COLLECTED, task_id)]

    async def about(
        self, delivery_id: str, task_ids: Collection[str], limit: int
    ) -> tuple[Sequence[Report], int]:
        """Facts about a delivery or its tasks, in order of record, and how many are left out."""
        rows = await self._tx.fetch(FACTS_ABOUT, delivery_id, list(task_ids), DECISIVE_FACTS, limit)
        return [Report(unpack(row["body"], Fact), row["status"]) for row in rows], _left_out(rows)

    async def contested(self, task_id: str) -> Sequence[Fact]:
        """Successes of a task that were contested, in order of record."""
        return [unpack(row["body"], Fact) for row in await self._tx.fetch(CONTESTED, task_id)]

    async def page(self, after: int, *conditions: Any) -> Sequence[tuple[int, Fact]]:
        """Facts in order of record, with their number."""
        rows = await self._tx.fetch(LIST_FACTS, after, *conditions)
        return [(row["no"], unpack(row["body"], Fact)) for row in rows]

    async def count(self, span: Window) -> int:
        """How many happened in a span."""
        return int(await self._tx.fetchval(COUNT_FACTS, span.start, span.end))


class PostgresJournal:
    """Implements `ports.Journal`. `encode` (event -> Draft) comes from convert."""

    def __init__(self, tx: Transaction, encode: Encode) -> None:
        self._tx = tx
        self._encode = encode

    async def append(self, events: Sequence[Event], now: datetime) -> None:
        """Keeps events, and puts those that are told onto the feed."""
        crews = [_crew(event) for event in events]
        await self._tx.execute(
            APPEND,
            [type(event).__name__ for event in events],
            [moment(event) for event in events],
            [_due(event) for event in events],
            [crew.route_id for crew in crews],
            [crew.driver_id for crew in crews],
            [crew.vehicle_id for crew in crews],
            [crew.carrier_id for crew in crews],
            [pack(event) for event in events],
            now,
            [" ".join(about(event)) for event in events],  # an id has no space
            trace_id(current_traceparent()),
        )
        drafts = [self._encode(event) for event in events]
        self._tx.append(*(draft for draft in drafts if draft is not None))

    async def about(self, ids: Collection[str], limit: int) -> tuple[Sequence[Row], int]:
        """Events about deliveries or decisions, in order of record, and how many are left out."""
        rows = await self._tx.fetch(ABOUT, list(ids), DECISIVE, limit)
        told = [
            Row(unpack_event(row["type"], row["body"]), row["recorded_at"], row["trace_id"])
            for row in rows
        ]
        return told, _left_out(rows)

    async def read(
        self, span: Window, types: Collection[str] = (), whose: Crew | None = None
    ) -> Sequence[tuple[Event, datetime]]:
        """Events of a span, and deliveries that are due in it, in order of record."""
        by = whose or Crew()
        crew = (by.route_id, by.driver_id, by.vehicle_id, by.carrier_id)
        rows = await self._tx.fetch(READ_JOURNAL, span.start, span.end, list(types), *crew)
        return [(unpack_event(row["type"], row["body"]), row["recorded_at"]) for row in rows]


class PostgresTimeline:
    """Implements `ports.Timeline`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, entries: Sequence[MilestoneReached]) -> Sequence[MilestoneReached]:
        """Keeps entries, and tells which of them are new."""
        columns = zip(*((e.entry_id, e.delivery_id, e.at, pack(e)) for e in entries), strict=True)
        rows = await self._tx.fetch(ADD_ENTRIES, *map(list, columns))
        fresh = {row["entry_id"] for row in rows}
        return [entry for entry in entries if entry.entry_id in fresh]

    async def of(self, delivery_id: str, limit: int) -> Sequence[MilestoneReached]:
        """The latest entries of a delivery, oldest first."""
        rows = await self._tx.fetch(LATEST_ENTRIES, delivery_id, limit)
        return [unpack(row["body"], MilestoneReached) for row in rows]

    async def page(
        self, delivery_id: str, after: tuple[Any, ...], limit: int
    ) -> Sequence[MilestoneReached]:
        """A page of entries, oldest first."""
        rows = await self._tx.fetch(LIST_ENTRIES, delivery_id, *after, limit)
        return [unpack(row["body"], MilestoneReached) for row in rows]

    async def entry(self, entry_id: str) -> MilestoneReached | None:
        """One entry."""
        text = await self._tx.fetchval(GET_ENTRY, entry_id)
        return unpack(text, MilestoneReached) if text else None

    async def comment(self, comment: Comment) -> None:
        """Keeps a comment."""
        one = comment
        about = (one.comment_id, one.entry_id, one.delivery_id, one.create_time)
        await self._tx.execute(ADD_COMMENT, *about, one.author, one.audience, one.text)

    async def comments(
        self, delivery_id: str, audiences: Collection[Audience]
    ) -> Sequence[Comment]:
        """What was written about a delivery, oldest first."""
        rows = await self._tx.fetch(COMMENTS, delivery_id, list(audiences))
        return [
            Comment(
                row["comment_id"],
                row["entry_id"],
                row["delivery_id"],
                row["author"],
                row["words"],
                Audience(row["audience"]),
                row["created_at"],
            )
            for row in rows
        ]


class PostgresDeliveries:
    """Implements `ports.Deliveries`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def get(self, delivery_ids: Collection[str]) -> dict[str, Delivery]:
        """Those that are known."""
        return _by_name(await self._tx.fetch(GET_DELIVERIES, list(delivery_ids)))

    async def lock(self, delivery_ids: Collection[str]) -> dict[str, Delivery]:
        """The same, held until the transaction ends, in order of their ids."""
        return _by_name(await self._tx.fetch(LOCK_DELIVERIES, list(delivery_ids)))

    async def of_order(self, order_reference: str, limit: int) -> Sequence[Delivery]:
        """The first deliveries of an order, by their ids."""
        rows = await self._tx.fetch(OF_ORDER, order_reference, limit)
        return [unpack(row["body"], Delivery) for row in rows]

    async def save(self, deliveries: Collection[Delivery]) -> None:
        """Keeps them, and whose parcels theirs are."""
        if not deliveries:
            return
        rows = [(one.delivery_id, one.state.value, one.route_id, pack(one)) for one in deliveries]
        await self._tx.execute(SAVE_DELIVERIES, *map(list, zip(*rows, strict=True)))
        known = {p.parcel_id: (p, one) for one in deliveries for p in one.parcels}
        if known:
            barcodes = [parcel.barcode for parcel, _ in known.values()]
            owners = [one.delivery_id for _, one in known.values()]
            await self._tx.execute(KNOW_PARCELS, list(known), barcodes, owners)


def _by_name(rows: Sequence[Any]) -> dict[str, Delivery]:
    found = (unpack(row["body"], Delivery) for row in rows)
    return {one.delivery_id: one for one in found}


def _left_out(rows: Sequence[Any]) -> int:
    return int(rows[0]["total"]) - len(rows) if rows else 0


def _crew(event: Event) -> Crew:
    """By whom scorecards may be cut."""
    if isinstance(event, IncidentOpened):
        about = event.incident.about
        return Crew(
            about.route_id,
            driver_id=about.driver_id,
            vehicle_id=about.vehicle_id,
            carrier_id=about.carrier_id,
        )
    crew = getattr(event, "crew", None)
    return crew if isinstance(crew, Crew) else Crew(getattr(event, "route_id", ""))


def _due(event: Event) -> datetime | None:
    promise = event.digest.promise if isinstance(event, DeliveryKnown) else None
    return promise.start if promise else None
