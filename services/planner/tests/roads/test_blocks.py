"""Big matrices: what is put together of blocks is what one question would have answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.planner.adapters.roads import blocks
from services.planner.adapters.roads.blocks import by_blocks
from services.planner.domain.travel import (
    Point,
    Profile,
    Snap,
    TravelMatrix,
    TravelNotice,
    TravelQuestion,
    TravelReason,
)

pytestmark = pytest.mark.asyncio
POINTS = tuple(Point(60 + n / 1_000, 24 + n * n / 100_000) for n in range(23))


async def straight(question: TravelQuestion) -> TravelMatrix:
    """Lines that take longer one way than the other; every seventh point has no road."""
    number = [POINTS.index(point) for point in question.points]
    seconds = np.array([[7 * a + b for b in number] for a in number], np.int32)
    snaps = tuple(Snap(rank % 7 != 0, rank, POINTS[rank]) for rank in number)
    notices = tuple(
        TravelNotice(TravelReason.NO_ROAD, place)
        for place, rank in enumerate(number)
        if rank % 7 == 0
    )
    return TravelMatrix(seconds, seconds * 10, snaps, notices, "map_1")


@pytest.mark.parametrize("block", [5, 8, 12, 22])
async def test_blocks_make_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", block)
    question = TravelQuestion(POINTS, Profile.VAN)
    whole, made = await straight(question), await by_blocks(straight, question, tmp_path)

    assert np.array_equal(made.seconds, whole.seconds)
    assert np.array_equal(made.meters, whole.meters)
    assert made.snaps == whole.snaps
    assert made.notices == whole.notices
    assert made.map_id == "map_1"
    assert left_in(tmp_path) == []


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())
