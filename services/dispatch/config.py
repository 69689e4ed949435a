"""Every knob of dispatch: its name, default, unit and range; variables are DOORSTEP_DISPATCH_..."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from meshkit.config import MeshSettings, settings_of


class DispatchSettings(MeshSettings):
    """Settings of the process, frozen."""

    model_config = settings_of("dispatch")

    planner_address: str = "127.0.0.1:8411"  # host:port
    compliance_address: str = "127.0.0.1:8414"  # host:port
    tracking_address: str = ""  # host:port of tracking's feed; empty follows nothing
    issuer_key_file: Path = Path(".doorstep/keys/issuer.pem")  # signs people's and programs' tokens
    issuer_key_id: str = "issuer"  # under which its public half stands in the JWKS file
    contact_key_file: Path | None = None  # seals contacts for tracking; None: none are told
    operator_client_id: str = "operator"  # the first key, before there is any tenant
    operator_secret: SecretStr | None = None  # its secret; None: it cannot be used
    tick_seconds: float = Field(default=1.0, ge=0.05, le=60)  # real time between two ticks
    acknowledge_seconds: int = Field(default=180, ge=10, le=3600)  # business time, then an incident
    feed_shards: int = Field(default=4, ge=1, le=64)
    app_connections: int = Field(default=8, ge=1, le=100)
    worker_connections: int = Field(default=4, ge=1, le=100)
