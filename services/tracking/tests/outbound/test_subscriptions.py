"""
Subscriptions by rpc: made, read, changed, rotated, tried, removed; each side sees its own.

Method: a real server on a real port and store.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from google.protobuf.duration_pb2 import Duration
from google.type.timeofday_pb2 import TimeOfDay

from doorstep.tracking.v1 import event_pb2, milestone_pb2, subscription_pb2, webhook_attempt_pb2
from doorstep.tracking.v1 import subscription_service_pb2 as pb
from meshkit.clock import StoppedClock
from meshkit.errors import AlreadyExists, Conflict, Invalid, MeshError, NotFound, NotReady
from meshkit.feed import Draft
from meshkit.testing import TENANT, Role, TestMesh, serving
from services.tracking.config import TrackingSettings
from services.tracking.servicer.common import Desk
from services.tracking.servicer.subscriptions import SubscriptionServicer
from services.tracking.servicer.way import Way, way_of
from services.tracking.tests.outbound.kit import (
    DONE,
    OUT,
    Sending,
    attempts,
    expected,
    got,
    happened,
    request_id,
    sending_of,
    subscribed,
    subscriptions_of,
    webhook,
)
from services.tracking.tests.outbound.receiver import Receiver, status
from services.tracking.tests.town import at

pytestmark = pytest.mark.pg

WIDE = milestone_pb2.MILESTONE_ETA_CHANGED


def update(known: subscription_pb2.Subscription, *mask: str) -> pb.UpdateSubscriptionRequest:
    request = pb.UpdateSubscriptionRequest(
        request_id=request_id(), subscription=known, etag=known.etag
    )
    request.update_mask.paths.extend(mask)
    return request


async def test_a_secret_is_told_once_and_kept_under_a_seal(
    mesh: TestMesh, desk: Desk, receiver: Receiver
) -> None:
    stub, request = subscriptions_of(mesh), webhook(receiver.url)
    made = await stub.CreateSubscription(request)
    again = await stub.CreateSubscription(request)
    shown = await stub.GetSubscription(pb.GetSubscriptionRequest(subscription_id="shop"))

    assert made == again, "a repeated request has the same answer"
    assert made.secret.startswith("whsec_")
    assert made.secret not in str(shown)
    async with desk.db.worker() as tx:
        kept = await tx.fetch("SELECT response FROM idempotency")
        sealed = await tx.fetchval("SELECT sealed FROM subscription_secrets")
    assert made.secret.encode() not in b"".join(row["response"] for row in kept)
    assert made.secret not in sealed
    async with desk.db.transaction(TENANT) as tx:
        with pytest.raises(Exception, match="permission denied"):
            await tx.fetch("SELECT sealed FROM subscription_secrets")


async def test_an_id_is_given_once(mesh: TestMesh, receiver: Receiver) -> None:
    await subscribed(mesh, receiver)
    with pytest.raises(AlreadyExists) as caught:
        await subscribed(mesh, receiver)

    assert caught.value.reason == "SUBSCRIPTION_EXISTS"


async def test_every_fault_is_named_at_once(mesh: TestMesh, receiver: Receiver) -> None:
    request = webhook(receiver.url, event_types=["stop_arrived", "nothing"])
    request.subscription.notice.channel = subscription_pb2.NOTICE_CHANNEL_EMAIL
    request.subscription.notice.quiet_start_time.CopyFrom(TimeOfDay(hours=24))
    with pytest.raises(Invalid) as caught:
        await subscriptions_of(mesh).CreateSubscription(request)

    assert {one.field for one in caught.value.violations} == {
        "subscription.event_types[1]",
        "subscription.event_types",
        "subscription.notice.quiet_end_time",
        "subscription.notice.quiet_start_time",
    }


async def test_an_update_takes_the_fields_of_its_mask_and_an_etag(
    mesh: TestMesh, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver, milestones=[OUT], event_types=["stop_arrived"])
    known = await got(mesh)
    known.milestones[:] = [DONE]
    known.event_types[:] = []
    known.carrier_id = "not-in-the-mask"
    stub = subscriptions_of(mesh)
    changed = await stub.UpdateSubscription(update(known, "milestones", "event_types"))
    with pytest.raises(Conflict) as stale:
        await stub.UpdateSubscription(update(known, "milestones"))
    known.etag = changed.subscription.etag
    with pytest.raises(Invalid) as unknown:
        await stub.UpdateSubscription(update(known, "create_time"))
    known.webhook.url = "https://10.0.0.1/"
    with pytest.raises(Invalid) as refused:
        await stub.UpdateSubscription(update(known, "webhook"))

    one = changed.subscription
    assert (list(one.milestones), list(one.event_types), one.carrier_id) == ([DONE], [], "")
    assert one.etag == "2"
    assert stale.value.reason == "ETAG_MISMATCH"
    assert unknown.value.violations[0].field == "update_mask.paths[0]"
    assert refused.value.reason == "URL_REFUSED"
    assert (await got(mesh)).webhook.url == receiver.url


async def test_without_a_mask_what_is_set_is_changed(mesh: TestMesh, receiver: Receiver) -> None:
    await subscribed(mesh, receiver, event_types=["stop_arrived"])
    known = await got(mesh)
    one = subscription_pb2.Subscription(subscription_id="shop", milestones=[DONE])
    request = pb.UpdateSubscriptionRequest(
        request_id=request_id(), subscription=one, etag=known.etag
    )
    changed = (await subscriptions_of(mesh).UpdateSubscription(request)).subscription

    assert list(changed.milestones) == [DONE]
    assert list(changed.event_types) == ["stop_arrived"]
    assert changed.webhook.url == receiver.url


async def test_a_carrier_sees_and_hears_only_its_own(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver, "theirs", carrier_id="carrier-1")
    carrier = subscriptions_of(mesh, Role.CARRIER)
    own = webhook(receiver.url, "own", carrier_id="carrier-2", event_types=["idling_ended"])
    made = await carrier.CreateSubscription(own)
    listed = (await carrier.ListSubscriptions(pb.ListSubscriptionsRequest())).subscriptions

    assert made.subscription.carrier_id == "carrier-1", "whatever it asks for"
    assert [one.subscription_id for one in listed] == ["own"]
    for call, request in (
        ("GetSubscription", pb.GetSubscriptionRequest(subscription_id="theirs")),
        ("ListWebhookAttempts", pb.ListWebhookAttemptsRequest(subscription_id="theirs")),
        (
            "RotateSecret",
            pb.RotateSecretRequest(request_id=request_id(), subscription_id="theirs"),
        ),
        (
            "DeleteSubscription",
            pb.DeleteSubscriptionRequest(
                request_id=request_id(), subscription_id="theirs", etag="1"
            ),
        ),
    ):
        with pytest.raises(NotFound) as caught:
            await getattr(carrier, call)(request)
        assert caught.value.reason == "SUBSCRIPTION_UNKNOWN"
    with pytest.raises(Invalid):
        await carrier.CreateSubscription(
            webhook(receiver.url, "risk", event_types=["risk_changed"])
        )

    await _idled(desk, "carrier-1", "carrier-2", "")
    await sending.beat()
    assert [one.envelope["data"]["carrier_id"] for one in receiver.taken] == ["carrier-1"]


async def _idled(desk: Desk, *carriers: str) -> None:
    async with desk.db.transaction(TENANT) as tx:
        for carrier in carriers:
            message = event_pb2.IdlingEnded(vehicle_id=f"van-{carrier}", carrier_id=carrier)
            message.location.latitude = 60.17
            payload = message.SerializeToString()
            tx.append(Draft("idling_ended", f"van-{carrier}", desk.clock.now(), payload))


async def test_what_the_contract_marks_as_personal_never_leaves(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver, event_types=["idling_ended"])
    await _idled(desk, "carrier-1")
    await sending.beat()
    (taken,) = receiver.taken

    assert taken.envelope["type"] == "idling_ended"
    assert b"60.17" not in taken.body
    assert "location" not in taken.envelope["data"]


async def test_a_change_of_the_arrival_is_told_beyond_the_threshold_only(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    least = Duration(seconds=600)
    await subscribed(mesh, receiver, milestones=[WIDE], eta_threshold_duration=least)
    for minutes in (30, 35, 39, 41, 46, 30):
        await happened(
            desk,
            ("del_1", WIDE),
            fill=expected(at(minutes)),
        )
    await sending.beat()

    arrivals = [one.envelope["data"]["eta"]["arrival_p50_time"] for one in receiver.taken]
    assert [one[11:16] for one in arrivals] == ["09:30", "09:41", "09:30"]


async def test_both_secrets_sign_for_a_day_after_a_rotation(
    mesh: TestMesh, desk: Desk, way: Way, receiver: Receiver
) -> None:
    now = StoppedClock(datetime.now(UTC))
    sending = sending_of(desk, way, now)
    old = await subscribed(mesh, receiver)
    rotate = pb.RotateSecretRequest(request_id=request_id(), subscription_id="shop")
    stub = subscriptions_of(mesh)
    new = (await stub.RotateSecret(rotate)).secret
    await happened(desk, ("del_1", OUT))
    await sending.beat()
    now.advance(timedelta(hours=25))
    await happened(desk, ("del_1", DONE))
    await sending.beat()

    assert (await stub.RotateSecret(rotate)).secret == new != old
    first, second = receiver.taken
    assert first.verified(old) == first.verified(new)
    assert second.verified(new)
    assert len(first.headers["webhook-signature"].split()) == 2
    with pytest.raises(Exception, match="No matching signature"):
        second.verified(old)


async def test_a_lost_key_sends_nothing_unsigned_and_a_new_secret_mends_it(
    mesh: TestMesh, desk: Desk, settings: TrackingSettings, tries: StoppedClock, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    assert settings.seal_key_file is not None
    settings.seal_key_file.write_bytes(Fernet.generate_key())
    fresh = way_of(settings)
    sending = sending_of(desk, fresh, tries)
    await happened(desk, ("del_1", OUT))
    await sending.beat()
    assert not receiver.taken

    async with serving(SubscriptionServicer(desk, fresh), service="tracking") as restarted:
        rotate = pb.RotateSecretRequest(request_id=request_id(), subscription_id="shop")
        secret = (await subscriptions_of(restarted).RotateSecret(rotate)).secret
    tries.advance(timedelta(minutes=2))
    await sending.beat()
    (taken,) = receiver.taken
    assert taken.verified(secret)


async def test_a_try_says_how_it_went_and_is_listed(mesh: TestMesh, receiver: Receiver) -> None:
    secret = await subscribed(mesh, receiver)
    stub = subscriptions_of(mesh)
    test = pb.TestSubscriptionRequest(request_id=request_id(), subscription_id="shop")
    good = (await stub.TestSubscription(test)).attempt
    again = (await stub.TestSubscription(test)).attempt
    receiver.answer = status(404, body=b"who?")
    bad = await stub.TestSubscription(
        pb.TestSubscriptionRequest(request_id=request_id(), subscription_id="shop")
    )

    assert good == again
    assert len(receiver.taken) == 2
    assert receiver.taken[0].verified(secret)["type"] == "test"
    assert good.state == webhook_attempt_pb2.WEBHOOK_ATTEMPT_STATE_SUCCEEDED
    assert (bad.attempt.status_code, bad.attempt.response_excerpt) == (404, "who?")
    assert [one.status_code for one in await attempts(mesh)] == [404, 200]
    assert [one.status_code for one in await attempts(mesh, failed_only=True)] == [404]
    assert await attempts(mesh, event_id=good.event_id) == [good]


async def test_what_is_removed_is_sent_nothing_and_its_name_is_free(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    receiver.answer = status(500)
    await happened(desk, ("del_1", OUT))
    await sending.beat()
    delete = pb.DeleteSubscriptionRequest(request_id=request_id(), subscription_id="shop", etag="1")
    await subscriptions_of(mesh).DeleteSubscription(delete)
    await subscribed(mesh, receiver)

    assert await sending.pass_time(timedelta(days=1), timedelta(hours=6)) == 0
    assert await attempts(mesh) == [], "a new one inherits no tries"


async def test_subscriptions_are_listed_in_pages(mesh: TestMesh, receiver: Receiver) -> None:
    for name in ("c", "a", "b"):
        await subscribed(mesh, receiver, name)
    stub = subscriptions_of(mesh)
    first = await stub.ListSubscriptions(pb.ListSubscriptionsRequest(page_size=2))
    request = pb.ListSubscriptionsRequest(page_size=2, page_token=first.next_page_token)
    second = await stub.ListSubscriptions(request)

    names = [one.subscription_id for one in (*first.subscriptions, *second.subscriptions)]
    assert names == ["a", "b", "c"]
    assert second.next_page_token == ""


async def test_without_a_key_there_are_no_webhooks(desk: Desk, receiver: Receiver) -> None:
    bare = way_of(TrackingSettings(sandbox=True, webhook_loopback=True))
    async with serving(SubscriptionServicer(desk, bare), service="tracking") as mesh:
        with pytest.raises(NotReady) as caught:
            await subscribed(mesh, receiver)

    assert caught.value.reason == "SEAL_KEY_MISSING"


async def test_messages_need_a_way_to_people(mesh: TestMesh) -> None:
    notice = subscription_pb2.NoticeTarget(channel=subscription_pb2.NOTICE_CHANNEL_SMS)
    one = subscription_pb2.Subscription(subscription_id="people", notice=notice)
    request = pb.CreateSubscriptionRequest(request_id=request_id(), subscription=one)
    with pytest.raises(NotReady) as caught:
        await subscriptions_of(mesh).CreateSubscription(request)

    assert caught.value.reason == "CHANNEL_MISSING"


async def test_this_machine_may_be_sent_to_in_a_sandbox_only() -> None:
    with pytest.raises(ValueError, match="sandbox"):
        way_of(TrackingSettings(webhook_loopback=True))


async def test_nothing_of_another_tenant_is_seen_or_sent(
    mesh: TestMesh, desk: Desk, sending: Sending, receiver: Receiver
) -> None:
    await subscribed(mesh, receiver)
    stranger: Any = subscriptions_of(mesh, tenant="other")
    with pytest.raises(MeshError) as caught:
        await stranger.GetSubscription(pb.GetSubscriptionRequest(subscription_id="shop"))
    async with desk.db.transaction("other") as tx:
        tx.append(Draft("milestone_reached", "del_1", desk.clock.now(), b""))

    assert caught.value.reason == "SUBSCRIPTION_UNKNOWN"
    assert await sending.beat() == 0
