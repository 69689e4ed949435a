"""
Jobs for solver processes, and the travel tables that go with them as memory-mapped files.

Tables are never sent through the pipe: 2,000 places are 32 MB for each class of vehicle.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from services.planner.domain.instance import Instance, Node, TravelTable
from services.planner.domain.phases import Phase
from services.planner.domain.settings import SearchSettings
from services.planner.domain.task import Window
from services.planner.solver.tables import mapped, save

Sequences = tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Job:
    """What a solver process is to do."""

    kind: Literal["solve", "time", "insert", "keep", "reasons", "explain", "windows"]
    instance: Instance
    """Without its tables, which lie in files."""
    table_files: tuple[str, ...]
    sequences: Sequences = ()
    settings: SearchSettings | None = None
    tasks: tuple[int, ...] = ()
    count: int = 0
    phases: tuple[Phase, ...] = ()
    """Of a solve that is run again: what it ran before."""
    windows: tuple[Window, ...] = ()
    """To be priced."""
    answer_by: float = math.inf
    """When the caller waits no longer, monotonic; waiting for a turn counts."""

    def whole(self) -> Instance:
        """The instance with its tables mapped into memory."""
        tables = tuple(mapped(Path(file)) for file in self.table_files)
        return replace(self.instance, tables=tables)


@asynccontextmanager
async def tables_on_disk(tables: Sequence[TravelTable]) -> AsyncIterator[tuple[str, ...]]:
    """The files of tables; they are gone when the block ends, however it does."""
    with TemporaryDirectory(prefix="doorstep-solve-") as folder:
        files = [Path(folder) / f"{rank}.npy" for rank in range(len(tables))]
        for table, file in zip(tables, files, strict=True):
            await asyncio.to_thread(save, table, file)
        yield tuple(map(str, files))


def without_tables(instance: Instance) -> Instance:
    """An instance as it is sent."""
    return replace(instance, tables=())
