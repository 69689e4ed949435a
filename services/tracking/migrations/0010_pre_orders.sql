-- Deliveries of one order, for the rank of an attempt among all attempts at the order.

CREATE INDEX deliveries_order ON deliveries (tenant, (body ->> 'order_reference'))
    WHERE body ->> 'order_reference' IS NOT NULL;

-- Looking back: the start of a route with its rate card, the last price of a tender.

CREATE INDEX journal_starts ON journal (tenant, route_id) WHERE type = 'RouteStarted';
CREATE INDEX journal_prices ON journal (tenant, (body ->> 'tender_id'))
    WHERE type = 'TenderPriced';
