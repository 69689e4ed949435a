"""
The best insertion of a look, and those that failed when they were tried.

Blinks pass over a place now and then, so that the search does not always do the same (Christiaens
and Vanden Berghe 2020).
"""

from __future__ import annotations

from services.planner.search.chance import fraction
from services.planner.search.compiled import compiled
from services.planner.search.full.space import (
    State,
    bans_of,
    found_of,
)

ALONE, RELOAD_BEFORE, RELOAD_AFTER, PAIR = range(4)  # shapes of an insertion
BLINK_CHANCE = 0.01
BANS_MAX = 6  # tries of one task that may fail before it is left out


@compiled
def keep(
    state: State, grains: int, before: int, node: int, shape: int, reload: int, down_before: int
) -> None:
    """Keeps an insertion as the best, unless it blinks or failed before."""
    if is_banned(state, before, node, shape, reload, down_before):
        return
    if fraction(state) < BLINK_CHANCE:
        return
    found = found_of(state)[0]
    found.grains, found.before, found.node = grains, before, node
    found.shape, found.reload, found.down_before = shape, reload, down_before


@compiled
def is_banned(
    state: State, before: int, node: int, shape: int, reload: int, down_before: int
) -> bool:
    """Whether an insertion did not hold when it was tried in this look."""
    for rank in range(state.ban_count):
        ban = bans_of(state)[rank]
        is_same = ban.before == before and ban.node == node and ban.shape == shape
        if is_same and ban.reload == reload and ban.down_before == down_before:
            return True
    return False


@compiled
def ban(state: State) -> bool:
    """Bans the insertion found; says whether another may be tried."""
    found = found_of(state)[0]
    own = bans_of(state)[state.ban_count]
    own.before, own.node, own.shape = found.before, found.node, found.shape
    own.reload, own.down_before = found.reload, found.down_before
    state.ban_count += 1
    return state.ban_count < BANS_MAX
