"""SubscriptionService: nothing is served yet; every rpc answers UNIMPLEMENTED `RPC_PENDING`."""

from __future__ import annotations

from doorstep.tracking.v1 import subscription_service_pb2_grpc as pb_grpc


class SubscriptionServicer(pb_grpc.SubscriptionServiceServicer):
    """Registered, so that callers learn the reason instead of meeting an unknown service."""
