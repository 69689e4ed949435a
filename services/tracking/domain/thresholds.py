"""What counts as news and what counts as trouble: one value, set by the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Thresholds:
    """
    Business time throughout.

    An expected arrival is told again when it moved by `eta_change` and by `eta_share` of the time
    that is left; never twice within `eta_pause`.
    """

    eta_change: timedelta = timedelta(minutes=3)
    eta_share: float = 0.15
    eta_firmer: float = 0.3
    failure_probable: float = 0.5  # an attempt that fails so likely is a risk of its own
    charge_reserve: float = 0.1  # of the battery, to be left on the way home
    eta_pause: timedelta = timedelta(minutes=1)
    near_stops: int = 1
    near_time: timedelta = timedelta(minutes=10)
    stalled_after: timedelta = timedelta(minutes=8)
    silent_after: timedelta = timedelta(minutes=10)
    departure_grace: timedelta = timedelta(minutes=15)
    late: timedelta = timedelta(minutes=5)  # a fact recorded later than this never notifies again
