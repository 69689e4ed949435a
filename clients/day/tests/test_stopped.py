"""A day that cannot go on ends in words, and a bug of ours in its traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.day.stopped import Stopped, stopped
from meshkit.errors import Invalid, NotReady, Violation

LOGS = Path("logs")
TAKEN = NotReady("TASK_TAKEN", "'t' is taken", domain="dispatch.doorstep")


def test_a_refusal_says_who_refused_what_and_why() -> None:
    fault = Violation("moves", "value is required")
    refused = Invalid("FIELD_INVALID", "1 bad field", domain="mesh.doorstep", violations=[fault])

    assert stopped(refused, LOGS).splitlines()[1:] == [
        "  mesh.doorstep refused: INVALID_ARGUMENT FIELD_INVALID: 1 bad field",
        "    moves: value is required",
        "  what the services saw is in logs",
    ]


def test_a_cause_that_many_tasks_met_is_told_once() -> None:
    inner = ExceptionGroup("drivers", [TAKEN, Stopped("the feed ended")])
    told = stopped(ExceptionGroup("day", [inner, TAKEN]), LOGS)

    assert told.count("TASK_TAKEN") == 1
    assert "the feed ended" in told


def test_what_nobody_expects_keeps_its_traceback() -> None:
    bug = ExceptionGroup("day", [TAKEN, KeyError("x")])

    with pytest.raises(ExceptionGroup) as caught:
        stopped(bug, LOGS)

    assert caught.value is bug
