"""
Settings: one frozen class per service, every knob a field with its unit in the name.

A variable is `DOORSTEP_<SERVICE>_<FIELD>`. The few fields that a whole mesh shares (SHARED) may be
given once as `DOORSTEP_<FIELD>`; the service's own variable wins. A secret may stand in a file
named by `DOORSTEP_<SERVICE>_<FIELD>_FILE` instead, as a cluster mounts it. A variable with the
service's prefix that names no field stops the service: a misspelling must not pass for a default.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

MESH_PREFIX = "DOORSTEP_"
SHARED = frozenset(
    {
        "clock_file",
        "environment",
        "jwks_file",
        "log_level",
        "otlp_endpoint",
        "reflection",
        "sandbox",
        "trace_ratio",
    }
)
FILE_SUFFIX = "_FILE"
MASK = "***"


class SettingsError(ValueError):
    """The environment is wrong; the message names each variable and never its value."""


def settings_of(service: str) -> SettingsConfigDict:
    """What a service's settings class sets as `model_config`: its prefix, frozen."""
    return SettingsConfigDict(
        env_prefix=f"{MESH_PREFIX}{service.upper()}_", frozen=True, extra="forbid"
    )


class MeshSettings(BaseSettings):
    """The knobs every service has. A service adds its own by inheriting."""

    listen: str = "127.0.0.1:0"  # host:port; port 0 takes a free one
    app_url: SecretStr | None = None  # postgresql://... as X_app, who sees one tenant
    worker_url: SecretStr | None = None  # the same as X_worker: all tenants
    jwks_file: Path = Path(".doorstep/keys/jwks.json")  # whose tokens are believed
    key_file: Path | None = None  # this service's private key; default: beside the JWKS file
    clock_file: Path | None = None  # simulated time, in a sandbox only
    sandbox: bool = False  # True where nothing is at stake
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    environment: str = "local"  # deployment.environment.name of traces and metrics
    otlp_endpoint: str = ""  # http://host:4317; empty exports nothing
    trace_ratio: float = Field(default=1.0, ge=0, le=1)  # share of new traces that are kept
    span_queue_max: int = Field(default=4096, ge=512)  # spans; a slow collector costs spans, not us
    reflection: bool = False  # lets tools list the methods; on listeners of the mesh only

    concurrent_calls_max: int = Field(default=256, ge=1)  # calls; more are refused at once
    concurrent_watches_max: int = Field(default=4096, ge=1)  # watches; they mostly sleep
    message_bytes_max: int = Field(default=4 << 20, ge=1 << 10)  # 4 MiB, in and out
    connection_age_seconds: int = Field(default=300, ge=1)  # so that new replicas get their share
    connection_grace_seconds: int = Field(default=60, ge=1)  # for the calls of an aged connection
    drain_seconds: float = Field(default=25, ge=0)  # below the pod's termination grace of 40 s
    loop_lag_seconds_max: float = Field(default=1.0, gt=0)  # beyond it the service is not ready

    @classmethod
    def load(cls) -> Self:
        """Reads the environment; SettingsError names every variable that is unknown or wrong."""
        if unknown := cls._unknown_variables():
            known = ", ".join(sorted(cls._known_variables()))
            raise SettingsError(f"unknown settings {', '.join(unknown)}; known are {known}")
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(cls._told(error)) from None  # the cause would print the values

    @classmethod
    def service(cls) -> str:
        """The service's name, such as `planner`, from its prefix."""
        return cls._prefix().removeprefix(MESH_PREFIX).rstrip("_").lower()

    @property
    def own_key_file(self) -> Path:
        """The private key this service signs its tokens with."""
        return self.key_file or self.jwks_file.with_name(f"svc-{self.service()}.pem")

    def shown(self) -> dict[str, Any]:
        """All settings for the log, secrets masked."""
        secrets = {name for name in type(self).model_fields if _is_secret(getattr(self, name))}
        return self.model_dump(mode="json", exclude=secrets) | dict.fromkeys(secrets, MASK)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, the service's variables, the files they name, then the mesh's variables."""
        files = _SecretFiles(settings_cls, env_prefix=cls._prefix())
        return init_settings, env_settings, files, _SharedVariables(settings_cls)

    @classmethod
    def _prefix(cls) -> str:
        return cls.model_config.get("env_prefix") or MESH_PREFIX

    @classmethod
    def _known_variables(cls) -> set[str]:
        knobs = {f"{cls._prefix()}{name.upper()}" for name in cls.model_fields}
        secrets = (f"{cls._prefix()}{name.upper()}" for name in _secrets_of(cls))
        return knobs | {f"{name}{FILE_SUFFIX}" for name in secrets}

    @classmethod
    def _unknown_variables(cls) -> list[str]:
        ours = {name for name in os.environ if name.upper().startswith(cls._prefix())}
        return sorted(ours - cls._known_variables())

    @classmethod
    def _told(cls, error: ValidationError) -> str:
        faults = (
            f"{cls._prefix()}{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
            for fault in error.errors(include_input=False)
        )
        return "; ".join(faults)


class _SharedVariables(EnvSettingsSource):
    """`DOORSTEP_LOG_LEVEL` and the like: the shared fields only, for every service at once."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, env_prefix=MESH_PREFIX)

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__call__().items() if name in SHARED}


class _SecretFiles(EnvSettingsSource):
    """`DOORSTEP_PLANNER_APP_URL_FILE` and the like: the path of a file that holds the secret."""

    def __call__(self) -> dict[str, Any]:
        named = {
            field: os.environ.get(f"{self.env_prefix}{field.upper()}{FILE_SUFFIX}")
            for field in _secrets_of(self.settings_cls)
        }
        return {field: _read_secret(Path(path)) for field, path in named.items() if path}


def _secrets_of(settings: type[BaseSettings]) -> list[str]:
    fields = settings.model_fields.items()
    return [name for name, field in fields if "SecretStr" in str(field.annotation)]


def _read_secret(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"the secret {path} cannot be read: {error.strerror}") from error


def _is_secret(value: object) -> bool:
    return isinstance(value, SecretStr)
