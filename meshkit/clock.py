"""
Business time. Standard library only: use it everywhere, and `datetime.now` nowhere.

What the business decides by (promises, shifts, ETAs, zones' hours) asks a Clock. Deadlines, leases,
backoff, tokens and webhooks use real time, for they guard machines and not promises.

A stepped clock is a file that every process of a sandbox re-reads: a real moment, the simulated
moment that stood for it, and a factor. Factor 60 plays an hour a minute; factor 0 holds time still.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

FACTOR_MAX = 100_000.0  # a day in under a second; more is a slip of the finger


class Clock(Protocol):
    """Tells business time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class ClockError(ValueError):
    """Simulated time cannot be had; the message says why."""


class SystemClock:
    """Business time is real time: the only clock outside a sandbox."""

    def now(self) -> datetime:
        """The machine's own time."""
        return datetime.now(UTC)


class StoppedClock:
    """For tests: stands still until it is told to move."""

    def __init__(self, at: datetime) -> None:
        self._at = _aware(at)

    def now(self) -> datetime:
        """The moment it was last set to."""
        return self._at

    def advance(self, span: timedelta) -> None:
        """Moves on by `span`; backwards too, for tests of what must not happen."""
        self._at += span

    def move_to(self, at: datetime) -> None:
        """Jumps to `at`."""
        self._at = _aware(at)


@dataclass(frozen=True, slots=True)
class Pace:
    """How simulated time runs: at `real` it was `simulated`, and since then `factor` times fast."""

    real: datetime
    simulated: datetime
    factor: float

    def __post_init__(self) -> None:
        _aware(self.real)
        _aware(self.simulated)
        if not 0 <= self.factor <= FACTOR_MAX:
            raise ValueError(f"a clock's factor lies in 0..{FACTOR_MAX:.0f}, not {self.factor}")

    def at(self, real: datetime) -> datetime:
        """The simulated moment that stands for `real`."""
        return self.simulated + (real - self.real) * self.factor

    def paced(self, factor: float, real: datetime) -> Pace:
        """The same simulated time from `real` on, at another factor: never a jump."""
        return Pace(real, self.at(real), factor)


class SteppedClock:
    """Follows a clock file, re-read whenever it changes; a restarted process is in step at once."""

    def __init__(self, path: Path, *, sandbox: bool) -> None:
        if not sandbox:
            raise ClockError(
                f"{path}: simulated time needs DOORSTEP_SANDBOX=1; refusing to promise by it"
            )
        self._path = path
        self._pace = read_pace(path)
        self._seen = (0, 0)  # no file has this stamp: the first look reads again

    @property
    def pace(self) -> Pace:
        """What the file says now."""
        stamp = _stamp(self._path)
        if stamp != self._seen:  # a stat costs about 1 us; the file is read only when it changed
            self._pace = read_pace(self._path)
            self._seen = stamp
        return self._pace

    def now(self) -> datetime:
        """The simulated moment."""
        return self.pace.at(datetime.now(UTC))


def open_clock(path: Path | None, *, sandbox: bool) -> Clock:
    """The clock a process is told to use: the file's when there is one, else the machine's."""
    return SystemClock() if path is None else SteppedClock(path, sandbox=sandbox)


def read_pace(path: Path) -> Pace:
    """What a clock file says. Raises ClockError when there is none."""
    try:
        fields = json.loads(path.read_text())
        real, simulated = (datetime.fromisoformat(fields[key]) for key in ("real", "simulated"))
        return Pace(real, simulated, float(fields["factor"]))
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ClockError(f"{path} is not a clock file: {error!r}") from error


def write_pace(path: Path, pace: Pace) -> None:
    """Writes a clock file in one step: a reader sees the old pace or the new, never half of one."""
    fields = {
        "real": pace.real.isoformat(),
        "simulated": pace.simulated.isoformat(),
        "factor": pace.factor,
    }
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    fresh.write_text(json.dumps(fields) + "\n")
    fresh.replace(path)


def set_factor(path: Path, factor: float) -> Pace:
    """Goes on at another factor from the simulated present; 0 pauses. Returns the new pace."""
    pace = read_pace(path).paced(factor, datetime.now(UTC))
    write_pace(path, pace)
    return pace


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns  # a replaced file has another inode
