"""
The check of a plan finds what is not free any more, and says so on the plan.

Method: a real server over a real PostgreSQL; what happens between draft and check is the test.
"""

from __future__ import annotations

import pytest

from doorstep.dispatch.v1 import delivery_service_pb2, route_plan_pb2
from services.dispatch.tests.office import Office, ask

pytestmark = pytest.mark.pg


async def test_a_task_put_on_hold_after_the_draft_is_a_violation_and_no_error(
    office: Office,
) -> None:
    await office.hire("ada")
    (held, _) = await office.order("d1", "d2")
    draft = await office.draft()
    hold = ask(delivery_service_pb2.HoldDeliveryRequest, delivery_id="d1", etag="1", reason="gate")
    await office.desk.deliveries.HoldDelivery(hold)

    checked = await office.check(draft)

    assert checked.state == route_plan_pb2.ROUTE_PLAN_STATE_DRAFT
    (violation,) = checked.violations
    assert violation.kind == route_plan_pb2.PLAN_VIOLATION_KIND_TASK_TAKEN
    assert (violation.task_id, violation.detail) == (held, "on_hold")
