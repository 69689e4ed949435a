"""What is solved: files, folders of files, and budgets by size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from services.planner.formats.lines import BadFile
from services.planner.formats.read import read

SUFFIXES = {".txt", ".vrp", ".json"}
LISTS = {"BKS_dimacs.json", "BKS.json"}
# Seconds of processor time by the number of customers, as the design's targets are stated.
BUDGETS = ((200, 10.0), (325, 20.0), (400, 30.0), (600, 40.0), (1_000, 60.0))
SECONDS_PER_CUSTOMER = 0.06  # beyond 1,000


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as they are; of folders whatever is readable, in order."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
        yield from (file for file in found if file.name not in LISTS and is_readable(file))


def is_readable(path: Path) -> bool:
    """Whether a file of a folder is a problem in a known format."""
    try:
        read(path)
    except BadFile:
        return False
    return True


def budget(customers: int) -> float:
    """Seconds for a size: those of the next larger one."""
    for size, seconds in BUDGETS:
        if customers <= size:
            return seconds
    return customers * SECONDS_PER_CUSTOMER
