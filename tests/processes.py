"""What the operating system says about processes: whose children they are, what they have used."""

from __future__ import annotations

import os
from pathlib import Path

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


def stat_of(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_alive(pid: int) -> bool:
    """Whether it runs; one that ended and was not waited for does not."""
    fields = stat_of(pid)
    return bool(fields) and fields[0] != "Z"


def cpu_seconds(pid: int) -> float:
    """Processor time used so far; 0 when there is no such process."""
    fields = stat_of(pid)
    return (int(fields[11]) + int(fields[12])) * TICK_SECONDS if fields else 0.0


def reaped_seconds(pid: int) -> float:
    """Processor time of those of its children that have ended."""
    fields = stat_of(pid)
    return (int(fields[13]) + int(fields[14])) * TICK_SECONDS if fields else 0.0


def resident_megabytes(pid: int) -> float:
    """What it holds in memory; 0 when there is no such process."""
    fields = stat_of(pid)
    return int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20) if fields else 0.0


def children_of(pid: int) -> list[int]:
    """The processes that it started and that are still there."""
    found = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return [child for child in found if (fields := stat_of(child)) and int(fields[1]) == pid]


def solvers_of(pid: int) -> list[int]:
    """The solver processes of a planner."""
    return [child for child in children_of(pid) if "solver_worker" in command_of(child)]


def searchers_of(pid: int) -> list[int]:
    """Those of them that search: they give way to the planner itself."""
    return [solver for solver in solvers_of(pid) if nice_of(solver) > nice_of(pid)]


def nice_of(pid: int) -> int:
    """How much it gives way; 0 when there is no such process."""
    fields = stat_of(pid)
    return int(fields[16]) if fields else 0


def command_of(pid: int) -> str:
    """Its command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
