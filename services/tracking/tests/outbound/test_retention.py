"""
What is sent and how people are reached is forgotten in time, and nothing that still waits.

Method: rows are made old by hand.
"""

from __future__ import annotations

import pytest

from meshkit.testing import TENANT, TestMesh
from services.tracking.adapters.outbound_retention import forget
from services.tracking.outbound_ports import SealedContact
from services.tracking.servicer.common import Desk
from services.tracking.tests.outbound.kit import OUT, Sending, attempts, happened, subscribed
from services.tracking.tests.outbound.receiver import Receiver, status
from services.tracking.tests.wire import cancelled, created, heard

pytestmark = pytest.mark.pg


async def test_tries_and_messages_go_after_eight_days_and_what_waits_stays(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    await happened(desk, ("del_1", OUT))
    await sending.beat()
    receiver.answer = status(500)
    await happened(desk, ("del_2", OUT))
    await sending.beat()
    async with desk.db.worker() as tx:
        await tx.execute("UPDATE webhook_messages SET stored_at = stored_at - interval '1 year'")
        await tx.execute("UPDATE webhook_attempts SET sent_at = sent_at - interval '1 year'")
    await forget(desk.db)

    assert await attempts(mesh) == []
    async with desk.db.worker() as tx:
        left = await tx.fetch("SELECT subject, state FROM webhook_messages")
    assert [(row["subject"], row["state"]) for row in left] == [("del_2", "PENDING")]


async def test_a_contact_goes_thirty_days_after_the_end_of_its_delivery(desk: Desk) -> None:
    await heard(desk, created(1), created(2), cancelled(1))
    async with desk.db.transaction(TENANT) as tx:
        for number in (1, 2):
            contact = SealedContact(f"del_{number}", b"sealed", "fi", "plc_1")
            await desk.worlds(tx).contacts.put(contact)
    await forget(desk.db)
    async with desk.db.worker() as tx:
        await tx.execute("UPDATE contacts SET ended_at = ended_at - interval '31 days'")
    await forget(desk.db)

    async with desk.db.worker() as tx:
        left = await tx.fetch("SELECT delivery_id FROM contacts")
    assert [row["delivery_id"] for row in left] == ["del_2"]


async def test_a_contact_that_dispatch_takes_back_is_forgotten_at_once(desk: Desk) -> None:
    sealed = b"sealed"
    await heard(desk, created(1, sealed_contact=sealed))
    async with desk.db.worker() as tx:
        assert await tx.fetchval("SELECT sealed FROM contacts") == sealed
    await heard(desk, created(1))

    async with desk.db.worker() as tx:
        assert await tx.fetchval("SELECT count(*) FROM contacts") == 0


async def test_whoever_answers_requests_cannot_read_contacts(desk: Desk) -> None:
    await heard(desk, created(1, sealed_contact=b"sealed"))
    async with desk.db.transaction(TENANT) as tx:
        with pytest.raises(Exception, match="permission denied"):
            await tx.fetch("SELECT sealed FROM contacts")
