"""Coverage: needs no twin; a task stands in one route or is left out by the way stops are linked."""

from __future__ import annotations
