"""Benchmarks: how good plans are after how much of one core, beside PyVRP and OR-Tools."""

from __future__ import annotations
