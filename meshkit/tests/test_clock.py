"""Clocks: business time stands, runs and pauses as a file says, in every process alike."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from meshkit.clock import (
    ClockError,
    Pace,
    SteppedClock,
    StoppedClock,
    SystemClock,
    open_clock,
    read_pace,
    set_factor,
    write_pace,
)

SIX = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
REAL = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("factor", "after", "simulated"),
    [
        (1, MINUTE, SIX + MINUTE),
        (60, MINUTE, SIX + 60 * MINUTE),
        (0, MINUTE, SIX),
        (0.5, MINUTE, SIX + MINUTE / 2),
    ],
)
def test_simulated_time_runs_at_the_factor(
    factor: float, after: timedelta, simulated: datetime
) -> None:
    assert Pace(REAL, SIX, factor).at(REAL + after) == simulated


def test_a_change_of_factor_is_no_jump() -> None:
    fast = Pace(REAL, SIX, 60)

    slow = fast.paced(0, REAL + MINUTE)

    assert slow.at(REAL + MINUTE) == fast.at(REAL + MINUTE) == slow.at(REAL + 9 * MINUTE)


@pytest.mark.parametrize("factor", [-1, 100_001, float("nan"), float("inf")])
def test_a_factor_out_of_range_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="factor"):
        Pace(REAL, SIX, factor)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        StoppedClock(datetime(2026, 3, 2, 6, 0))  # noqa: DTZ001 that is the point


def test_a_stepped_clock_outside_a_sandbox_refuses_to_start(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    write_pace(path, Pace(REAL, SIX, 0))

    with pytest.raises(ValueError, match="DOORSTEP_SANDBOX=1"):
        open_clock(path, sandbox=False)


def test_without_a_file_business_time_is_real_time() -> None:
    before = datetime.now(UTC)

    clock = open_clock(None, sandbox=False)

    assert isinstance(clock, SystemClock)
    assert before <= clock.now() <= datetime.now(UTC)


def test_a_clock_follows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    write_pace(path, Pace(REAL, SIX, 0))
    clock = open_clock(path, sandbox=True)

    first = clock.now()
    write_pace(path, Pace(REAL, SIX + MINUTE, 0))

    assert (first, clock.now()) == (SIX, SIX + MINUTE)


def test_a_pause_holds_the_moment_it_began(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    write_pace(path, Pace(datetime.now(UTC), SIX, 1000))
    clock = SteppedClock(path, sandbox=True)
    running = clock.now()

    set_factor(path, 0)
    paused = clock.now()

    assert running < paused == clock.now()


def test_a_clock_without_its_file_says_which(tmp_path: Path) -> None:
    with pytest.raises(ClockError, match=r"clock\.json"):
        open_clock(tmp_path / "clock.json", sandbox=True)


@pytest.mark.parametrize("text", ["{}", "[]", '{"real": 1, "simulated": 2, "factor": 3}', "no"])
def test_a_file_that_is_no_clock_file_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clock.json"
    path.write_text(text)

    with pytest.raises(ValueError, match=r"clock\.json"):
        read_pace(path)


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    paces = [Pace(REAL, SIX + index * MINUTE, 0) for index in range(200)]
    write_pace(path, paces[0])

    def write_all() -> None:
        for pace in paces:
            write_pace(path, pace)

    writer = threading.Thread(target=write_all)
    writer.start()
    seen = [read_pace(path).simulated for _ in range(200)]
    writer.join()

    assert seen == sorted(seen)
    assert [file.name for file in tmp_path.iterdir()] == ["clock.json"]


def test_moments_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    helsinki = timezone(2 * timedelta(hours=1))
    pace = Pace(REAL.astimezone(helsinki), SIX, 12.5)

    write_pace(path, pace)

    assert read_pace(path) == pace
