"""Every knob of tracking; variables are `DOORSTEP_TRACKING_<FIELD>`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from meshkit.config import MeshSettings, settings_of
from services.tracking.domain.thresholds import Thresholds


class TrackingSettings(MeshSettings):
    """Settings of the process, frozen. Spans are business time unless their comment says real."""

    model_config = settings_of("tracking")

    dispatch_address: str = ""  # host:port of dispatch's feed; empty follows nothing
    planner_address: str = ""  # host:port of the planner; empty: times are the plan's own
    compliance_address: str = ""  # host:port of compliance's feed; empty follows nothing

    ingest_credit: int = Field(default=8, ge=1, le=64)  # unanswered batches of one stream
    ingest_queue_batches_max: int = Field(default=64, ge=1)  # waiting for a commit
    ingest_commit_rows_max: int = Field(default=5_000, ge=1)  # positions of one commit
    epochs_remembered_max: int = Field(default=100_000, ge=1)  # devices known without a query

    tick_seconds: float = Field(default=1.0, gt=0)  # real: between two ticks of one route
    tick_routes_max: int = Field(default=200, ge=1)  # routes taken at once by one process
    look_seconds: float = Field(default=60.0, gt=0)  # real: between two looks at a tenant's past
    upkeep_seconds: float = Field(default=600, gt=0)  # real: between two rounds of housekeeping
    positions_keep_days: int = Field(default=35, ge=9)  # how long positions can be read
    feed_keep_days: int = Field(default=30, ge=8)  # how long the feed of events can be read

    report_memory_mib: int = Field(default=384, ge=256)  # of the process that makes a report

    media_url: str = ""  # whole files: file:///FOLDER or s3://BUCKET/PREFIX; empty: PostgreSQL
    media_endpoint: str = ""  # of a bucket that is not Amazon's: https://HOST:PORT
    media_region: str = ""  # empty: as the process's environment says
    media_key_id: str = ""  # empty: as the process's environment says
    media_secret: SecretStr = SecretStr("")

    seal_key_file: Path | None = None  # Fernet keys that seal secrets; None: no webhooks
    webhook_loopback: bool = False  # in a sandbox: webhooks may go to this machine, by http too
    contact_key_file: Path | None = None  # opens what dispatch seals; None: no messages to people
    page_url: str = ""  # https://.../{token} of a recipient's page; empty: no links in messages
    smtp_host: str = ""  # hands over mail; empty: none is sent
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_sender: str = ""  # name@example.org
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    sms_url: SecretStr = SecretStr("")  # of Apprise, with {address}; empty: no text messages
    push_url: SecretStr = SecretStr("")  # the same for push

    eta_change_seconds: int = Field(default=180, ge=1)  # an expectation that moved less is no news
    eta_change_ratio: float = Field(default=0.15, ge=0, le=1)  # nor less than this of what is left
    eta_pause_seconds: int = Field(default=60, ge=0)  # between two tellings of one stop
    near_stops: int = Field(default=1, ge=0)  # stops before one's own, to be arriving
    near_seconds: int = Field(default=600, ge=0)  # or time before it
    stalled_seconds: int = Field(default=480, ge=1)  # without progress, away from any stop
    silent_seconds: int = Field(default=600, ge=1)  # without a position, on the way
    departure_grace_seconds: int = Field(default=900, ge=0)  # after the planned start

    @property
    def thresholds(self) -> Thresholds:
        """What counts as news and as trouble."""
        return Thresholds(
            eta_change=timedelta(seconds=self.eta_change_seconds),
            eta_share=self.eta_change_ratio,
            eta_pause=timedelta(seconds=self.eta_pause_seconds),
            near_stops=self.near_stops,
            near_time=timedelta(seconds=self.near_seconds),
            stalled_after=timedelta(seconds=self.stalled_seconds),
            silent_after=timedelta(seconds=self.silent_seconds),
            departure_grace=timedelta(seconds=self.departure_grace_seconds),
        )
