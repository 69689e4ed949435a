"""
Webhooks from the feed to a receiver: all of them, once per id, in order per subject, signed.

Method: a real server, store and receiver; what would be told is put onto the feed by hand; the
clock of tries stands still until a test moves it, so a receiver is down for a day within seconds.
Signatures bear the machine's own time, and the standard's reference library judges each.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest

from doorstep.tracking.v1 import incident_pb2, subscription_pb2, webhook_attempt_pb2
from doorstep.tracking.v1 import subscription_service_pb2 as pb
from meshkit.clock import StoppedClock
from meshkit.feed import BATCH_CHANGES_MAX
from meshkit.testing import TestMesh
from services.tracking.adapters import feeder
from services.tracking.domain.attempt import DELAYS
from services.tracking.servicer.common import Desk
from services.tracking.tests.outbound.kit import (
    DONE,
    NEAR,
    OUT,
    Sending,
    attempts,
    got,
    happened,
    request_id,
    subscribed,
    subscriptions_of,
)
from services.tracking.tests.outbound.receiver import Receiver, Taken, status
from services.tracking.tests.wire import told

pytestmark = pytest.mark.pg

DAY = timedelta(days=1)
WAY = (OUT, NEAR, DONE)


def in_order(taken: list[Taken]) -> bool:
    """Whether the sequences of each subject grow."""
    sequences = defaultdict(list)
    for one in taken:
        sequences[one.envelope["subject"]].append(one.envelope["sequence"])
    return all(found == sorted(set(found)) for found in sequences.values())


async def test_the_reference_library_verifies_every_message(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    secret = await subscribed(mesh, receiver)
    await happened(desk, *((f"del_{n}", one) for one in WAY for n in range(1, 6)))

    assert await sending.beat() == 15
    envelopes = [one.verified(secret) for one in receiver.taken]
    assert len({one["id"] for one in envelopes}) == 15
    assert in_order(receiver.taken)
    first = envelopes[0]
    assert set(first) == {
        "id",
        "type",
        "event_time",
        "record_time",
        "tenant",
        "subject",
        "sequence",
        "data",
        "trace_id",
    }
    assert first["data"]["milestone"] == "MILESTONE_OUT_FOR_DELIVERY"
    assert receiver.taken[0].headers["webhook-id"] == first["id"]


async def test_a_receiver_down_for_a_day_gets_everything_once_in_order(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    secret = await subscribed(mesh, receiver)
    await receiver.down()
    for _ in range(24):  # an hour of the outage each
        await happened(desk, *((f"del_{n}", one) for one in WAY for n in range(1, 4)))
        await sending.pass_time(timedelta(hours=1), timedelta(minutes=30))
    await receiver.up()
    await sending.pass_time(timedelta(hours=12), timedelta(hours=1))

    envelopes = [one.verified(secret) for one in receiver.taken]
    assert len(envelopes) == 24 * 9
    assert len({one["id"] for one in envelopes}) == len(envelopes)
    assert in_order(receiver.taken)
    assert not receiver.crowded
    assert (await got(mesh)).state == subscription_pb2.SUBSCRIPTION_STATE_ACTIVE


async def test_tries_follow_the_schedule_with_jitter(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    receiver.answer = status(500, body=b"no")
    await happened(desk, ("del_1", OUT))
    await sending.beat()
    for delay in (*DELAYS, DELAYS[-1]):
        await sending.pass_time(delay * 1.11, delay * 1.11)

    found = list(reversed(await attempts(mesh)))
    assert [one.attempt_number for one in found] == list(range(1, 9))
    for one, delay in zip(found, (*DELAYS, DELAYS[-1]), strict=False):
        gap = one.next_send_time.ToDatetime() - one.send_time.ToDatetime()
        assert delay <= gap <= delay * 1.1
    assert found[0].status_code == 500
    assert found[0].response_excerpt == "no"
    assert len(set(receiver.ids)) == 1


async def test_a_poisoned_subject_blocks_no_other(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    good, bad = status(200), status(500)

    async def picky(taken: Taken, writer: object) -> None:
        answer = bad if taken.envelope["subject"] == "del_2" else good
        await answer(taken, writer)  # type: ignore[arg-type]

    receiver.answer = picky
    await happened(desk, *((f"del_{n}", one) for one in WAY for n in (1, 2, 3)))
    await sending.beat()
    tried = [one.envelope["subject"] for one in receiver.taken]

    assert (tried.count("del_1"), tried.count("del_2"), tried.count("del_3")) == (3, 1, 3)
    receiver.answer = good
    await sending.pass_time(timedelta(hours=1))
    assert in_order([one for one in receiver.taken if one.envelope["subject"] != "del_2"])
    assert len(set(receiver.ids)) == 9


async def test_an_answer_410_disables_and_says_so(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    receiver.answer = status(410)
    await happened(desk, ("del_1", OUT), ("del_2", OUT))
    await sending.beat()
    known = await got(mesh)

    assert known.state == subscription_pb2.SUBSCRIPTION_STATE_DISABLED
    assert "410" in known.disable_reason
    (opened,) = await told(desk, "incident_opened")
    assert not any(one.HasField("next_send_time") for one in await attempts(mesh))
    incident = opened.incident_opened.incident
    assert incident.type == incident_pb2.INCIDENT_TYPE_SUBSCRIPTION_DISABLED
    receiver.answer, before = status(200), len(receiver.taken)
    assert await sending.pass_time(DAY, timedelta(hours=6)) == 0, "nothing is sent to it"

    known.state = subscription_pb2.SUBSCRIPTION_STATE_ACTIVE
    update = pb.UpdateSubscriptionRequest(
        request_id=request_id(), subscription=known, etag=known.etag
    )
    update.update_mask.paths.append("state")
    await subscriptions_of(mesh).UpdateSubscription(update)
    await sending.beat()
    assert {one.envelope["subject"] for one in receiver.taken[before:]} == {"del_1", "del_2"}
    assert len(await told(desk, "incident_resolved")) == 1


async def test_days_of_failure_disable(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    receiver.answer = status(503)
    await happened(desk, ("del_1", OUT))
    await sending.beat()
    await sending.pass_time(timedelta(days=4, hours=20), timedelta(hours=1))

    assert (await got(mesh)).state == subscription_pb2.SUBSCRIPTION_STATE_ACTIVE
    await sending.pass_time(timedelta(hours=16), timedelta(hours=1))
    known = await got(mesh)
    assert known.state == subscription_pb2.SUBSCRIPTION_STATE_DISABLED
    assert "5 days" in known.disable_reason
    exhausted = webhook_attempt_pb2.WEBHOOK_ATTEMPT_STATE_EXHAUSTED
    assert (await attempts(mesh))[0].state == exhausted


async def test_what_happens_while_paused_waits_seven_days(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver, clock: StoppedClock
) -> None:
    await subscribed(mesh, receiver)
    await set_state(mesh, subscription_pb2.SUBSCRIPTION_STATE_PAUSED)
    await happened(desk, ("del_1", OUT))
    await sending.beat()
    clock.advance(timedelta(days=4))
    await happened(desk, ("del_2", OUT))
    await sending.beat()
    clock.advance(timedelta(days=4))

    assert not receiver.taken
    await set_state(mesh, subscription_pb2.SUBSCRIPTION_STATE_ACTIVE)
    await sending.beat()
    assert [one.envelope["subject"] for one in receiver.taken] == ["del_2"]


async def test_a_full_queue_waits_in_the_feed_and_loses_nothing(
    mesh: TestMesh,
    desk: Desk,
    sending: Sending,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feeder, "WAITING_MAX", 50)
    await subscribed(mesh, receiver)
    await receiver.down()
    for milestone in WAY:
        await happened(desk, *((f"del_{n}", milestone) for n in range(100)))
    await sending.beat()
    async with desk.db.worker() as tx:
        waiting = await tx.fetchval("SELECT count(*) FROM webhook_messages")
    assert 50 <= waiting <= 50 + BATCH_CHANGES_MAX, "one batch beyond the bound at most"

    await receiver.up()
    await sending.pass_time(timedelta(hours=1))
    while await sending.beat():
        pass
    assert len(set(receiver.ids)) == len(receiver.ids) == 300
    assert in_order(receiver.taken)


async def set_state(mesh: TestMesh, state: Any) -> None:
    known = await got(mesh)
    known.state = state
    request = pb.UpdateSubscriptionRequest(
        request_id=request_id(), subscription=known, etag=known.etag
    )
    request.update_mask.paths.append("state")
    await subscriptions_of(mesh).UpdateSubscription(request)
