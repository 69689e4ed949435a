"""
Big matrices, block by block: one question after the other, so that others get their turn between.

The worker answers for two blocks of places at a time; what it says goes into a mapped file, which
is as big as the whole and is never in memory as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.travel import Snap, TravelMatrix, TravelNotice, TravelQuestion

WHOLE_MAX = 2_500  # places that one question is asked for; above, blocks
BLOCK = 1_000  # two of them take about a second
NOTICES_MAX = 1_000  # of one answer

Ask = Callable[[TravelQuestion], Awaitable[TravelMatrix]]
Table = NDArray[np.int32]


async def by_blocks(ask: Ask, question: TravelQuestion, folder: Path) -> TravelMatrix:
    """From every point to every other."""
    size = len(question.points)
    both = await asyncio.to_thread(mapped, folder, size)
    snaps: dict[int, Snap] = {}
    notices: dict[tuple[int, int | None], TravelNotice] = {}
    map_id = ""
    blocks = [range(first, min(first + BLOCK, size)) for first in range(0, size, BLOCK)]
    for one, other in combinations(blocks, 2):
        ranks = (*one, *other)
        points = tuple(question.points[rank] for rank in ranks)
        part = await ask(replace(question, points=points))
        await asyncio.to_thread(put, both, part, one, other)
        snaps |= zip(ranks, part.snaps, strict=True)
        for notice in renamed(part.notices, ranks):
            if len(notices) < NOTICES_MAX:
                notices.setdefault((notice.point, notice.other), notice)
        map_id = part.map_id
    told = sorted(notices.values(), key=lambda notice: (notice.other is not None, notice.point))
    placed = tuple(snaps[rank] for rank in range(size))
    return TravelMatrix(both[0], both[1], placed, tuple(told), map_id)


def mapped(folder: Path, size: int) -> Table:
    """Room for seconds and meters in a file without a name: it goes when nobody reads it."""
    with NamedTemporaryFile(dir=folder) as file:
        return np.memmap(file, np.int32, "w+", shape=(2, size, size))


def put(both: Table, part: TravelMatrix, one: range, other: range) -> None:
    """Puts the answer for two blocks where it belongs."""
    ends = len(one)
    places = ((one, slice(0, ends)), (other, slice(ends, None)))
    for rows, own_rows in places:
        for columns, own_columns in places:
            here = (slice(rows.start, rows.stop), slice(columns.start, columns.stop))
            both[0][here] = part.seconds[own_rows, own_columns]
            both[1][here] = part.meters[own_rows, own_columns]


def renamed(notices: tuple[TravelNotice, ...], ranks: tuple[int, ...]) -> Iterator[TravelNotice]:
    """Notices about places of the whole."""
    for notice in notices:
        other = None if notice.other is None else ranks[notice.other]
        yield replace(notice, point=ranks[notice.point], other=other)
