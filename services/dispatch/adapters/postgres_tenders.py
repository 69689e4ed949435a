"""Carriers, quotes and tenders."""

from __future__ import annotations

from collections.abc import Sequence

from meshkit.postgres import Transaction
from services.dispatch.adapters.documents import Documents, Noun, Statements
from services.dispatch.domain.carrier import Carrier, Quote, QuoteState
from services.dispatch.domain.tender import Tender, TenderState
from services.dispatch.ports import Slice

CARRIERS = Noun(
    kind=Carrier,
    exists="CARRIER_EXISTS",
    name=lambda carrier: carrier.carrier_id,
    columns=lambda carrier: (carrier.carrier_id, carrier.revision),
    sql=Statements(
        find="SELECT body FROM carriers WHERE carrier_id = $1",
        find_all="""
            SELECT body FROM carriers WHERE carrier_id = ANY ($1::text[]) ORDER BY carrier_id""",
        add="""
            INSERT INTO carriers (tenant, carrier_id, revision, body)
            VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE carriers SET revision = $3, body = $4
            WHERE tenant = $1 AND carrier_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_CARRIERS = """
    SELECT body FROM carriers WHERE carrier_id > $1 AND cardinality($2::text[]) = 0
    ORDER BY carrier_id LIMIT $3"""

QUOTES = Noun(
    kind=Quote,
    exists="QUOTE_EXISTS",
    name=lambda quote: quote.quote_id,
    columns=lambda quote: (
        quote.quote_id,
        quote.revision,
        quote.state.value,
        quote.carrier_id,
        list(quote.task_ids),
        quote.create_time,
    ),
    sql=Statements(
        find="SELECT body FROM quotes WHERE quote_id = $1",
        find_all="SELECT body FROM quotes WHERE quote_id = ANY ($1::text[]) ORDER BY quote_id",
        add="""
            INSERT INTO quotes (tenant, quote_id, revision, state, carrier_id, task_ids,
                                create_time, body)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE quotes SET revision = $3, state = $4, carrier_id = $5, task_ids = $6,
                              create_time = $7, body = $8
            WHERE tenant = $1 AND quote_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_QUOTES = """
    SELECT body FROM quotes
    WHERE ($1::timestamptz IS NULL OR (create_time, quote_id) < ($1, $2))
      AND ($3 = '' OR state = $3)
      AND ($4 = '' OR carrier_id = $4)
      AND ($5 = '' OR $5 = ANY (task_ids))
    ORDER BY create_time DESC, quote_id DESC LIMIT $6"""

TENDERS = Noun(
    kind=Tender,
    exists="TENDER_EXISTS",
    name=lambda tender: tender.tender_id,
    columns=lambda tender: (
        tender.tender_id,
        tender.revision,
        tender.state.value,
        [offer.carrier_id for offer in tender.offers if offer.was_made],
        tender.expire_time,
        tender.create_time,
    ),
    sql=Statements(
        find="SELECT body FROM tenders WHERE tender_id = $1",
        find_all="SELECT body FROM tenders WHERE tender_id = ANY ($1::text[]) ORDER BY tender_id",
        add="""
            INSERT INTO tenders (tenant, tender_id, revision, state, carrier_ids, expire_time,
                                 create_time, body)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING""",
        save="""
            UPDATE tenders SET revision = $3, state = $4, carrier_ids = $5, expire_time = $6,
                               create_time = $7, body = $8
            WHERE tenant = $1 AND tender_id = $2 AND revision = $3 - 1""",
    ),
)
LIST_TENDERS = """
    SELECT body FROM tenders
    WHERE ($1::timestamptz IS NULL OR (create_time, tender_id) < ($1, $2))
      AND (cardinality($3::text[]) = 0 OR state = ANY ($3))
      AND ($4 = '' OR $4 = ANY (carrier_ids))
    ORDER BY create_time DESC, tender_id DESC LIMIT $5"""


class PostgresQuotes(Documents[Quote]):
    """Implements `ports.Quotes`."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, QUOTES)

    async def list_page(
        self, state: QuoteState | None, carrier_id: str, task_id: str, page: Slice
    ) -> Sequence[Quote]:
        after = page.after or (None, None)
        wanted = state.value if state else ""
        return await self.fetch(LIST_QUOTES, *after, wanted, carrier_id, task_id, page.limit)


class PostgresTenders(Documents[Tender]):
    """Implements `ports.Tenders`."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, TENDERS)

    async def list_page(
        self, states: Sequence[TenderState], carrier_id: str, page: Slice
    ) -> Sequence[Tender]:
        after = page.after or (None, None)
        wanted = [state.value for state in states]
        return await self.fetch(LIST_TENDERS, *after, wanted, carrier_id, page.limit)
