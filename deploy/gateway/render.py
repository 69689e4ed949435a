"""
The gateway's configuration, whole. Pure: settings and contract in, one document out.

Laptop and cluster are rendered by this one function; they differ in `settings.Gateway` alone.
"""

from __future__ import annotations

import yaml

from deploy.gateway.clusters import OTLP, clusters, socket_address
from deploy.gateway.contract import PublicContract
from deploy.gateway.filters import JWT, http_filters
from deploy.gateway.refusals import local_replies
from deploy.gateway.routes import identity_removals, route_config
from deploy.gateway.settings import Gateway
from deploy.gateway.typed import Yaml, extension, named

MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
# Unread bytes that one client can make us hold; Envoy's own defaults are 16 and 24 MiB.
STREAM_WINDOW_BYTES, CONNECTION_WINDOW_BYTES = 1024 * 1024, 16 * 1024 * 1024
HEADERS_SECONDS_MAX = 10  # a client that sends its headers more slowly is not one
IDLE_SECONDS_MAX = 300  # watches send a heartbeat every 15 s; a silent stream is a lost client
# No path, query, address or user agent: the route says which rpc it was, ids stay with services.
ACCESS_LOG = {
    "time": "%START_TIME%",
    "level": "info",
    "service": "gateway",
    "event": "request_answered",
    "rpc": "%ROUTE_NAME%",
    "protocol": "%PROTOCOL%",
    "code": "%RESPONSE_CODE%",
    "grpc_status": "%GRPC_STATUS%",
    "reason": "%RESPONSE_CODE_DETAILS%",
    "flags": "%RESPONSE_FLAGS%",
    "tenant": f"%DYNAMIC_METADATA({JWT}:caller:tenant)%",
    "role": f"%DYNAMIC_METADATA({JWT}:caller:role)%",
    "duration_ms": "%DURATION%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "trace_id": "%TRACE_ID%",
    "request_id": "%REQ(X-REQUEST-ID)%",
}


def render(gateway: Gateway, contract: PublicContract) -> Yaml:
    """Envoy's whole bootstrap configuration. Raises ValueError when a service has no upstream."""
    missing = set(contract.clusters) - {upstream.name for upstream in gateway.upstreams}
    if missing:
        raise ValueError(f"the contract needs upstreams for {sorted(missing)}")
    return {
        "admin": {"address": socket_address(gateway.admin)},
        "overload_manager": overload_manager(gateway),
        "static_resources": {
            "listeners": [listener(gateway, contract)],
            "clusters": clusters(gateway),
        },
    }


class Plain(yaml.SafeDumper):
    """Writes equal parts out in full: a reader should not have to follow anchors."""

    def ignore_aliases(self, data: object) -> bool:
        """No part is ever replaced by a reference."""
        return True


def to_yaml(document: Yaml) -> str:
    """The document as YAML, the same text every time."""
    return yaml.dump(document, Dumper=Plain, sort_keys=False, width=100)


def listener(gateway: Gateway, contract: PublicContract) -> Yaml:
    manager = extension(MANAGER, **connection_manager(gateway, contract))
    name = "envoy.filters.network.http_connection_manager"
    return {
        "name": "public",
        "address": socket_address(gateway.listen),
        "per_connection_buffer_limit_bytes": 1024 * 1024,
        "filter_chains": [{"filters": [{"name": name, "typed_config": manager}]}],
    }


def connection_manager(gateway: Gateway, contract: PublicContract) -> Yaml:
    return {
        "stat_prefix": "public",
        "codec_type": "AUTO",  # HTTP/1.1 and h2c on one port
        "server_name": "doorstep",
        "use_remote_address": True,
        "xff_num_trusted_hops": gateway.trusted_proxies,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "always_set_request_id_in_response": True,
        "max_request_headers_kb": gateway.limits.header_kilobytes_max,
        "stream_idle_timeout": f"{IDLE_SECONDS_MAX}s",
        "request_headers_timeout": f"{HEADERS_SECONDS_MAX}s",
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
        "http2_protocol_options": {
            "max_concurrent_streams": gateway.limits.streams_max,
            "initial_stream_window_size": STREAM_WINDOW_BYTES,
            "initial_connection_window_size": CONNECTION_WINDOW_BYTES,
        },
        "early_header_mutation_extensions": identity_removals(),
        "access_log": [access_log()],
        "local_reply_config": local_replies(),
        **({"tracing": tracing(gateway)} if gateway.otlp else {}),
        "route_config": route_config(gateway, contract),
        "http_filters": http_filters(gateway, contract),
    }


def access_log() -> Yaml:
    log = named(
        "envoy.access_loggers.stdout",
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        log_format={"json_format": ACCESS_LOG, "omit_empty_values": True},
    )
    return {**log, "filter": {"not_health_check_filter": {}}}


def tracing(gateway: Gateway) -> Yaml:
    """W3C trace context in and on; spans to the OTLP receiver, without the request's path."""
    provider = named(
        "envoy.tracers.opentelemetry",
        "envoy.config.trace.v3.OpenTelemetryConfig",
        grpc_service={"envoy_grpc": {"cluster_name": OTLP}, "timeout": "1s"},
        service_name="gateway",
    )
    return {
        "provider": provider,
        "random_sampling": {"value": gateway.trace_percent},
        "max_path_tag_length": 0,
        "operation": "%ROUTE_NAME%",
    }


def overload_manager(gateway: Gateway) -> Yaml:
    monitor = named(
        "envoy.resource_monitors.global_downstream_max_connections",
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=gateway.limits.connections_max,
    )
    return {"resource_monitors": [monitor]}
