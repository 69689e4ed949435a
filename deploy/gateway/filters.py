"""
What a request passes, in this order. Pure.

cors, health, gRPC-Web, JSON transcoding, token, rate limit, size, router. Transcoding stands before
the token so that one rule per rpc holds for every protocol. It happens as the body streams, and the
token is judged on the headers, so nobody without one makes the gateway read a body.
"""

from __future__ import annotations

from typing import Any

from deploy.gateway.contract import PublicContract
from deploy.gateway.settings import Gateway, Rate
from deploy.gateway.typed import Yaml, extension, named
from deploy.gateway.unwrap import lua
from meshkit.tokens import AUDIENCE, ISSUER

FILTERS = "envoy.extensions.filters.http"
BUFFER = "envoy.filters.http.buffer"
TRANSCODER = "envoy.filters.http.grpc_json_transcoder"
JWT = "envoy.filters.http.jwt_authn"
CLOCK_SKEW_SECONDS = 5  # as in meshkit.auth
LIVE_PATH = "/health/live"
READY_PATH = "/health/ready"
OSMAND_PATH = "/osmand"
STRANGER = "-"  # stands for the subject of a request without a token


def http_filters(gateway: Gateway, contract: PublicContract) -> list[Yaml]:
    """The chain."""
    return [
        named("envoy.filters.http.cors", f"{FILTERS}.cors.v3.Cors"),
        health_check("live", LIVE_PATH),
        health_check("ready", READY_PATH, contract.clusters),
        lua(),  # before the transcoder, for answers pass in the reverse order
        named("envoy.filters.http.grpc_web", f"{FILTERS}.grpc_web.v3.GrpcWeb"),
        {"name": TRANSCODER, "typed_config": transcoder(gateway, contract)},
        jwt(gateway, contract),
        rate_limit(gateway),
        named(
            BUFFER,
            f"{FILTERS}.buffer.v3.Buffer",
            max_request_bytes=gateway.limits.request_bytes_max,
        ),
        named(
            "envoy.filters.http.router",
            f"{FILTERS}.router.v3.Router",
            suppress_envoy_headers=True,
        ),
    ]


def health_check(name: str, path: str, clusters: list[str] | None = None) -> Yaml:
    """`live`: this process serves. `ready`: each service behind it has a healthy process too."""
    needed = {cluster: {"value": 1} for cluster in clusters or []}
    return named(
        f"envoy.filters.http.health_check.{name}",
        f"{FILTERS}.health_check.v3.HealthCheck",
        pass_through_mode=False,
        headers=[{"name": ":path", "string_match": {"exact": path}}],
        **({"cluster_min_healthy_percentages": needed} if needed else {}),
    )


def transcoder(gateway: Gateway, contract: PublicContract, **print_options: bool) -> Yaml:
    """JSON in and out by the contract's HTTP annotations; streams as JSON lines by default."""
    shape = print_options or {"stream_newline_delimited": True}
    return extension(
        f"{FILTERS}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        proto_descriptor=gateway.descriptor_path,
        services=contract.json_services,
        convert_grpc_status=True,
        max_request_body_size=gateway.limits.request_bytes_max,
        max_response_body_size=gateway.limits.response_bytes_max,
        url_unescape_spec="ALL_CHARACTERS_EXCEPT_RESERVED",
        print_options={
            "always_print_primitive_fields": True,
            "preserve_proto_field_names": True,
            **shape,
        },
        request_validation_options={
            "reject_unknown_query_parameters": True,
            "reject_binding_body_field_collisions": True,
        },
    )


def jwt(gateway: Gateway, contract: PublicContract) -> Yaml:
    """A signed token for every rpc, but for those that issue one or know an opaque link."""
    provider = {
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": {"filename": gateway.jwks_path},
        "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}],
        "forward": True,  # services check it again
        "payload_in_metadata": "caller",
        "clock_skew_seconds": CLOCK_SKEW_SECONDS,
        "require_expiration": True,
    }
    tokenless = [
        {"match": {"path": rpc.path}, "requirement_name": "optional"}
        for rpc in contract.rpcs
        if rpc.needs_no_token
    ]
    if gateway.web:  # which looks at the device's key itself
        tokenless.append({"match": {"path": OSMAND_PATH}, "requirement_name": "optional"})
    everything = {"match": {"prefix": "/"}, "requirement_name": "token"}
    ours = {"provider_name": "doorstep"}
    return named(
        JWT,
        f"{FILTERS}.jwt_authn.v3.JwtAuthentication",
        providers={"doorstep": provider},
        requirement_map={
            "token": ours,
            "optional": {"requires_any": {"requirements": [ours, {"allow_missing_or_failed": {}}]}},
        },
        rules=[*tokenless, everything],
    )


def rate_limit(gateway: Gateway) -> Yaml:
    """
    One bucket per tenant and subject, one per address for strangers, one for everybody.

    The subject is read from the verified token, never from a header.
    """
    limits = gateway.limits
    everywhere = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return named(
        "envoy.filters.http.local_ratelimit",
        f"{FILTERS}.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="rate",
        token_bucket=bucket(limits.everybody),
        filter_enabled=everywhere,
        filter_enforced=everywhere,
        rate_limited_as_resource_exhausted=True,
        max_dynamic_descriptors=limits.callers_max,
        rate_limits=[
            {"actions": [claim("tenant"), claim("sub")]},
            {"actions": [claim("sub", STRANGER), {"remote_address": {}}]},
        ],
        descriptors=[
            {
                "entries": [{"key": "tenant"}, {"key": "sub"}],
                "token_bucket": bucket(limits.caller),
            },
            {
                "entries": [{"key": "sub", "value": STRANGER}, {"key": "remote_address"}],
                "token_bucket": bucket(limits.stranger),
            },
        ],
    )


def claim(name: str, otherwise: str = "") -> dict[str, Any]:
    """A claim of the verified token as a part of a bucket's name."""
    action = {
        "descriptor_key": name,
        "metadata_key": {"key": JWT, "path": [{"key": "caller"}, {"key": name}]},
        "source": "DYNAMIC",
        **({"default_value": otherwise} if otherwise else {}),
    }
    return {"metadata": action}


def bucket(rate: Rate) -> Yaml:
    return {
        "max_tokens": rate.burst,
        "tokens_per_fill": rate.per_second,
        "fill_interval": "1s",
    }
