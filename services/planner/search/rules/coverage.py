"""Coverage: needs no twin; by the way stops are linked, a task stands in one route or in none."""

from __future__ import annotations
