"""
The file of results: a JSON list of rows that grows row by row and is whole at any moment.

A run that was interrupted is taken up again: rows that are there are not run a second time.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from tests.run import ROOT

Row = dict[str, Any]
Key = tuple[str, str, str, int, float]


class BadResults(Exception):
    """The file exists and is no list of rows."""


def key(row: Row) -> Key:
    """What makes a row the same as another."""
    return row["class"], row["instance"], row["engine"], row["seed"], row["budget"]


def load(path: Path) -> list[Row]:
    """The rows of a file; none where there is no file."""
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        for row in rows:
            row["commit"]
    except (json.JSONDecodeError, TypeError, KeyError):
        raise BadResults(f"{path} is no list of rows; name another file by --json") from None
    found: list[Row] = rows
    return found


def save(path: Path, rows: list[Row]) -> None:
    """Writes beside and renames, so that no reader sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    lines = ",\n".join(json.dumps(row) for row in rows)
    beside.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    os.replace(beside, path)


def machine() -> str:
    """Which processor, how many cores, which system and Python."""
    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    name = names[0] if names else platform.processor()
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )


def commit(service: str = "planner") -> str:
    """The commit that runs, marked where the code of the measured service differs from it."""
    git = ("git", "-C", str(ROOT))
    head = subprocess.check_output([*git, "rev-parse", "--short", "HEAD"], text=True).strip()
    changed = subprocess.check_output(
        [*git, "status", "--porcelain", "--", f"services/{service}", "tests/benchmarks"], text=True
    )
    own = [line for line in changed.splitlines() if "benchmarks/results" not in line]
    return f"{head}+changes" if own else head
