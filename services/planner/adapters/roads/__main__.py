"""
Maps from the command line: compile an extract, list what is compiled, show one.

    python -m services.planner.adapters.roads import FILE.osm.pbf MAPS_FOLDER
    python -m services.planner.adapters.roads list MAPS_FOLDER
    python -m services.planner.adapters.roads show MAP MAPS_FOLDER

Each prints JSON on stdout. What is wrong with a file goes to stderr as one line, with exit code 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from services.planner.adapters.roads import maps
from services.planner.adapters.roads.bad_map import BadMap


def main() -> int:
    """Does what the arguments say; 0 if it could."""
    arguments = _parsed()
    try:
        found = _done(arguments)
    except (BadMap, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="roads")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, argument in (("import", "file"), ("show", "map"), ("list", None)):
        subparser = verbs.add_parser(verb)
        if argument:
            subparser.add_argument(argument)
        subparser.add_argument("folder", type=Path)
    return parser.parse_args()


def _done(arguments: argparse.Namespace) -> Any:
    if arguments.verb == "import":
        return asdict(maps.compile_map(Path(arguments.file), arguments.folder))
    found = [asdict(report) for report in maps.reports(arguments.folder)]
    if arguments.verb == "list":
        return found
    for report in found:
        if arguments.map in {report["map_id"], report["name"]}:
            return report
    known = ", ".join(sorted({report["name"] for report in found})) or "none yet"
    raise BadMap(f"no compiled map is called {arguments.map!r}. Compiled: {known}")


if __name__ == "__main__":
    sys.exit(main())
