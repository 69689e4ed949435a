"""Metrics as values: what is measured, what it is split by, and one number. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DEFINITION_VERSION = 1  # of all definitions; they stand in the contract's comments


class Metric(StrEnum):
    """What can be measured."""

    DELIVERED = "DELIVERED"
    FAILED_ATTEMPTS = "FAILED_ATTEMPTS"
    ON_TIME_PROMISE = "ON_TIME_PROMISE"
    ON_TIME_ETA = "ON_TIME_ETA"
    FIRST_ATTEMPT_SUCCESS = "FIRST_ATTEMPT_SUCCESS"
    COST_PER_DROP = "COST_PER_DROP"
    CO2E_PER_DROP = "CO2E_PER_DROP"
    CO2E_PER_GRAM = "CO2E_PER_GRAM"
    WINDOW_ACCURACY = "WINDOW_ACCURACY"
    CALIBRATION_P90 = "CALIBRATION_P90"
    EMPTY_DISTANCE = "EMPTY_DISTANCE"
    DISTANCE = "DISTANCE"
    DISTANCE_ADHERENCE = "DISTANCE_ADHERENCE"
    SEQUENCE_ADHERENCE = "SEQUENCE_ADHERENCE"
    TIME_ADHERENCE = "TIME_ADHERENCE"
    DWELL = "DWELL"
    REATTEMPTS = "REATTEMPTS"
    INCIDENTS = "INCIDENTS"
    IDLING = "IDLING"
    RECOMMENDATION = "RECOMMENDATION"
    COLLECTED_AMOUNT = "COLLECTED_AMOUNT"
    CLIMBED_FLOORS = "CLIMBED_FLOORS"
    CONTACTS = "CONTACTS"
    PROOF_CLEAR = "PROOF_CLEAR"
    COURTESY = "COURTESY"
    TIME_KEPT = "TIME_KEPT"
    SLOT_FAILURES = "SLOT_FAILURES"
    EFFORT = "EFFORT"
    COST_TIME = "COST_TIME"
    COST_DISTANCE = "COST_DISTANCE"
    COST_FIXED = "COST_FIXED"
    COST_ENERGY = "COST_ENERGY"
    COST_TOLL = "COST_TOLL"
    COST_ZONE_CHARGE = "COST_ZONE_CHARGE"
    COST_PARTNER_FEE = "COST_PARTNER_FEE"
    COST_REATTEMPT = "COST_REATTEMPT"
    ATTEMPTS = "ATTEMPTS"
    STOPS = "STOPS"


class Dimension(StrEnum):
    """What a metric can be split by."""

    ROUTE = "ROUTE"
    DRIVER = "DRIVER"
    VEHICLE = "VEHICLE"
    CARRIER = "CARRIER"
    DEPOT = "DEPOT"
    HOUR = "HOUR"
    DAY = "DAY"
    FAILURE_REASON = "FAILURE_REASON"
    PROMISE_WINDOW = "PROMISE_WINDOW"
    SERVICE_LEVEL = "SERVICE_LEVEL"
    TERRITORY = "TERRITORY"
    VEHICLE_KIND = "VEHICLE_KIND"
    INCIDENT_TYPE = "INCIDENT_TYPE"
    ATTEMPT_NUMBER = "ATTEMPT_NUMBER"
    ZONE = "ZONE"
    REGION = "REGION"
    FLEET = "FLEET"
    SEGMENT = "SEGMENT"
    PLACE = "PLACE"


OF_CREW = frozenset(
    {
        Dimension.ROUTE,
        Dimension.DRIVER,
        Dimension.VEHICLE,
        Dimension.VEHICLE_KIND,
        Dimension.CARRIER,
        Dimension.FLEET,
        Dimension.DEPOT,
        Dimension.HOUR,
        Dimension.DAY,
    }
)
OF_PLACE = OF_CREW | {Dimension.ZONE}
OF_DELIVERY = OF_PLACE | {
    Dimension.TERRITORY,
    Dimension.REGION,
    Dimension.SERVICE_LEVEL,
    Dimension.SEGMENT,
    Dimension.PROMISE_WINDOW,
    Dimension.PLACE,
}
OF_ATTEMPT = OF_DELIVERY | {Dimension.ATTEMPT_NUMBER, Dimension.FAILURE_REASON}
LESS = {  # metrics that have less to be split by than attempts have
    Metric.ON_TIME_ETA: OF_DELIVERY,
    Metric.WINDOW_ACCURACY: OF_DELIVERY,
    Metric.CALIBRATION_P90: OF_DELIVERY,
    Metric.SEQUENCE_ADHERENCE: OF_DELIVERY,
    Metric.TIME_ADHERENCE: OF_DELIVERY,
    Metric.DWELL: OF_DELIVERY,
    Metric.STOPS: OF_DELIVERY,
    Metric.COLLECTED_AMOUNT: OF_DELIVERY,
    Metric.CONTACTS: OF_DELIVERY,
    Metric.DISTANCE: OF_PLACE,
    Metric.EMPTY_DISTANCE: OF_PLACE,
    Metric.DISTANCE_ADHERENCE: OF_PLACE,
    Metric.IDLING: OF_PLACE,
    Metric.INCIDENTS: OF_PLACE | {Dimension.INCIDENT_TYPE},
}


def dimensions_of(metric: Metric) -> frozenset[Dimension]:
    """What a metric can be split by."""
    return LESS.get(metric, OF_ATTEMPT)


class Granularity(StrEnum):
    """How fine time is cut."""

    TOTAL = "TOTAL"
    HOUR = "HOUR"
    DAY = "DAY"


@dataclass(frozen=True, slots=True)
class Sample:
    """What one event adds to one metric."""

    metric: Metric
    numerator: int = 0
    denominator: int = 0


@dataclass(frozen=True, slots=True)
class Number:
    """One metric of one group."""

    metric: Metric
    slice_start: datetime | None  # None: the whole interval
    group: tuple[str, ...]  # values of the dimensions asked for
    numerator: int
    denominator: int
