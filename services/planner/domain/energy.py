"""
Energy: what driving takes from a battery. Pure, whole watt hours, rounded up per leg.

Model: a sum of terms by distance, mass carried, time and stops, as EN-style route models reduce to
(`energy = a*km + b*hours + c*stops`); the defaults of an electric van are derived from a physical
model at 40 km/h, 1.5 stops a kilometer and mild weather: large van, 2,460 kg empty, Cd 0.32, 4.2
m2, Crr 0.010, drive efficiency 0.88, recuperation 0.60, 0.6 kW auxiliaries (MDPI WEVJ 2025 16(9)
500).
"""

from __future__ import annotations

from dataclasses import dataclass

from services.planner.domain.travel import Profile

GRAMS_PER_TONNE = 1_000_000
METERS_PER_KILOMETER = 1_000
SECONDS_PER_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class EnergyModel:
    """How much energy driving takes."""

    kilometer_watt_hours: int = 0
    tonne_kilometer_watt_hours: int = 0
    hour_watt_hours: int = 0
    stop_watt_hours: int = 0

    def __post_init__(self) -> None:
        """Refuses negative terms: a plan never counts on winning energy."""
        if min(self.terms) < 0:
            raise ValueError("an energy term is negative")

    @property
    def terms(self) -> tuple[int, int, int, int]:
        """All four, in the order of the fields."""
        return (
            self.kilometer_watt_hours,
            self.tonne_kilometer_watt_hours,
            self.hour_watt_hours,
            self.stop_watt_hours,
        )

    def leg_watt_hours(self, meters: int, seconds: int, mass_grams: int) -> int:
        """For a leg with this load and the time it takes, without its stop; rounded up."""
        kilometer, tonne_kilometer, hour, _ = self.terms
        per_tonne = kilometer * GRAMS_PER_TONNE + tonne_kilometer * mass_grams
        rolling = -(-meters * per_tonne // (METERS_PER_KILOMETER * GRAMS_PER_TONNE))
        return rolling - (-seconds * hour // SECONDS_PER_HOUR)


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery and its charge when the shift starts."""

    capacity_watt_hours: int
    start_watt_hours: int
    reserve_watt_hours: int = 0
    end_watt_hours: int = 0

    def __post_init__(self) -> None:
        """Refuses a charge or reserve beyond the capacity."""
        if self.capacity_watt_hours <= 0:
            raise ValueError("a battery has a capacity")
        if not 0 <= self.start_watt_hours <= self.capacity_watt_hours:
            raise ValueError("the start charge lies outside the battery")
        if max(self.reserve_watt_hours, self.end_watt_hours) > self.capacity_watt_hours:
            raise ValueError("the reserve is greater than the battery")


DEFAULT_ENERGY = {
    Profile.VAN: EnergyModel(105, 45, 600, 30),
    Profile.E_VAN: EnergyModel(105, 45, 600, 30),  # 210 Wh/km at 600 kg load, see above
    Profile.TRUCK: EnergyModel(330, 45, 1_000, 70),  # the same model at 5,400 kg, Cd 0.50, 6 m2
    Profile.CARGO_BIKE: EnergyModel(10, 40, 5, 1),  # assumed: a pedelec's motor takes about half
    Profile.FOOT: EnergyModel(),
}
