"""Explanations: what keeps a task out, shift by shift, and what would let it in. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from services.planner.domain.plan import Violation


@dataclass(frozen=True, slots=True)
class Block:
    """What keeps a task out of some shifts."""

    shift_ids: tuple[str, ...]
    violations: tuple[Violation, ...] = ()
    """The hard rules that the task breaks even alone; none: the shift could serve it alone."""
    price_micros: int | None = None
    """What serving it there would cost; None when no way was found."""
    displaced_task_ids: tuple[str, ...] = ()
    """Who would have to leave the route for it."""
