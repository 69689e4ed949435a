"""
Parts of a large plan, searched side by side: what whoever has more than one process offers.

A machine has processes; a cluster can put its own behind the same port. What comes back depends on
the jobs alone, never on who did them or when.
"""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from services.planner.domain.instance import Instance, TravelTable
from services.planner.domain.phases import Chunk
from services.planner.search.kernel import PoolRoute, Sequences
from services.planner.solver.cut import Part, cut
from services.planner.solver.kernels import kernel_of
from services.planner.solver.tables import mapped, save

WATCH_SECONDS = 0.5  # after which a process notices that nobody waits for it any more


@dataclass(frozen=True, slots=True)
class PartJob:
    """One part to search."""

    part: Part
    start: Sequences
    """Of its shifts, in its own ranks."""
    chunk: Chunk
    seed: int


@dataclass(frozen=True, slots=True)
class PartPlan:
    """What was found for a part, in the ranks of the whole."""

    part: Part
    sequences: Sequences
    pool: tuple[PoolRoute, ...]


class Parts(Protocol):
    """Whoever searches parts."""

    def search(self, jobs: Sequence[PartJob]) -> list[PartPlan]:
        """Searches all, and answers in their order."""
        ...

    def close(self) -> None:
        """Lets go of whatever it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """Searches in this process, one part after the other."""

    instance: Instance

    def search(self, jobs: Sequence[PartJob]) -> list[PartPlan]:
        """Searches all, and answers in their order."""
        return [searched(self.instance, job) for job in jobs]

    def close(self) -> None:
        """Holds nothing."""


def searched(instance: Instance, job: PartJob) -> PartPlan:
    """One part, searched by the kernel that suits it."""
    own = cut(instance, job.part)
    kernel = kernel_of(own, job.seed)
    kernel.load(job.start)
    kernel.run(job.chunk.iterations, job.chunk.progress_from, job.chunk.progress_to)
    return PartPlan(job.part, kernel.best(), tuple(job.part.pool(kernel.take_pool())))


class Beside:
    """
    Searches in processes beside this one, which read the tables from files.

    Those that lie in files are read from there: whoever made these removes them, even when this
    process is killed.
    """

    def __init__(self, instance: Instance, processes: int) -> None:
        """Starts the processes."""
        self._own = ExitStack()
        files = [table.file or self._saved(table) for table in instance.tables]
        told = pickle.dumps(replace(instance, tables=()))
        self._pool = ProcessPoolExecutor(
            processes, get_context("spawn"), begin, (told, files, os.getpid())
        )

    def search(self, jobs: Sequence[PartJob]) -> list[PartPlan]:
        """Searches all, the largest first, and answers in their order."""
        order = sorted(range(len(jobs)), key=lambda rank: -len(jobs[rank].part.tasks))
        asked = {rank: self._pool.submit(search_mine, jobs[rank]) for rank in order}
        return [asked[rank].result() for rank in range(len(jobs))]

    def close(self) -> None:
        """Ends the processes."""
        self._pool.shutdown(cancel_futures=True)
        self._own.close()

    def _saved(self, table: TravelTable) -> str:
        """The file of a table that has none yet; it is gone when this closes."""
        folder = self._own.enter_context(TemporaryDirectory(prefix="doorstep-parts-"))
        file = Path(folder) / "table.npy"
        save(table, file)
        return str(file)


_mine: list[Instance] = []


def begin(told: bytes, files: Sequence[str], parent: int) -> None:
    """Makes a process ready: it knows the instance, and ends when its parent does."""
    instance: Instance = pickle.loads(told)  # noqa: S301 - from our own parent
    _mine.append(replace(instance, tables=tuple(mapped(Path(file)) for file in files)))
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()


def end_with(parent: int) -> None:
    """Waits for the parent's end."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)  # nobody tells: a killed parent says nothing
    os._exit(1)


def search_mine(job: PartJob) -> PartPlan:
    """One part of this process's instance."""
    return searched(_mine[0], job)
