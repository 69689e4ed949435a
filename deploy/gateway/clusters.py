"""The services behind the gateway, and where its spans go. Pure."""

from __future__ import annotations

from deploy.gateway.settings import Address, Gateway, Limits, Upstream
from deploy.gateway.typed import Yaml, extension

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
OTLP = "otlp"
CONNECT_TIMEOUT = "1s"
# Pings notice a peer that vanished without a word; servers allow one every 10 s.
PING_SECONDS, PING_TIMEOUT_SECONDS = 30, 10


def clusters(gateway: Gateway) -> list[Yaml]:
    """Every cluster, the OTLP receiver last."""
    services = [service(upstream, gateway.limits) for upstream in gateway.upstreams]
    return services + ([otlp(gateway.otlp)] if gateway.otlp else [])


def service(upstream: Upstream, limits: Limits) -> Yaml:
    """
    One service: all its healthy processes share the work, and none gets any while it is unhealthy.

    Health is asked even without traffic, so that a restarted process is found within two seconds.
    """
    return {
        **grpc_cluster(upstream.name, upstream.addresses),
        "lb_policy": "LEAST_REQUEST",
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "health_checks": [
            {
                "timeout": "1s",
                "interval": "2s",
                "unhealthy_interval": "1s",
                "no_traffic_interval": "2s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "grpc_health_check": {},
            }
        ],
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


def otlp(address: Address) -> Yaml:
    return grpc_cluster(OTLP, (address,))


def grpc_cluster(name: str, addresses: tuple[Address, ...]) -> Yaml:
    return {
        "name": name,
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",
        "connect_timeout": CONNECT_TIMEOUT,
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
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [endpoint(address) for address in addresses]}],
        },
    }


def endpoint(address: Address) -> Yaml:
    return {"endpoint": {"address": socket_address(address)}}


def socket_address(address: Address) -> Yaml:
    return {"socket_address": {"address": address.host, "port_value": address.port}}
