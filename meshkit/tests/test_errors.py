"""Errors: one class per gRPC code, and nothing lost between raising and catching."""

from __future__ import annotations

from datetime import timedelta

import grpc
import pytest
from grpc_status import rpc_status

from meshkit.errors import Exhausted, Internal, Invalid, MeshError, NotFound, NotReady, Violation
from meshkit.status import DETAIL_BYTES_MAX, LEFT_OUT_KEY, error_from_rpc, status_from_error

DOMAIN = "echo.doorstep"


def across_the_wire(error: MeshError, actions: dict[str, str] | None = None) -> MeshError:
    status = rpc_status.to_status(status_from_error(error, DOMAIN, actions or {}))
    heard = grpc.aio.AioRpcError(
        status.code,
        grpc.aio.Metadata(),
        grpc.aio.Metadata(*status.trailing_metadata),
        status.details,
    )
    return error_from_rpc(heard)


def test_every_code_but_ok_cancelled_and_data_loss_has_a_class() -> None:
    without = {"OK", "CANCELLED", "UNKNOWN", "DATA_LOSS"}

    assert set(MeshError.by_code) == {code.name for code in grpc.StatusCode} - without


@pytest.mark.parametrize("kind", MeshError.by_code.values(), ids=lambda kind: kind.code)
def test_an_error_arrives_as_the_class_it_was_raised_as(kind: type[MeshError]) -> None:
    heard = across_the_wire(kind("WORD_UNKNOWN", "no such word", word="unknown"))

    assert type(heard) is kind
    assert (heard.reason, str(heard), heard.domain) == ("WORD_UNKNOWN", "no such word", DOMAIN)
    assert heard.metadata == {"word": "unknown"}


def test_violations_and_the_time_to_wait_arrive() -> None:
    bad = Violation("parcels[0].mass_grams", "must be positive", "INT64_GT")
    unmet = Violation("tasks[3]", "is delivered", "TASK_ENDED")
    delay = timedelta(milliseconds=1250)

    assert across_the_wire(Invalid("FIELD_INVALID", "no", violations=[bad])).violations == (bad,)
    assert across_the_wire(NotReady("LATE", "no", violations=[unmet])).violations == (unmet,)
    assert across_the_wire(Exhausted("BUSY", "no", retry_after=delay)).retry_after == delay


def test_the_cure_of_a_reason_is_sent_along_unless_the_error_names_its_own() -> None:
    cures = {"WORD_UNKNOWN": "Use another word."}

    heard = across_the_wire(NotFound("WORD_UNKNOWN", "no"), cures)
    own = across_the_wire(NotFound("WORD_UNKNOWN", "no", action="Be silent."), cures)

    assert heard.metadata == {"action": "Use another word."}
    assert own.metadata == {"action": "Be silent."}


def test_an_error_passed_on_keeps_the_domain_it_came_from() -> None:
    heard = across_the_wire(NotFound("ZONE_UNKNOWN", "no", domain="compliance.doorstep"))

    assert heard.domain == "compliance.doorstep"


def test_a_thousand_violations_still_fit_into_the_metadata() -> None:
    many = [Violation(f"deliveries[{index}].mass_grams", "is wrong") for index in range(1000)]
    status = status_from_error(Invalid("FIELD_INVALID", "no", violations=many), DOMAIN, {})
    heard = across_the_wire(Invalid("FIELD_INVALID", "no", violations=many))

    assert status.ByteSize() < DETAIL_BYTES_MAX + 500
    assert heard.violations == tuple(many[: len(heard.violations)])
    assert len(heard.violations) + int(heard.metadata[LEFT_OUT_KEY]) == 1000


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", "PEER_UNREACHABLE"),
        (grpc.StatusCode.CANCELLED, "UNAVAILABLE", "PEER_UNREACHABLE"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED", "PEER_EXHAUSTED"),
        (grpc.StatusCode.UNIMPLEMENTED, "UNIMPLEMENTED", "RPC_UNKNOWN"),
        (grpc.StatusCode.UNKNOWN, "INTERNAL", "PEER_FAILED"),
        (grpc.StatusCode.NOT_FOUND, "INTERNAL", "PEER_FAILED"),
    ],
)
def test_a_status_without_details_is_grpc_itself_speaking(
    code: grpc.StatusCode, kind: str, reason: str
) -> None:
    bare = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), "hm")

    heard = error_from_rpc(bare)

    assert (heard.code, heard.reason, heard.domain) == (kind, reason, "mesh.doorstep")


def test_details_that_are_no_status_are_not_believed() -> None:
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", b"\xff\xff\xff"))
    odd = grpc.aio.AioRpcError(grpc.StatusCode.NOT_FOUND, grpc.aio.Metadata(), trailing, "hm")

    assert isinstance(error_from_rpc(odd), Internal)


def test_a_stream_that_a_proxy_resets_is_a_peer_out_of_reach() -> None:
    cut = grpc.aio.AioRpcError(
        grpc.StatusCode.INTERNAL,
        grpc.aio.Metadata(),
        grpc.aio.Metadata(),
        "Stream removed (Received RST_STREAM with error code 2 (RST_STREAM))",
    )

    assert error_from_rpc(cut).reason == "PEER_UNREACHABLE"
