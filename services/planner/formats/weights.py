"""Ways that a VRPLIB file lists one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from services.planner.formats.lines import Line


def explicit_weights(
    sections: Mapping[str, Sequence[Line]], end: Line, layout: str, size: int
) -> NDArray[np.float64]:
    """The whole matrix; halves are mirrored."""
    lines = sections.get("EDGE_WEIGHT")
    if not lines:
        raise end.fault("EDGE_WEIGHT_SECTION is missing")
    values = np.array([value for line in lines for value in line.numbers()])
    if layout == "FULL_MATRIX":
        return of_length(values, size * size, lines[-1]).reshape(size, size)
    halves = {
        "LOWER_ROW": np.tril_indices(size, -1),
        "UPPER_ROW": np.triu_indices(size, 1),
        "LOWER_DIAG_ROW": np.tril_indices(size),
        "UPPER_DIAG_ROW": np.triu_indices(size),
    }
    if layout not in halves:
        names = ", ".join(["FULL_MATRIX", *halves])
        raise end.fault(f"EDGE_WEIGHT_FORMAT {layout} is not understood; use {names}")
    rows, columns = halves[layout]
    matrix = np.zeros((size, size))
    matrix[rows, columns] = of_length(values, len(rows), lines[-1])
    matrix[columns, rows] = matrix[rows, columns]
    return matrix


def of_length(values: NDArray[np.float64], count: int, last: Line) -> NDArray[np.float64]:
    """As many values as the size asks for."""
    if len(values) != count:
        raise last.fault(f"EDGE_WEIGHT_SECTION has {len(values)} values, {count} are expected")
    return values
