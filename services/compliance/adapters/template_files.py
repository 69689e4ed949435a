"""The templates of zones that come with the service, one file each under `data/zones/`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from services.compliance.domain.template import ZoneTemplate

ZONES = Path(__file__).parents[1] / "data" / "zones"


def template_documents() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every file with its name, in the order of names."""
    for path in sorted(ZONES.glob("*.toml")):
        yield path.name, tomllib.loads(path.read_text())


class TemplateLibrary:
    """
    Implements `ports.Templates` over files that never change.

    They are read when first asked for, which takes a second (calendars): ask in a thread.
    """

    def __init__(self, load: Callable[[], Iterable[ZoneTemplate]]) -> None:
        self._load = load

    def get(self, template_id: str) -> ZoneTemplate | None:
        return self._templates.get(template_id)

    def after(self, template_id: str, limit: int) -> Sequence[ZoneTemplate]:
        following = [t for name, t in self._templates.items() if name > template_id]
        return following[:limit]

    @cached_property
    def _templates(self) -> Mapping[str, ZoneTemplate]:
        found = {template.zone_id: template for template in self._load()}
        return dict(sorted(found.items()))
