"""Tracking as its own tests start it: a store, its servicers, a clock."""

from __future__ import annotations

from services.tracking.tests.conftest import clock, db, desk, ingest, mesh

__all__ = ["clock", "db", "desk", "ingest", "mesh"]
