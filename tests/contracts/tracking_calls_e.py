"""
One good and one bad request for every rpc of tracking about subscriptions, in the order in which
they are called. `known` has the `token` of a link that works; `learn` keeps what later calls name.

The mesh must be a sandbox (`Plan(simulated=True)`), which lets webhooks go to its own machine.
Nobody listens at the address below, so the good TestSubscription tells of a try that failed.
"""

from __future__ import annotations

import uuid
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from doorstep.tracking.v1 import subscription_pb2
from doorstep.tracking.v1 import subscription_service_pb2 as pb
from services.tracking.convert.wire import interval
from services.tracking.domain.route import Window
from services.tracking.tests.town import at
from tests.contracts.live import Call

NOBODY, SHOP = "nobody", "shop"
PRIVATE = "https://10.0.0.1/hook"
NOT_LISTENING = "http://127.0.0.1:9/hook"  # RFC 863's port, which nobody serves any more
_learned: dict[str, str] = {}


def learn(rpc: str, answer: Any) -> None:
    """Keeps the subscription's etag and the redelivery."""
    if rpc in ("CreateSubscription", "UpdateSubscription"):
        _learned["etag"] = answer.subscription.etag
    if rpc == "StartRedelivery":
        _learned["redelivery_id"] = answer.redelivery.redelivery_id


def request_id() -> str:
    """A name for a request."""
    return str(uuid.uuid4())


def webhook(url: str, name: str = SHOP) -> subscription_pb2.Subscription:
    """The subscription of a shop."""
    target = subscription_pb2.WebhookTarget(url=url)
    return subscription_pb2.Subscription(subscription_id=name, webhook=target)


def created(url: str) -> pb.CreateSubscriptionRequest:
    """A new one."""
    return pb.CreateSubscriptionRequest(request_id=request_id(), subscription=webhook(url))


def updated(name: str, etag: str = "1") -> pb.UpdateSubscriptionRequest:
    """One that asks for another type too."""
    one = webhook(NOT_LISTENING, name)
    one.event_types.append("stop_arrived")
    return pb.UpdateSubscriptionRequest(
        request_id=request_id(),
        subscription=one,
        etag=etag,
        update_mask=FieldMask(paths=["event_types"]),
    )


def deleted(name: str, etag: str = "1") -> pb.DeleteSubscriptionRequest:
    """The end of one."""
    return pb.DeleteSubscriptionRequest(request_id=request_id(), subscription_id=name, etag=etag)


def redelivery(end: float) -> pb.StartRedeliveryRequest:
    """An hour again, or what has no length."""
    return pb.StartRedeliveryRequest(
        request_id=request_id(),
        subscription_id=SHOP,
        interval=interval(Window(at(0), at(end))) if end else None,
    )


CALLS = (
    Call(
        "CreateSubscription", lambda known: created(NOT_LISTENING), created(PRIVATE), "URL_REFUSED"
    ),
    Call(
        "GetSubscription",
        lambda known: pb.GetSubscriptionRequest(subscription_id=SHOP),
        pb.GetSubscriptionRequest(subscription_id=NOBODY),
        "SUBSCRIPTION_UNKNOWN",
    ),
    Call(
        "ListSubscriptions",
        lambda known: pb.ListSubscriptionsRequest(page_size=1),
        pb.ListSubscriptionsRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "UpdateSubscription",
        lambda known: updated(SHOP, _learned["etag"]),
        updated(NOBODY),
        "SUBSCRIPTION_UNKNOWN",
    ),
    Call(
        "RotateSecret",
        lambda known: pb.RotateSecretRequest(request_id=request_id(), subscription_id=SHOP),
        pb.RotateSecretRequest(request_id=request_id(), subscription_id=NOBODY),
        "SUBSCRIPTION_UNKNOWN",
    ),
    Call(
        "TestSubscription",
        lambda known: pb.TestSubscriptionRequest(request_id=request_id(), subscription_id=SHOP),
        pb.TestSubscriptionRequest(request_id=request_id(), subscription_id=NOBODY),
        "SUBSCRIPTION_UNKNOWN",
    ),
    Call(
        "ListWebhookAttempts",
        lambda known: pb.ListWebhookAttemptsRequest(subscription_id=SHOP),
        pb.ListWebhookAttemptsRequest(subscription_id=NOBODY),
        "SUBSCRIPTION_UNKNOWN",
    ),
    Call("StartRedelivery", lambda known: redelivery(60), redelivery(0), "INTERVAL_INVALID"),
    Call(
        "GetRedelivery",
        lambda known: pb.GetRedeliveryRequest(redelivery_id=_learned["redelivery_id"]),
        pb.GetRedeliveryRequest(redelivery_id=NOBODY),
        "WORK_UNKNOWN",
    ),
    Call(
        "WatchRedelivery",
        lambda known: pb.WatchRedeliveryRequest(redelivery_id=_learned["redelivery_id"]),
        pb.WatchRedeliveryRequest(redelivery_id=NOBODY),
        "WORK_UNKNOWN",
    ),
    Call(
        "CancelRedelivery",
        lambda known: pb.CancelRedeliveryRequest(
            request_id=request_id(), redelivery_id=_learned["redelivery_id"]
        ),
        pb.CancelRedeliveryRequest(request_id=request_id(), redelivery_id=NOBODY),
        "WORK_UNKNOWN",
    ),
    Call(
        "UpdateNoticeConsent",
        lambda known: pb.UpdateNoticeConsentRequest(request_id=request_id(), token=known.token),
        pb.UpdateNoticeConsentRequest(request_id=request_id(), token="guess"),
        "LINK_INVALID",
    ),
    Call(
        "DeleteSubscription",
        lambda known: deleted(SHOP, _learned["etag"]),
        deleted(NOBODY),
        "SUBSCRIPTION_UNKNOWN",
    ),
)
