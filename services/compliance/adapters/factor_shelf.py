"""Factor sets by their ids: those that come with the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.compliance.domain.factors import FactorSet


class FactorLibrary:
    """Implements `ports.FactorShelf` over sets that never change."""

    def __init__(self, sets: Mapping[str, FactorSet]) -> None:
        self._sets = dict(sorted(sets.items()))

    def get(self, factor_set_id: str) -> FactorSet | None:
        return self._sets.get(factor_set_id)

    def list(self, country_code: str) -> Sequence[FactorSet]:
        return [s for s in self._sets.values() if country_code in ("", s.country_code)]
