"""The services behind the gateway, and where its spans go. Pure."""

from __future__ import annotations

from deploy.gateway.settings import Address, Gateway, Limits, Upstream
from deploy.gateway.typed import Yaml, extension

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
OTLP, WEB = "otlp", "web"
WEB_HEALTH_PATH = "/health/live"
CONNECT_TIMEOUT = "1s"
# Pings notice a peer that vanished without a word; servers allow one every 10 s.
PING_SECONDS, PING_TIMEOUT_SECONDS = 30, 10


def clusters(gateway: Gateway) -> list[Yaml]:
    """Every cluster, the OTLP receiver last."""
    return [
        *(service(upstream, gateway.limits) for upstream in gateway.upstreams),
        *([web(gateway.web)] if gateway.web else []),
        *([otlp(gateway.otlp)] if gateway.otlp else []),
    ]


def service(upstream: Upstream, limits: Limits) -> Yaml:
    """One service: its healthy processes share the work; none gets any while it is unhealthy."""
    return {
        **grpc_cluster(upstream.name, upstream.addresses),
        "lb_policy": "LEAST_REQUEST",
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "health_checks": [health_check(grpc_health_check={})],
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_requests": limits.upstream_requests_max,
                    "max_pending_requests": limits.upstream_pending_max,
                    # A retry must not become a storm: a fifth of the traffic, at least three.
                    "retry_budget": {
                        "budget_percent": {"value": 20},
                        "min_retry_concurrency": 3,
                    },
                }
            ]
        },
    }


def web(address: Address) -> Yaml:
    """The edge process, which speaks HTTP/1.1."""
    return {
        **cluster(WEB, (address,)),
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "health_checks": [health_check(http_health_check={"path": WEB_HEALTH_PATH})],
    }


def health_check(**kind: Yaml) -> Yaml:
    """Asked even without traffic, so that a restarted process is found within two seconds."""
    return {
        "timeout": "1s",
        "interval": "2s",
        "unhealthy_interval": "1s",
        "no_traffic_interval": "2s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        **kind,
    }


def otlp(address: Address) -> Yaml:
    return grpc_cluster(OTLP, (address,))


def grpc_cluster(name: str, addresses: tuple[Address, ...]) -> Yaml:
    return {
        **cluster(name, addresses),
        "typed_extension_protocol_options": {
            HTTP_OPTIONS: extension(
                HTTP_OPTIONS,
                explicit_http_config={
                    "http2_protocol_options": {
                        "connection_keepalive": {
                            "interval": f"{PING_SECONDS}s",
                            "timeout": f"{PING_TIMEOUT_SECONDS}s",
                        }
                    }
                },
            )
        },
    }


def cluster(name: str, addresses: tuple[Address, ...]) -> Yaml:
    return {
        "name": name,
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",
        "connect_timeout": CONNECT_TIMEOUT,
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [endpoint(address) for address in addresses]}],
        },
    }


def endpoint(address: Address) -> Yaml:
    return {"endpoint": {"address": socket_address(address)}}


def socket_address(address: Address) -> Yaml:
    return {"socket_address": {"address": address.host, "port_value": address.port}}
