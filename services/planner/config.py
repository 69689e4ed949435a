"""Every knob of the planner; variables are `DOORSTEP_PLANNER_<FIELD>`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from meshkit.config import MeshSettings, settings_of
from services.planner.domain.settings import DEFAULT_SEED


class PlannerSettings(MeshSettings):
    """Settings of the process, frozen."""

    model_config = settings_of("planner")

    compliance_address: str = ""  # host:port of CheckService; empty plans without access rules
    map_file: Path = Path("clients/day/city/helsinki.osm.pbf")  # an OpenStreetMap extract
    maps_folder: Path = Path(".doorstep/maps")  # where compiled maps are kept
    kernels_folder: Path = Path(".doorstep/numba")  # where the road engine's machine code is kept
    rejected_folder: Path = Path(".doorstep/rejected")  # where plans that broke a rule are kept
    solvers: int = Field(default=1, ge=1, le=64)  # processes that search; one core each
    job_solvers: int = Field(default=1, ge=1, le=64)  # more, for optimizations nobody waits for
    solver_waiting_max: int = Field(default=16, ge=1)  # searches that wait; more are refused
    seed: int = Field(default=DEFAULT_SEED, ge=1, le=2**31 - 1)  # where the caller names none
    search_seconds_max: float = Field(default=20.0, gt=0, le=600)  # where the caller names none
