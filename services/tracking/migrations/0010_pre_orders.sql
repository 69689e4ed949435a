-- Deliveries of one order, for the rank of an attempt among all attempts at the order.

CREATE INDEX deliveries_order ON deliveries (tenant, (body ->> 'order_reference'))
    WHERE body ->> 'order_reference' IS NOT NULL;
