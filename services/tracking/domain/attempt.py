"""
Tries to deliver a webhook: how one is judged, and when the next one follows. Pure.

Delays and timeout are those of Svix (docs.svix.com/retries): 5 s, 5 min, 30 min, 2 h, 5 h, then
every 10 h, each up to a tenth longer at random so that receivers which come back are not run over.
Real time throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
)
JITTER_SHARE = 0.1
GIVEN_UP_AFTER = timedelta(days=5)  # since the first try of an event, or of a receiver that fails
RECOVERED_AFTER = timedelta(minutes=5)  # a receiver that failed for longer gets its backlog at once
GONE = 410
EXCERPT_BYTES = 1_024


class AttemptState(StrEnum):
    """How a try ended."""

    UNSPECIFIED = "UNSPECIFIED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    EXHAUSTED = "EXHAUSTED"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver answered; `error` says why it counts as failed."""

    status_code: int = 0
    took: timedelta = timedelta()
    excerpt: str = ""
    error: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it was taken."""
        return not self.error and 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True)
class Round:
    """Where an event stands before a try: tries so far, and how many before it was last queued."""

    tries: int = 0
    before: int = 0
    first: datetime | None = None  # since it was queued last


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try as kept."""

    attempt_id: str
    subscription_id: str
    event_id: str
    number: int
    send_time: datetime
    reply: Reply
    state: AttemptState
    next_time: datetime | None = None


def next_time(before: Round, now: datetime, chance: float) -> datetime | None:
    """When the try after one that failed now is due; None when that was the last."""
    if now - (before.first or now) >= GIVEN_UP_AFTER:
        return None
    step = min(before.tries - before.before, len(DELAYS) - 1)
    return now + DELAYS[step] * (1 + JITTER_SHARE * chance)


def judged(
    attempt_id: str,
    named: tuple[str, str],
    before: Round,
    reply: Reply,
    now: datetime,
    chance: float,
) -> Attempt:
    """A try with its outcome; `named` are subscription and event, `chance` is in [0, 1)."""
    due = None if reply.succeeded else next_time(before, now, chance)
    state = AttemptState.FAILED if due else AttemptState.EXHAUSTED
    if reply.succeeded:
        state = AttemptState.SUCCEEDED
    return Attempt(attempt_id, *named, before.tries + 1, now, reply, state, due)
