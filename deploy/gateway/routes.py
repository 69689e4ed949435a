"""
Which paths are open, to which service they go, and for how long. Pure.

One exact route per public rpc, for all protocols: JSON is transcoded first and arrives here under
its gRPC path. Whatever has no route of its own is refused, reflection included. Access logs name
the route and never the path, for paths can hold a recipient's token.
"""

from __future__ import annotations

from typing import Any

from deploy.gateway.clusters import WEB
from deploy.gateway.contract import PublicContract, Rpc
from deploy.gateway.filters import BUFFER, OSMAND_PATH, TRANSCODER, transcoder
from deploy.gateway.settings import Gateway
from deploy.gateway.typed import Yaml, extension
from deploy.gateway.unwrap import route_metadata
from meshkit.auth import TENANT_KEY

JSON_PREFIX = "/v1/"
RPC_PREFIX = "/doorstep."
IS_GRPC: Yaml = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
NOWHERE = "nowhere"  # no cluster has this name
# What no outsider may say: who it is (its token does), for whom a service acts, and what we mark.
IDENTITY_HEADERS = (TENANT_KEY, "x-forwarded-client-cert", "x-envoy-original-path")
CORS = "envoy.filters.http.cors"
RETRIES_MAX = 2
GRACE_SECONDS = 1
OSMAND_BYTES_MAX = 16 * 1024
OSMAND_SECONDS_MAX = 30  # a phone keeps its fix and comes again
CORS_HEADERS = (
    "authorization",
    "content-type",
    "grpc-timeout",
    "traceparent",
    "tracestate",
    "x-grpc-web",
    "x-user-agent",
)
CORS_EXPOSED = (
    "grpc-message",
    "grpc-status",
    "grpc-status-details-bin",
    "retry-after",
    "x-request-id",
)


def route_config(gateway: Gateway, contract: PublicContract) -> Yaml:
    """The whole route table."""
    return {
        "name": "public",
        "validate_clusters": False,  # one cluster is missing by design; `render` checks the others
        "request_headers_to_remove": ["x-envoy-original-path", "x-envoy-original-method"],
        "virtual_hosts": [
            {
                "name": "public",
                "domains": ["*"],
                "typed_per_filter_config": {CORS: cors_policy(gateway)},
                "routes": [
                    *(rpc_route(rpc) for rpc in contract.rpcs),
                    grpc_only_route(),
                    *([osmand_route()] if gateway.web else []),
                    event_stream_route(gateway, contract),
                    refused_route(),
                ],
            }
        ],
    }


def rpc_route(rpc: Rpc) -> Yaml:
    return {
        "name": rpc.path[1:],
        "match": {"path": rpc.path, "headers": [IS_GRPC]},
        "route": {
            "cluster": rpc.cluster,
            "timeout": patience(rpc),
            "max_stream_duration": {"grpc_timeout_header_max": patience(rpc)},
            **({"retry_policy": retry_policy()} if rpc.repeatable else {}),
        },
        **({} if rpc.streaming else {"request_headers_to_add": [deadline_header(rpc)]}),
        **({"typed_per_filter_config": {BUFFER: unbuffered()}} if rpc.client_streaming else {}),
        **route_metadata(rpc.unwrapped),
    }


def grpc_only_route() -> Yaml:
    """JSON has paths of its own; what transcoding made of them comes here as gRPC."""
    return {
        "name": "grpc-only",
        "match": {"prefix": RPC_PREFIX, "headers": [{**IS_GRPC, "invert_match": True}]},
        "direct_response": {"status": 415},
    }


def osmand_route() -> Yaml:
    """What drivers' own tracking apps send; its query holds a secret, and is never logged."""
    per_route = "envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
    small = {"max_request_bytes": OSMAND_BYTES_MAX}
    return {
        "name": "osmand",
        "match": {"path": OSMAND_PATH},
        "route": {"cluster": WEB, "timeout": f"{OSMAND_SECONDS_MAX}s"},
        "typed_per_filter_config": {BUFFER: extension(per_route, buffer=small)},
    }


def unbuffered() -> Yaml:
    """A client's stream goes on as it comes; the service judges each message."""
    return extension("envoy.extensions.filters.http.buffer.v3.BufferPerRoute", disabled=True)


def deadline_header(rpc: Rpc) -> Yaml:
    """JSON callers name no deadline: the service is told the one that holds for them."""
    return {
        "header": {"key": "grpc-timeout", "value": f"{rpc.timeout_seconds}S"},
        "append_action": "ADD_IF_ABSENT",
    }


def retry_policy() -> Yaml:
    return {
        "retry_on": "unavailable,connect-failure,refused-stream,reset-before-request",
        "num_retries": RETRIES_MAX,
        "retry_back_off": {"base_interval": "0.05s", "max_interval": "0.5s"},
    }


def event_stream_route(gateway: Gateway, contract: PublicContract) -> Yaml:
    """A browser's EventSource asks for event streams by this header; others get JSON lines."""
    wanted = {"name": "accept", "string_match": {"contains": "text/event-stream"}}
    return {
        **refused_route(),
        "name": "event-stream",
        "match": {"prefix": JSON_PREFIX, "headers": [wanted]},
        "typed_per_filter_config": {
            TRANSCODER: transcoder(gateway, contract, stream_sse_style_delimited=True)
        },
    }


def refused_route() -> Yaml:
    """Leads nowhere. Not a direct response: Envoy would then leave out the CORS headers."""
    return {
        "name": "refused",
        "match": {"prefix": "/"},
        "route": {"cluster": NOWHERE, "cluster_not_found_response_code": "NOT_FOUND"},
    }


def cors_policy(gateway: Gateway) -> Yaml:
    return extension(
        "envoy.extensions.filters.http.cors.v3.CorsPolicy",
        allow_origin_string_match=[{"safe_regex": {"regex": origin}} for origin in gateway.origins],
        allow_methods="GET, POST, PUT, PATCH, DELETE, OPTIONS",
        allow_headers=", ".join(CORS_HEADERS),
        expose_headers=", ".join(CORS_EXPOSED),
        max_age="600",
        forward_not_matching_preflights=False,
    )


def identity_removals() -> list[dict[str, Any]]:
    """Removed before any filter reads a header."""
    mutation = extension(
        "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
        mutations=[{"remove": header} for header in IDENTITY_HEADERS],
    )
    name = "envoy.http.early_header_mutation.header_mutation"
    return [{"name": name, "typed_config": mutation}]


def patience(rpc: Rpc) -> str:
    """A little more than the service has, so that its own answer comes first; 0 for streams."""
    return "0s" if rpc.streaming else f"{rpc.timeout_seconds + GRACE_SECONDS}s"
