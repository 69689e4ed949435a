"""What waited too long is judged, and one fact that cannot be judged keeps no other waiting."""

from __future__ import annotations

import pytest

from meshkit.postgres import Transaction
from meshkit.testing import TestMesh
from services.tracking.__main__ import judge
from services.tracking.domain.fact import Fact
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import reported
from services.tracking.tests.wire import event, told

pytestmark = pytest.mark.pg


async def test_a_fact_that_cannot_be_judged_keeps_no_other_waiting(
    mesh: TestMesh, desk: Desk
) -> None:
    facts = [event(4, "delivered", number) for number in (1, 2)]
    assert await reported(mesh, *facts) == ["PENDING"] * 2
    async with desk.db.worker() as tx:
        await tx.execute("UPDATE facts SET stored_at = stored_at - interval '1 day'")
    one = judge(desk)
    ours, poison = one._judge, facts[0].event_id

    async def poisoned(tx: Transaction, fact: Fact) -> None:
        await ours(tx, fact)
        if fact.event_id == poison:
            raise KeyError("no such word")

    one._judge = poisoned
    await one.beat()

    (opened,) = await told(desk, "incident_opened")
    assert opened.incident_opened.incident.task_id == "tsk_2"
