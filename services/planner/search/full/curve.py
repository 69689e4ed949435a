"""
Curves in compiled code: the least cost by the moment, as straight pieces in a scratch array.

The compiled twin of `search/curve.py`, whose law and units hold here too. A curve is a run of
pieces in order of time; a new one is pushed on top of the array, piece by piece.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER, NEVER
from services.planner.search.full.space import Record, State, pieces_of


@compiled
def push(state: State, first: int, last: int, value: int, slope: int) -> None:
    """Adds a piece on top; nothing where it is empty. Once the array is full, it stays so."""
    if first <= last and state.piece_top < state.pieces_max - 1:
        own = pieces_of(state)[state.piece_top]
        own.first, own.last, own.value, own.slope = first, last, value, slope
        state.piece_top += 1


@compiled
def push_run(state: State, run: Record, first: int) -> None:
    """Makes a run of all pieces from one on."""
    run.first, run.count = first, state.piece_top - first


@compiled
def push_later(
    state: State, first: int, last: int, value: int, slope: int, later: int, opens: int, until: int
) -> None:  # fmt: skip
    """Adds the part of a piece that comes between two moments when it is moved."""
    begin = max(first + later, opens)
    push(state, begin, min(last + later, until), value + slope * (begin - later - first), slope)


@compiled
def push_waited(state: State, run: Record, closes: int, later: int, opens: int, until: int) -> None:
    """
    Adds what whoever may wait pays at the end of a way: the least up to each departure.

    Departures are those up to a moment, arrivals those between two.
    """
    low, flat_from = NEVER, 0
    for rank in range(run.first, run.first + run.count):
        piece = pieces_of(state)[rank]
        if piece.first > closes:
            break
        begin, last, value, slope = piece.first, min(piece.last, closes), piece.value, piece.slope
        least = value + min(0, slope) * (last - begin)
        if least >= low:
            continue
        if value >= low:
            steps = (value - low) // -slope + 1
            begin, value = begin + steps, value + slope * steps
        if low < NEVER:
            push_later(state, flat_from, begin - 1, low, 0, later, opens, until)
        if slope < 0:
            push_later(state, begin, last, value, slope, later, opens, until)
        low, flat_from = least, last + 1 if slope < 0 else begin
    if low < NEVER:
        push_later(state, flat_from, FOREVER, low, 0, later, opens, until)


@compiled
def push_sum(
    state: State, run: Record, first: int, last: int, value: int, slope: int, later: int
) -> None:
    """Adds a curve and a piece where both are, moved afterwards."""
    for rank in range(run.first, run.first + run.count):
        piece = pieces_of(state)[rank]
        if piece.first > last:
            break
        begin, end = max(piece.first, first), min(piece.last, last)
        both = piece.value + piece.slope * (begin - piece.first) + value + slope * (begin - first)
        push(state, begin + later, end + later, both, piece.slope + slope)


@compiled
def push_lower(state: State, one: Record, other: Record) -> None:
    """Adds the lesser of two curves where both are, else the one that is."""
    left, right = one.first, other.first
    left_end, right_end = one.first + one.count, other.first + other.count
    at = -FOREVER
    while left < left_end or right < right_end:
        mine, yours = pieces_of(state)[left], pieces_of(state)[right]
        if left < left_end and right < right_end:
            at = max(at, min(mine.first, yours.first))
        else:
            at = max(at, mine.first if left < left_end else yours.first)
        in_left = left < left_end and mine.first <= at
        in_right = right < right_end and yours.first <= at
        stop = min(
            covered(mine, left < left_end, in_left), covered(yours, right < right_end, in_right)
        )
        if in_left and in_right:
            push_lesser(state, at, stop, mine, yours)
        elif in_left:
            push(state, at, stop, mine.value + mine.slope * (at - mine.first), mine.slope)
        else:
            push(state, at, stop, yours.value + yours.slope * (at - yours.first), yours.slope)
        at = stop + 1
        left += in_left and mine.last < at
        right += in_right and yours.last < at


@compiled
def covered(piece: Record, is_there: bool, is_in: bool) -> int:
    """Until when a curve stays as it is: to the end of its piece, or to the next."""
    if not is_there:
        return FOREVER
    return piece.last if is_in else piece.first - 1


@compiled
def push_lesser(state: State, first: int, last: int, one: Record, other: Record) -> None:
    """Adds the lesser of two lines between two moments, in one piece or two."""
    low, slope = one.value + one.slope * (first - one.first), one.slope
    high, steep = other.value + other.slope * (first - other.first), other.slope
    if high < low or (high == low and steep < slope):
        low, slope, high, steep = high, steep, low, slope
    closing = slope - steep
    if closing <= 0 or high - low >= closing * (last - first):
        push(state, first, last, low, slope)
        return
    steps = (high - low) // closing + 1
    push(state, first, first + steps - 1, low, slope)
    push(state, first + steps, last, high + steep * steps, steep)
