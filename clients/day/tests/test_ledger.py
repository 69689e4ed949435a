"""Counting what was sent against what is listed: bags of ids, not sets."""

from __future__ import annotations

import pytest

from clients.day.feeds import gaps
from clients.day.ledger import NOTHING, Balance, balance
from clients.day.stopped import Stopped
from doorstep.tracking.v1 import event_pb2, tracking_service_pb2


@pytest.mark.parametrize(
    ("sent", "listed", "expected"),
    [
        ("abc", "cba", Balance(3, 0, 0)),
        ("abc", "ab", Balance(3, 1, 0)),
        ("abc", "abcc", Balance(3, 0, 1)),
        ("abc", "abx", Balance(3, 1, 1)),
        ("", "", NOTHING),
    ],
)
def test_lost_and_doubled_are_counted_apart(sent: str, listed: str, expected: Balance) -> None:
    assert balance(sent, listed) == expected


def test_balances_add_up() -> None:
    assert Balance(3, 1, 0) + Balance(2, 0, 4) == Balance(5, 1, 4)


class Feed:
    """Pages of one shard's sequences; an empty page is a heartbeat."""

    def __init__(self, *pages: list[int]) -> None:
        self._pages = list(pages)

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> tracking_service_pb2.WatchEventsResponse:
        if not self._pages:
            raise StopAsyncIteration
        changes = [event_pb2.Change(shard=1, sequence=n) for n in self._pages.pop(0)]
        return tracking_service_pb2.WatchEventsResponse(changes=changes)


@pytest.mark.parametrize(
    ("pages", "missing"),
    [
        (([1, 2], [3], []), 0),
        (([7, 8], []), 0),
        (([1, 3], []), 1),
        (([1, 2], [2], []), 1),
        (([], [9]), 0),
    ],
)
async def test_a_feed_is_read_up_to_its_first_heartbeat(
    pages: tuple[list[int], ...], missing: int
) -> None:
    assert await gaps(Feed(*pages)) == missing


async def test_a_feed_that_ends_early_is_not_taken_for_whole() -> None:
    with pytest.raises(Stopped, match="before its first heartbeat"):
        await gaps(Feed([1, 2]))
