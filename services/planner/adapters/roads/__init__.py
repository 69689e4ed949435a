"""
Roads: travel times, distances and lines on an OpenStreetMap extract, for five kinds of traveller.

From file to answer: reader (tags, networks, speeds, restrictions) -> streets -> turns -> graph ->
hierarchy -> maps on disk; lines, metrics, entries -> question -> matrices and legs -> engine, in a
process of its own (worker, process, messages) behind `RoadTravelTimes`.
"""

from __future__ import annotations

from services.planner.adapters.roads.bad_map import BadMap
from services.planner.adapters.roads.travel import RoadTravelTimes

__all__ = ["BadMap", "RoadTravelTimes"]
