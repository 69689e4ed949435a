"""
What an electric vehicle takes from its battery, by physics: rolling, air, slope, stops, heating.

Pure; watt hours, kilograms and kilometers per hour as floats inside, whole milliwatt hours outside.
At one speed, load and temperature on level ground the model is a sum of terms by distance, time and
stops, exactly: these are the coefficients that a planner takes. Slopes average out as long as no
brake is needed, and other speeds nearly do.

    energy = km * (m g Crr cos + m g sin + rho/2 CdA v2) / drive   (a surplus: times recovery)
           + stops * kinetic energy * (1 / drive - recovery) + hours * (auxiliaries + climate)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import atan, cos, sin

from services.compliance.domain.amounts import rounded
from services.compliance.domain.vehicle import Category, Vehicle

GRAVITY = 9.81  # m/s2
JOULES_PER_WATT_HOUR = 3_600
METERS_PER_KILOMETER, SECONDS_PER_HOUR, PERMILLE = 1_000, 3_600, 1_000
GRAMS_PER_KILOGRAM, MILLI = 1_000, 1_000
KMH_PER_MS = 3.6
DRIVER_GRAMS = 80_000
ROTATING = 1.05  # wheels and motor turn too: 5 % on top of the mass; Genikomsakis 2017, as below
# Dry air at sea level, 1.293 kg/m3 at 0 degrees and 1.2 at 20 (ISO 2533), linear between: to 2 %.
AIR_AT_FREEZING, AIR_PER_KELVIN = 1.293, 0.00465
MILD_CELSIUS = 20  # rolling resistance is stated here, and no heating is on
# Tires roll worse in the cold. On the drum 0.8 % per kelvin (UN R117, annex 6); we take 0.5, as
# tires warm up while they roll: our estimate.
ROLLING_PER_KELVIN = 0.005
HOT_CELSIUS = 25  # cooling is on above it
USUAL_CELSIUS = 15  # where nobody states a temperature
SPEED_MAX = 150  # km/h; what claims to be faster is not described well


@dataclass(frozen=True, slots=True)
class Build:
    """What resists a kind of vehicle, and what it takes beside driving."""

    title: str
    unladen_grams: int
    drag_area: float  # m2: drag coefficient times frontal area
    rolling: float  # coefficient at 20 degrees
    drive_efficiency: float  # battery to wheel
    recovery: float  # of braking energy that reaches the battery again
    auxiliary_watts: int
    climate_watts_per_kelvin: int  # below 20 or above 25 degrees
    cruising_kilometers_per_hour: int


# Drag and mass: Maxus eDeliver 9 and MAN eTGL in World Electric Vehicle Journal 2025, 16(9), 500.
# Rolling 0.010, drive 0.88, recovery 0.60, 600 W, 2 kW of heating at 0 degrees: usual engineering
# figures, not measured by us.
LARGE_VAN = Build("a large van", 2_460_000, 0.32 * 4.2, 0.010, 0.88, 0.60, 600, 100, 40)
TRUCK = Build("a truck of 7.5 t", 5_400_000, 0.50 * 6.0, 0.010, 0.88, 0.60, 600, 100, 40)
# Genikomsakis and Mitrentsis 2017, doi:10.1016/j.trd.2016.10.014: an electric hatchback.
CAR = Build("a compact car", 1_583_000, 0.29 * 2.19, 0.008, 0.88, 0.60, 300, 100, 40)
# Renault Twizy in TUMFTM/sim_VTMS, 01_vehicles/Renault_Twizy.m; it has no heating.
QUADRICYCLE = Build("a quadricycle", 482_000, 0.37 * 2.0, 0.0161, 0.88, 0.60, 100, 0, 40)
# Drag of an upright commuter 0.63 m2 (Wilson, Bicycling Science), with a box about 0.9: our
# estimate, as rolling, mass and the lamp. No recovery; the rider's own work is not deducted.
CARGO_BIKE = Build("a cargo bike", 60_000, 0.9, 0.010, 0.75, 0.0, 10, 0, 15)
BUILDS = {
    Category.CYCLE: CARGO_BIKE,
    Category.L: QUADRICYCLE,
    Category.M1: CAR,
    Category.N1: LARGE_VAN,
    Category.N2: TRUCK,
    Category.N3: TRUCK,
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which a vehicle drives."""

    load_grams: int = 0
    celsius: int = USUAL_CELSIUS
    cruising_kilometers_per_hour: int = 0  # 0: what is usual for the build


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of road at one speed and slope, and how often the vehicle stops on it."""

    meters: float
    kilometers_per_hour: float
    stops: int = 0
    slope_permille: float = 0.0


@dataclass(frozen=True, slots=True)
class Coefficients:
    """What a battery gives per kilometer, hour and stop, in milliwatt hours."""

    kilometer: int = 0
    hour: int = 0
    stop: int = 0

    def milliwatt_hours(self, meters: int, seconds: int, stops: int) -> int:
        """What so much driving takes."""
        road = rounded(self.kilometer * meters, METERS_PER_KILOMETER)
        return road + rounded(self.hour * seconds, SECONDS_PER_HOUR) + self.stop * stops


def build_of(vehicle: Vehicle) -> Build | None:
    """What stands for a vehicle; None when nothing is known that resembles it."""
    return BUILDS.get(vehicle.category) if vehicle.category else None


def moved_grams(build: Build, vehicle: Vehicle, load_grams: int) -> int:
    """Vehicle, driver and load; a vehicle that does not state its mass has that of its build."""
    return (vehicle.unladen_mass_grams or build.unladen_grams) + DRIVER_GRAMS + load_grams


def watt_hours(
    build: Build, grams: int, celsius: int, segments: Iterable[Segment], seconds: float
) -> float:
    """The physical model: what the battery gives for a way of `seconds`, all in."""
    road = sum(_segment(build, grams, celsius, segment) for segment in segments)
    return road + standing_watts(build, celsius) * seconds / SECONDS_PER_HOUR


def coefficients(build: Build, vehicle: Vehicle, conditions: Conditions) -> Coefficients:
    """The terms of the model on level ground at the cruising speed."""
    speed = conditions.cruising_kilometers_per_hour or build.cruising_kilometers_per_hour
    grams = moved_grams(build, vehicle, conditions.load_grams)
    level = Segment(METERS_PER_KILOMETER, speed)
    return Coefficients(
        round(_segment(build, grams, conditions.celsius, level) * MILLI),
        round(standing_watts(build, conditions.celsius) * MILLI),
        round(_stop(build, grams, speed) * MILLI),
    )


def told(build: Build, conditions: Conditions) -> str:
    """What the model assumes of a vehicle and its way."""
    speed = conditions.cruising_kilometers_per_hour or build.cruising_kilometers_per_hour
    place = f"{conditions.celsius} degrees, level ground"
    return f"modeled as {build.title} at {speed} km/h between stops, {place}"


def standing_watts(build: Build, celsius: int) -> int:
    """What it takes by time: lamps and electronics, heating or cooling of the cab."""
    kelvins = max(MILD_CELSIUS - celsius, celsius - HOT_CELSIUS, 0)
    return build.auxiliary_watts + build.climate_watts_per_kelvin * kelvins


def _segment(build: Build, grams: int, celsius: int, segment: Segment) -> float:
    force = _newtons(build, grams, celsius, segment)
    work = force * segment.meters / JOULES_PER_WATT_HOUR
    driven = work / build.drive_efficiency if work > 0 else work * build.recovery
    return driven + segment.stops * _stop(build, grams, segment.kilometers_per_hour)


def _newtons(build: Build, grams: int, celsius: int, segment: Segment) -> float:
    """What has to be overcome at a steady speed; negative where the slope pushes."""
    slope = atan(segment.slope_permille / PERMILLE)
    weight = grams / GRAMS_PER_KILOGRAM * GRAVITY
    cold = 1 + ROLLING_PER_KELVIN * max(MILD_CELSIUS - celsius, 0)
    air = AIR_AT_FREEZING - AIR_PER_KELVIN * celsius
    speed = segment.kilometers_per_hour / KMH_PER_MS
    drag = air / 2 * build.drag_area * speed * speed
    return weight * (build.rolling * cold * cos(slope) + sin(slope)) + drag


def _stop(build: Build, grams: int, kilometers_per_hour: float) -> float:
    """To stand once and be as fast again: what recovery does not bring back."""
    speed = kilometers_per_hour / KMH_PER_MS
    kinetic = ROTATING / 2 * grams / GRAMS_PER_KILOGRAM * speed * speed
    return kinetic * (1 / build.drive_efficiency - build.recovery) / JOULES_PER_WATT_HOUR
