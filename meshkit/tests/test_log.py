"""Logs: one JSON object a line, the agreed keys first, and no personal data in any of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from meshkit.caller import Role, acting_as
from meshkit.log import BLANK, configure, current_rpc, redacted
from meshkit.testing import plausible
from meshkit.tests.echo import pb


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers = []
    yield
    structlog.reset_defaults()
    logging.root.handlers = handlers
    logging.root.setLevel(level)


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_json_with_the_agreed_keys_first(capsys: pytest.CaptureFixture[str]) -> None:
    configure("echo", "INFO")
    structlog.get_logger().info("route_planned", route_id="rte_1", stop_count=12)

    (line,) = logged(capsys)
    assert list(line) == ["time", "level", "service", "event", "route_id", "stop_count"]
    assert (line["service"], line["level"], line["stop_count"]) == ("echo", "info", 12)
    assert line["time"].endswith("Z")


def test_inside_a_call_a_line_says_which_call_and_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("echo", "INFO")
    token = current_rpc.set("echo.v1.EchoService/Say")
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
    with acting_as(plausible(Role.DISPATCHER)), tracer.start_as_current_span("s") as span:
        structlog.get_logger().info("asked")
    current_rpc.reset(token)

    (line,) = logged(capsys)
    assert line["tenant"] == "acme"
    assert line["rpc"] == "echo.v1.EchoService/Say"
    assert line["trace_id"] == trace.format_trace_id(span.get_span_context().trace_id)


def test_what_is_below_the_level_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    configure("echo", "WARNING")
    structlog.get_logger().info("whispered")
    logging.getLogger("some.library").info("whispered too")

    assert logged(capsys) == []


def test_what_libraries_report_has_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure("echo", "INFO")
    logging.getLogger("some.library").warning("odd %s", "thing")

    (line,) = logged(capsys)
    assert (line["event"], line["logger"]) == ("library_reported", "some.library")
    assert (line["message"], line["level"]) == ("odd thing", "warning")


def test_a_stack_is_told_without_the_values_of_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("echo", "INFO")
    phone = "+358 40 " + "1234567"
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger().exception("call_failed")

    (line,) = logged(capsys)
    assert "RuntimeError: broken" in line["exception"]
    assert phone not in json.dumps(line)


def test_personal_fields_are_blanked_however_deep() -> None:
    door = pb.Point(name="home", door_code="4711")
    request = pb.SayRequest(
        text="hi", phone="+358 40", points=[door], places={"a": door}, nested={"phone": "+44"}
    )

    shown = redacted(request)

    assert shown == {
        "text": "hi",
        "phone": BLANK,
        "points": [{"name": "home", "door_code": BLANK}],
        "places": {"a": {"name": "home", "door_code": BLANK}},
        "nested": {"phone": BLANK},
    }


def test_a_message_given_to_the_log_is_blanked_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("echo", "INFO")
    structlog.get_logger().info("asked", request=pb.SayRequest(text="hi", phone="+358 40"))

    (line,) = logged(capsys)
    assert line["request"] == {"text": "hi", "phone": BLANK}
