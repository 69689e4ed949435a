"""
Runs a file of acceptance cases against the real code.

    python -m tests.cases {hours|zones|carbon} FILE.yaml

Names every failed case with what was wrong; the last line is `N passed, M failed`. Exits 0 only
when there were cases and all of them passed, 1 when one failed, 2 when the file cannot be read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.cases import carbon, hours, zones
from tests.cases.outcome import Outcome

Runner = Callable[[Mapping[str, Any]], list[Outcome]]
KINDS: Mapping[str, Runner] = {"carbon": carbon.run, "hours": hours.run, "zones": zones.run}
USAGE = "usage: python -m tests.cases {hours|zones|carbon} FILE.yaml"
UNREADABLE = 2


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    if len(arguments) != 2 or arguments[0] not in KINDS:
        print(USAGE, file=sys.stderr)
        return UNREADABLE
    kind, name = arguments
    try:
        document = yaml.safe_load(Path(name).read_text())
    except (OSError, yaml.YAMLError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return UNREADABLE
    if not isinstance(document, dict):
        print(f"{name}: not a file of cases", file=sys.stderr)
        return UNREADABLE
    return told(KINDS[kind](document))


def told(outcomes: Sequence[Outcome]) -> int:
    """Prints what became of the cases, and gives the exit code."""
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        print(f"FAILED {outcome.case_id}: {'; '.join(outcome.faults)}")
    print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return 0 if outcomes and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
