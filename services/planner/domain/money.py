"""
Money in millionths of the tenant's currency: whole numbers, rounded half up once per term. Pure.
"""

from __future__ import annotations

SECONDS_PER_HOUR = 3_600
METERS_PER_KILOMETER = 1_000
WATT_HOURS_PER_KILOWATT_HOUR = 1_000


def priced(rate_micros: int, amount: int, unit: int) -> int:
    """What `amount` costs at a rate per `unit`, rounded half up."""
    return (rate_micros * amount + unit // 2) // unit
