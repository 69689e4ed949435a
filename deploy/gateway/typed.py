"""How Envoy names the type of an extension's configuration. Pure."""

from __future__ import annotations

from typing import Any

Yaml = dict[str, Any]


def extension(type_name: str, **fields: Any) -> Yaml:
    """The configuration of one extension, with its type."""
    return {"@type": f"type.googleapis.com/{type_name}", **fields}


def named(name: str, type_name: str, **fields: Any) -> Yaml:
    """One extension as Envoy's lists hold them: its name and its configuration."""
    return {"name": name, "typed_config": extension(type_name, **fields)}
