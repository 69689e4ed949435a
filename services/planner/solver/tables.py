"""Travel tables in files that several processes map into their memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from services.planner.domain.instance import TravelTable


def save(table: TravelTable, file: Path) -> None:
    """Writes a table for `mapped` to find."""
    whole = np.lib.format.open_memmap(file, "w+", np.int32, (2, table.size**2))
    whole[0] = np.asarray(table.seconds, np.int32)
    whole[1] = np.asarray(table.meters, np.int32)
    whole.flush()


def mapped(file: Path) -> TravelTable:
    """A table as it lies in a file."""
    seconds, meters = np.asarray(np.load(file, mmap_mode="r"))
    return TravelTable(seconds.data, meters.data, round(len(seconds) ** 0.5), str(file))
