"""Every knob of compliance; variables are `DOORSTEP_COMPLIANCE_<FIELD>`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from meshkit.config import MeshSettings, settings_of
from services.compliance.domain.footprint import Allocation
from services.compliance.domain.vehicle import Fuel

PriceMicros = Annotated[int, Field(ge=0, le=1_000_000_000)]


class ComplianceSettings(MeshSettings):
    """Settings of the process, frozen."""

    model_config = settings_of("compliance")

    tracking_address: str = ""  # host:port of tracking's feed; empty follows nothing
    country_code: str = Field(default="", pattern="^([A-Z]{2})?$")  # of legs that state none
    factor_set_id: str = "desnz-2025"  # of emissions for which nobody names another
    charging_permille: int = Field(
        default=900, ge=500, le=1000
    )  # grid energy that reaches batteries
    allocation: Allocation = Allocation.MASS_DISTANCE  # of legs that tracking's feed tells
    fuel_prices: dict[Fuel, PriceMicros] = Field(default_factory=dict)  # per liter, by fuel
    fuel_price_currency: str = Field(default="", pattern="^([A-Z]{3})?$")  # of `fuel_prices`
    score_key_file: Path | None = None  # PEM of the Ed25519 key that signs scores; None: no scores
    rule_books_max: int = Field(default=64, ge=1)  # tenants whose rules stay in memory
