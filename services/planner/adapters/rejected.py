"""
Plans that broke a rule at the verifier, each kept in a file with all that it takes to see it again.

    python -m services.planner.adapters.rejected FILE

verifies the plan once more, and runs the search that found it step by step; it tells what is still
broken and ends with 1 where anything is. A file holds what was asked, with tables and coordinates,
and is read by the same version of the planner only.
"""

from __future__ import annotations

import gzip
import pickle
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from services.planner.domain.instance import Instance, Node, TravelTable
from services.planner.domain.phases import Phase
from services.planner.domain.plan import Plan, Violation
from services.planner.domain.settings import SearchSettings
from services.planner.rules.verify import verify
from services.planner.solver.kernels import warm
from services.planner.solver.solve import Solve

FILES_MAX = 20  # the oldest make room
SUFFIX = ".rejected"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A plan that broke a rule; with its search where one had found it."""

    instance: Instance
    plan: Plan
    is_answer: bool
    settings: SearchSettings | None = None
    seed_routes: tuple[tuple[Node, ...], ...] = ()
    phases: tuple[Phase, ...] = ()

    @property
    def broken(self) -> tuple[Violation, ...]:
        """The hard rules that the plan breaks."""
        return hard(verify(self.instance, self.plan, is_answer=self.is_answer))

    def again(self) -> tuple[Violation, ...]:
        """What its search breaks when it runs once more; nothing where there was none."""
        if self.settings is None or not self.phases:
            return ()
        warm()
        solve = Solve(self.instance, self.settings, lambda _: None)
        outcome = solve.replay(self.phases, self.seed_routes)
        return (outcome.rejected or outcome).broken


def hard(found: Sequence[Violation]) -> tuple[Violation, ...]:
    """Those that forbid a plan."""
    return tuple(violation for violation in found if violation.hard)


def keep(folder: Path, name: str, rejected: Rejected) -> Path:
    """Writes a file, whole or not at all, and drops the oldest past the most that are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    file, unfinished = folder / f"{name}{SUFFIX}", folder / f"{name}.unfinished"
    with gzip.open(unfinished, "wb") as packed:
        pickle.dump(by_itself(rejected), packed)
    unfinished.rename(file)
    for old in sorted(folder.glob(f"*{SUFFIX}"))[:-FILES_MAX]:
        old.unlink(missing_ok=True)
    return file


def by_itself(rejected: Rejected) -> Rejected:
    """The same with its tables in memory, as files of theirs will be gone."""
    tables = tuple(map(in_memory, rejected.instance.tables))
    return replace(rejected, instance=replace(rejected.instance, tables=tables))


def in_memory(table: TravelTable) -> TravelTable:
    """A table that lies nowhere else."""
    seconds, meters = array("i", table.seconds), array("i", table.meters)
    return TravelTable(seconds, meters, table.size)


def read(file: Path) -> Rejected:
    """A kept plan; the file must be our own: what it holds is trusted like code."""
    with gzip.open(file) as packed:
        kept: Rejected = pickle.load(packed)  # noqa: S301 - written by `keep`, named by an operator
    return kept


def main(arguments: Sequence[str]) -> int:
    """Tells what is broken: 0 nothing, 1 something, 2 asked wrongly."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    rejected = read(Path(arguments[0]))
    found = {"the plan": rejected.broken, "its search, run again": rejected.again()}
    for name, broken in found.items():
        print(f"{name}: {len(broken)} rules are broken")
        for one in broken:
            print(f"  {one.reason.value} {one.shift_id} {one.task_id} {one.subject}".rstrip())
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
