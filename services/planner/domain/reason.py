"""The rules that a route can break, by name. The contract's `Reason` has the same names."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """Why a task is not served, and what a violation is about."""

    CAPACITY = "CAPACITY"
    WINDOW = "WINDOW"
    SKILL = "SKILL"
    SHIFT = "SHIFT"
    BREAK = "BREAK"
    DUTY = "DUTY"
    ZONE = "ZONE"
    ACCESS_UNKNOWN = "ACCESS_UNKNOWN"
    REACHABLE = "REACHABLE"
    TERRITORY = "TERRITORY"
    EXCLUDED = "EXCLUDED"
    LOCK = "LOCK"
    PAIRING = "PAIRING"
    GOODS = "GOODS"
    UNLOADING = "UNLOADING"
    CHARGE = "CHARGE"
    DISTANCE = "DISTANCE"
    STOP_LIMIT = "STOP_LIMIT"
    SERVICE = "SERVICE"
    COVERAGE = "COVERAGE"
    TRAVEL = "TRAVEL"
    COST = "COST"
    NO_ROOM = "NO_ROOM"
    TOO_DEAR = "TOO_DEAR"
    TIME = "TIME"
    RELOAD = "RELOAD"
    RELEASE = "RELEASE"
    BALANCE = "BALANCE"


OF_THE_SEARCH = frozenset({Reason.NO_ROOM, Reason.TOO_DEAR, Reason.TIME})
"""No rule is broken: the shift could serve the task, if it did nothing else."""
