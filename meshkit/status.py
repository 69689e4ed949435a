"""
Between MeshError and google.rpc.Status, both ways.

The details of a status travel in trailing metadata, of which a gRPC client accepts 8 KiB unless it
is told otherwise: violations beyond DETAIL_BYTES_MAX are counted instead of listed, so that the
answer to a batch with a thousand faults still arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

import grpc
from google.protobuf.any_pb2 import Any as AnyProto
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from meshkit.caller import MESH_DOMAIN
from meshkit.errors import (
    Exhausted,
    Internal,
    Invalid,
    MeshError,
    TooLate,
    Unavailable,
    Unimplemented,
    Violation,
)

DETAILS_KEY = "grpc-status-details-bin"
DETAIL_BYTES_MAX = 5 << 10  # base64 on the wire makes 6.7 KiB of it, and the message comes twice
MESSAGE_CHARS_MAX = 500
LEFT_OUT_KEY = "violations_left_out"

CUT = "RST_STREAM"  # how gRPC names a stream that broke under the call
# What a status without details means: it comes from gRPC itself, not from a servicer of the mesh.
BARE: Mapping[grpc.StatusCode, tuple[type[MeshError], str]] = {
    grpc.StatusCode.CANCELLED: (Unavailable, "PEER_UNREACHABLE"),
    grpc.StatusCode.DEADLINE_EXCEEDED: (TooLate, "DEADLINE_EXCEEDED"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (Exhausted, "PEER_EXHAUSTED"),
    grpc.StatusCode.UNAVAILABLE: (Unavailable, "PEER_UNREACHABLE"),
    grpc.StatusCode.UNIMPLEMENTED: (Unimplemented, "RPC_UNKNOWN"),
}


def status_from_error(
    error: MeshError, domain: str, actions: Mapping[str, str], request_id: str = ""
) -> status_pb2.Status:
    """The status to send; `domain` and `actions` are the answering service's own."""
    message = str(error)[:MESSAGE_CHARS_MAX]
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=error.domain or domain)
    info.metadata.update(error.metadata)
    if action := actions.get(error.reason):
        info.metadata.setdefault("action", action)

    listed = _fitting(error.violations, DETAIL_BYTES_MAX - info.ByteSize() - len(message))
    if left_out := len(error.violations) - len(listed):
        info.metadata[LEFT_OUT_KEY] = str(left_out)
    details = [info, *_details(error, listed, request_id)]
    code = code_pb2.Code.Value(error.code)
    return status_pb2.Status(code=code, message=message, details=map(_packed, details))


def error_from_rpc(error: grpc.aio.AioRpcError) -> MeshError:
    """What the far side raised; where it never got to speak, what its silence means."""
    kind = MeshError.by_code.get(error.code().name)
    details = _unpacked(error)
    if kind is None or "ErrorInfo" not in details:
        code = grpc.StatusCode.UNAVAILABLE if _was_cut(error) else error.code()
        kind, reason = BARE.get(code, (Internal, "PEER_FAILED"))
        return kind(reason, error.details() or error.code().name, domain=MESH_DOMAIN)
    return _raised(kind, error.details() or "", details)


def _was_cut(error: grpc.aio.AioRpcError) -> bool:
    """
    Whether the stream broke under the call: the peer behind a proxy died.

    A proxy resets the stream, which gRPC reports as INTERNAL (gRPC over HTTP/2, "HTTP2 Transport
    Mapping"); the text is the only mark of it, and no handler of ours writes it.
    """
    return error.code() is grpc.StatusCode.INTERNAL and CUT in (error.details() or "")


def _raised(kind: type[MeshError], message: str, details: Mapping[str, AnyProto]) -> MeshError:
    info = error_details_pb2.ErrorInfo.FromString(details["ErrorInfo"].value)
    known = {"domain", "violations", "retry_after"}  # MeshError's own words, never metadata
    return kind(
        info.reason,
        message,
        domain=info.domain,
        violations=_violations(details),
        retry_after=_retry_after(details),
        **{key: value for key, value in info.metadata.items() if key not in known},
    )


def _details(error: MeshError, listed: list[Violation], request_id: str) -> Iterator[Message]:
    if listed and isinstance(error, Invalid):
        yield error_details_pb2.BadRequest(field_violations=map(_bad_field, listed))
    elif listed:
        yield error_details_pb2.PreconditionFailure(violations=map(_unmet, listed))
    if error.retry_after is not None:
        yield _retry_info(error.retry_after)
    if request_id:
        yield error_details_pb2.RequestInfo(request_id=request_id)


def _fitting(violations: Iterable[Violation], bytes_left: int) -> list[Violation]:
    """The first violations that fit, at least one: better a long answer than a silent one."""
    listed: list[Violation] = []
    for violation in violations:
        bytes_left -= _bad_field(violation).ByteSize() + 3  # tag and length of a list's element
        if bytes_left < 0 and listed:
            break
        listed.append(violation)
    return listed


def _bad_field(violation: Violation) -> error_details_pb2.BadRequest.FieldViolation:
    return error_details_pb2.BadRequest.FieldViolation(
        field=violation.field, description=violation.description, reason=violation.reason
    )


def _unmet(violation: Violation) -> error_details_pb2.PreconditionFailure.Violation:
    return error_details_pb2.PreconditionFailure.Violation(
        type=violation.reason, subject=violation.field, description=violation.description
    )


def _retry_info(retry_after: timedelta) -> error_details_pb2.RetryInfo:
    info = error_details_pb2.RetryInfo()
    info.retry_delay.FromTimedelta(retry_after)
    return info


def _packed(detail: Message) -> AnyProto:
    packed = AnyProto()
    packed.Pack(detail)
    return packed


def _unpacked(error: grpc.aio.AioRpcError) -> dict[str, AnyProto]:
    """The details by the short name of their type; none when the peer sent something else."""
    packed = dict(error.trailing_metadata()).get(DETAILS_KEY)
    if not isinstance(packed, bytes):
        return {}
    try:
        details = status_pb2.Status.FromString(packed).details
    except DecodeError:
        return {}
    return {detail.type_url.rpartition(".")[2]: detail for detail in details}


def _violations(details: Mapping[str, AnyProto]) -> Iterator[Violation]:
    if "BadRequest" in details:
        bad = error_details_pb2.BadRequest.FromString(details["BadRequest"].value)
        for fault in bad.field_violations:
            yield Violation(fault.field, fault.description, fault.reason)
    if "PreconditionFailure" in details:
        packed = details["PreconditionFailure"].value
        for unmet in error_details_pb2.PreconditionFailure.FromString(packed).violations:
            yield Violation(unmet.subject, unmet.description, unmet.type)


def _retry_after(details: Mapping[str, AnyProto]) -> timedelta | None:
    if "RetryInfo" not in details:
        return None
    delay = error_details_pb2.RetryInfo.FromString(details["RetryInfo"].value).retry_delay
    return timedelta(seconds=delay.seconds, microseconds=delay.nanos // 1000)
