"""
Spans: what the receiver keeps, how much of it, and how a trace reads.

Method: exports as OTLP messages built here, straight into the file; no network.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local import otlp_sink, spans

TRACE = "0af7651916cd43dd8448eb211c80319c"


def export(service: str, *named: tuple[str, str, str]) -> ExportTraceServiceRequest:
    """An export of spans given as (id, parent's id, name), one letter per id."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    attribute = resource.resource.attributes.add(key="service.name")
    attribute.value.string_value = service
    scope = resource.scope_spans.add()
    for rank, (span_id, parent, name) in enumerate(named):
        span = scope.spans.add(name=name, trace_id=bytes.fromhex(TRACE))
        span.span_id = span_id.encode() * 8
        span.parent_span_id = parent.encode() * 8
        span.kind = span.SPAN_KIND_SERVER
        span.start_time_unix_nano = rank * 1_000_000
        span.end_time_unix_nano = 9_000_000
        span.attributes.add(key="note").value.string_value = "x" * 1_000
        span.attributes.add(key="count").value.int_value = 7
    return request


def keep(folder: Path, *requests: ExportTraceServiceRequest, bytes_max: int = 10**6) -> None:
    file = otlp_sink.SpanFile(folder, bytes_max)
    for request in requests:
        file.append(otlp_sink.spans_of(request))
    file.close()


def test_a_trace_reads_as_a_tree_across_services(tmp_path: Path) -> None:
    keep(
        tmp_path,
        export("dispatch", ("b", "a", "CreateDelivery"), ("c", "b", "INSERT")),
        export("gateway", ("a", "", "ingress")),
    )

    assert list(spans.tree(spans.read(tmp_path, TRACE))) == [
        "gateway: ingress 9.0 ms",
        "  dispatch: CreateDelivery 9.0 ms",
        "    dispatch: INSERT 8.0 ms",
    ]


def test_a_span_whose_parent_was_lost_is_still_shown(tmp_path: Path) -> None:
    keep(tmp_path, export("tracking", ("b", "a", "SubmitProof")))

    assert list(spans.tree(spans.read(tmp_path))) == ["tracking: SubmitProof 9.0 ms"]


def test_a_long_attribute_is_cut_and_a_number_stays_one(tmp_path: Path) -> None:
    keep(tmp_path, export("planner", ("a", "", "solve")))

    (span,) = spans.read(tmp_path)
    assert span.attributes == {"note": "x" * otlp_sink.TEXT_CHARS_MAX, "count": 7}


def test_another_trace_is_not_mixed_in(tmp_path: Path) -> None:
    keep(tmp_path, export("planner", ("a", "", "solve")))

    assert spans.read(tmp_path, "f" * 32) == []


def test_the_files_never_outgrow_their_bound(tmp_path: Path) -> None:
    one = export("planner", ("a", "", "solve"))

    keep(tmp_path, *[one] * 50, bytes_max=2_000)

    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) < 3_000
    assert spans.read(tmp_path)


def test_a_line_half_written_is_passed_over(tmp_path: Path) -> None:
    keep(tmp_path, export("planner", ("a", "", "solve")))
    with (tmp_path / spans.SPANS).open("a") as file:
        file.write('{"trace_id": "0af7')

    assert len(spans.read(tmp_path)) == 1


def test_asked_for_an_unknown_trace_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spans.main([str(tmp_path), "f" * 32]) == 1
    assert "no span" in capsys.readouterr().out
