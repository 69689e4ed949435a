"""
What goes wrong in a run, and when: drawn from the seed, so that a run can be looked at again.

Every kind of fault comes at least once in each run, in an order and at moments by lot; what is left
of the time brings more of them by lot. Pure.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

TAKER, TELLER, STORE = "tracking", "tracking-2", "postgres"  # who takes in, who is watched
BETWEEN_SECONDS = 1.2  # on average, between two faults
QUIET_SHARE = 0.1  # of the time, before the first fault and after the last


class Kind(Enum):
    """What goes wrong."""

    KILL = "kill"  # SIGKILL of a process; it is started again after a while
    STOP = "stop"  # pg_ctl stop -m immediate: no checkpoint, every session ends; then a start
    FREEZE = "freeze"  # SIGSTOP, as a machine that hangs; then SIGCONT
    CUT = "cut"  # every connection of every client is reset at once
    SESSIONS = "sessions"  # every session of the store is ended at once
    REPLAY = "replay"  # every device sends all it ever had again, shuffled, much of it twice


# How long each may last, in seconds: until the process or store is started again, or goes on.
CARDS: tuple[tuple[Kind, str, tuple[float, float]], ...] = (
    (Kind.KILL, TAKER, (0.1, 1.5)),
    (Kind.KILL, TELLER, (0.1, 1.5)),
    (Kind.STOP, STORE, (0.1, 1.5)),
    (Kind.FREEZE, TAKER, (0.5, 3.0)),
    (Kind.FREEZE, TELLER, (0.5, 3.0)),
    (Kind.FREEZE, STORE, (0.5, 3.0)),
    (Kind.CUT, "clients", (0.0, 0.0)),
    (Kind.SESSIONS, STORE, (0.0, 0.0)),
    (Kind.REPLAY, "devices", (0.0, 0.0)),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with one target, so many seconds after the start."""

    at: float
    kind: Kind
    target: str
    seconds: float


def drawn(seed: int, seconds: float) -> tuple[Fault, ...]:
    """The faults of a run of so many seconds, in order of time."""
    dice = random.Random(seed)
    more = max(0, round(seconds / BETWEEN_SECONDS) - len(CARDS))
    cards = [*CARDS, *dice.choices(CARDS, k=more)]
    dice.shuffle(cards)
    first, last = seconds * QUIET_SHARE, seconds * (1 - QUIET_SHARE)
    moments = sorted(dice.uniform(first, last) for _ in cards)
    return tuple(
        Fault(round(at, 3), kind, target, round(dice.uniform(*span), 3))
        for at, (kind, target, span) in zip(moments, cards, strict=True)
    )
