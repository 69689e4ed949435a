"""Numbers and moments as people and programs read them. Pure integers until the last digit."""

from __future__ import annotations

from datetime import UTC, datetime

from services.compliance.domain.amounts import rounded

MILLIGRAMS_PER_GRAM = 1_000
GRAMS_PER_KILOGRAM = 1_000


def grouped(value: int, places: int) -> str:
    """A number given in units of its last digit, with `places` of them behind the point."""
    sign, whole = "-" if value < 0 else "", abs(value)
    if not places:
        return f"{sign}{whole:,}"
    before, behind = divmod(whole, 10**places)
    return f"{sign}{before:,}.{behind:0{places}d}"


def scaled(value: int, parts: int, places: int) -> str:
    """`value / parts`, rounded half up to some places."""
    return grouped(rounded(value * 10**places, parts), places)


def kilograms(milligrams: int) -> str:
    """Kilograms to the gram."""
    return scaled(milligrams, MILLIGRAMS_PER_GRAM * GRAMS_PER_KILOGRAM, 3)


def percent(permille: int) -> str:
    """A share, to a tenth of a percent."""
    return f"{grouped(permille, 1)} %"


def plain(value: int, parts: int, places: int) -> str:
    """`value / parts` as a decimal number for programs: no separators, no needless zeros."""
    text = scaled(value, parts, places).replace(",", "")
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(at: datetime) -> str:
    """A moment in UTC, for people."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def stamp(at: datetime) -> str:
    """A moment in UTC, as ISO 8601 has it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
