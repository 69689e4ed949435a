"""
What the gateway answers by itself, in the same form as the services' errors. Pure.

A gRPC caller gets google.rpc.Status details, a JSON caller the same Status as JSON: the reason for
programs, the message for people, the action that cures it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from google.protobuf import any_pb2, json_format
from google.rpc import code_pb2, error_details_pb2, status_pb2

DOMAIN = "gateway.doorstep"
Yaml = dict[str, Any]
IS_GRPC: Yaml = {
    "header_filter": {
        "header": {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    }
}
# What the transcoder makes of JSON looks like gRPC, but for this header that it leaves.
NOT_JSON: Yaml = {
    "header_filter": {
        "header": {"name": "x-envoy-original-path", "present_match": True, "invert_match": True}
    }
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One HTTP status that Envoy itself can answer with, and what callers read instead."""

    http: int
    code: str  # the name of a google.rpc.Code
    reason: str
    message: str
    action: str
    retry_seconds: int = 0  # 0: the same request will not do better later


REFUSALS = (
    Refusal(
        401,
        "UNAUTHENTICATED",
        "TOKEN_REFUSED",
        "the token is missing, expired or not ours",
        "get a token by AccessService.IssueToken and send it as `Authorization: Bearer TOKEN`",
    ),
    Refusal(
        404,
        "UNIMPLEMENTED",
        "METHOD_UNKNOWN",
        "no such method or path is open to the outside",
        "compare the path with the contract; internal methods are not served here",
    ),
    Refusal(
        413,
        "RESOURCE_EXHAUSTED",
        "REQUEST_TOO_LARGE",
        "the request is larger than one message may be",
        "send smaller batches; media go by UploadMedia in parts",
    ),
    Refusal(
        415,
        "INVALID_ARGUMENT",
        "GRPC_ONLY",
        "this path speaks gRPC and gRPC-Web",
        "send JSON to the `google.api.http` path of the method, if the contract gives it one",
    ),
    Refusal(
        429,
        "RESOURCE_EXHAUSTED",
        "RATE_LIMITED",
        "too many requests from this caller",
        "wait as long as RetryInfo says, then go on more slowly; batch where there is a batch",
        retry_seconds=1,
    ),
    Refusal(
        503,
        "UNAVAILABLE",
        "SERVICE_UNREACHABLE",
        "the service behind the gateway is down or overloaded",
        "repeat the request with the same request_id after RetryInfo",
        retry_seconds=1,
    ),
    Refusal(
        504,
        "DEADLINE_EXCEEDED",
        "DEADLINE_EXCEEDED",
        "the service took longer than the method may take",
        "repeat it with the same request_id, or ask for less at once",
    ),
)
# Faults of the JSON form, found before a service is asked: Envoy's own words say which field.
MALFORMED = Refusal(
    400,
    "INVALID_ARGUMENT",
    "REQUEST_MALFORMED",
    "%LOCAL_REPLY_BODY%",
    "correct the path, query or body as the message says",
)
HEADERS_TOO_LARGE = Refusal(
    431,
    "RESOURCE_EXHAUSTED",
    "HEADERS_TOO_LARGE",
    "the headers are larger than the gateway takes",
    "send less metadata",
)


def local_replies() -> Yaml:
    """Envoy's `local_reply_config`: the first mapper that fits wins, so gRPC callers come first."""
    json_only = (MALFORMED, HEADERS_TOO_LARGE)
    mappers = [grpc_mapper(refusal) for refusal in REFUSALS]
    mappers += [json_mapper(refusal) for refusal in (*REFUSALS, *json_only)]
    return {"mappers": mappers}


def grpc_mapper(refusal: Refusal) -> Yaml:
    """
    The reply to gRPC and gRPC-Web: headers without a body, as gRPC refuses.

    A client refuses details whose message differs from `grpc-message`, so both are set here.
    """
    details = base64.b64encode(status_of(refusal).SerializeToString(deterministic=True)).decode()
    return {
        "filter": {"and_filter": {"filters": [status_filter(refusal.http), IS_GRPC, NOT_JSON]}},
        "status_code": 200,  # gRPC's own status says what went wrong
        "headers_to_add": [
            header("grpc-status", str(code_pb2.Code.Value(refusal.code))),
            header("grpc-message", refusal.message),
            header("grpc-status-details-bin", details),
            *retry_header(refusal),
        ],
        "body_format_override": {
            "text_format_source": {"inline_string": ""},
            "content_type": "application/grpc",
        },
    }


def json_mapper(refusal: Refusal) -> Yaml:
    """The reply to whoever speaks neither gRPC nor a path that we know."""
    status = status_of(refusal)
    body = json.loads(json_format.MessageToJson(status, preserving_proto_field_name=True))
    return {
        "filter": status_filter(refusal.http),
        "headers_to_add": retry_header(refusal),
        "body_format_override": {"json_format": body, "content_type": "application/json"},
    }


def status_of(refusal: Refusal) -> status_pb2.Status:
    info = error_details_pb2.ErrorInfo(
        reason=refusal.reason, domain=DOMAIN, metadata={"action": refusal.action}
    )
    details = [packed(info)]
    if refusal.retry_seconds:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.seconds = refusal.retry_seconds
        details.append(packed(retry))
    code = code_pb2.Code.Value(refusal.code)
    return status_pb2.Status(code=code, message=refusal.message, details=details)


def packed(message: Any) -> any_pb2.Any:
    wrapped = any_pb2.Any()
    wrapped.Pack(message)
    return wrapped


def status_filter(http: int) -> Yaml:
    value = {"default_value": http, "runtime_key": f"refusals.{http}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def header(key: str, value: str) -> Yaml:
    return {
        "header": {"key": key, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def retry_header(refusal: Refusal) -> list[Yaml]:
    return [header("retry-after", str(refusal.retry_seconds))] if refusal.retry_seconds else []
