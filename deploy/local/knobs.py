"""
What the mesh tells a service, as the variables its settings know.

The mesh knows where things are; each service's settings name what it wants to know. A service that
has no such knob is not told, for an unknown variable with its prefix would stop it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping

from deploy.local.trouble import Trouble
from deploy.table import Service
from meshkit.config import FILE_SUFFIX, MESH_PREFIX, MeshSettings


def variables(service: Service, values: Mapping[str, object]) -> dict[str, str]:
    """Of these values by knob, those that the service has, as environment variables."""
    known = settings_class(service).model_fields
    prefix = f"{MESH_PREFIX}{service.name.upper()}_"
    return {
        f"{prefix}{knob.upper()}": str(value)
        for knob, value in values.items()
        if knob in known and value is not None
    }


def known_to(service: Service) -> set[str]:
    """Every variable that the service understands, files of secrets included."""
    prefix = f"{MESH_PREFIX}{service.name.upper()}_"
    names = {f"{prefix}{knob.upper()}" for knob in settings_class(service).model_fields}
    return names | {f"{name}{FILE_SUFFIX}" for name in names}


def settings_class(service: Service) -> type[MeshSettings]:
    """The class that reads the service's environment. Raises Trouble when there is none."""
    try:
        module = importlib.import_module(f"{service.module}.config")
    except ModuleNotFoundError as error:
        raise Trouble(
            f"{service.name} cannot be loaded: {error}", "run `make env` in a whole checkout"
        ) from error
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, MeshSettings) and found is not MeshSettings:
            return found
    raise Trouble(f"{module.__name__} has no settings class", "derive one from MeshSettings")
