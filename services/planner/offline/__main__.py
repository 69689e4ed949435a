"""
One file in, JSON lines out: `read`, then `plan` for every better one, then `done`.

    python -m services.planner.offline FILE [--seconds S] [--seed N] [--map FILE.osm.pbf]
        [--state FOLDER]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from meshkit.errors import MeshError
from services.planner.adapters.roads import BadMap
from services.planner.formats.lines import BadFile, lines_of
from services.planner.formats.loggi import is_loggi
from services.planner.offline.benchmark import solve_benchmark
from services.planner.offline.document import Document
from services.planner.offline.request import Roads, solve_request
from services.planner.offline.search import Event, Options, Say

CITY = Path(__file__).resolve().parents[3] / "clients" / "day" / "city" / "helsinki.osm.pbf"


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m services.planner.offline", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--map", type=Path, default=CITY)
    parser.add_argument("--state", type=Path, default=Path(".doorstep"))
    return parser.parse_args(arguments)


def own_output() -> TextIO:
    """The pipe to whoever started this; what libraries and logs print goes to stderr instead."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output


def solve(options: argparse.Namespace, say: Say) -> Document:
    """The plan of whatever the file holds."""
    chosen = Options(options.seconds, options.seed)
    if not is_request(options.file):
        return solve_benchmark(options.file, chosen, say)
    roads = Roads(options.map, options.state / "maps", options.state / "numba")
    return asyncio.run(solve_request(options.file, chosen, roads, say))


def is_request(file: Path) -> bool:
    """Whether a file is JSON of our own."""
    lines = lines_of(file)
    if not lines[0].text.startswith("{"):
        return False
    try:
        return not is_loggi(json.loads("\n".join(line.text for line in lines)))
    except json.JSONDecodeError as error:
        raise BadFile(file, error.lineno, f"no JSON: {error.msg}") from None


def faults(error: MeshError) -> str:
    """An error of the planner in lines: what, and each field that is wrong."""
    found = [f"{violation.field}: {violation.description}" for violation in error.violations]
    return "\n".join([f"{error.reason}: {error}", *found])


def main(arguments: Sequence[str]) -> int:
    """Solves, or says in a line why not."""
    options = parsed(arguments)
    os.environ.setdefault("DOORSTEP_PLANNER_KERNELS_FOLDER", str(options.state / "numba"))
    output = own_output()

    def say(event: Event) -> None:
        print(json.dumps(event), file=output, flush=True)

    try:
        say({"event": "done", "document": solve(options, say)})
    except (BadFile, BadMap) as error:
        print(error, file=sys.stderr)
        return 1
    except MeshError as error:
        print(faults(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
