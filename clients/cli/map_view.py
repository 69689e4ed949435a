"""How a compiled map looks on a terminal. Pure: reports in, renderables out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Report = Mapping[str, Any]


def report(found: Report) -> RenderableType:
    """Everything about one map."""
    return Group(_facts(found), Text(), _networks(found), Text(), *warnings(found))


def listing(found: Sequence[Report]) -> RenderableType:
    """One line for each map."""
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "id"):
        table.add_column(heading, no_wrap=True)
    for heading in ("date", "addresses"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in found:
        table.add_row(
            each["name"],
            each["map_id"],
            _date(each),
            str(each["addresses"]),
        )
    return table


def _facts(found: Report) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for label, value in _rows(found):
        table.add_row(label, value)
    return table


def _rows(found: Report) -> Iterator[tuple[str, str]]:
    yield "map", f"{found['name']}  {found['map_id']}"
    yield "source", f"{_megabytes(found['source_bytes'])}, {_date(found)}; {found['attribution']}"
    box = [found[edge] for edge in ("south", "west", "north", "east")]
    yield "box", "{:.5f},{:.5f} to {:.5f},{:.5f} (south,west to north,east)".format(*box)
    yield "time zone", found["time_zone"]
    yield "streets", f"{found['nodes']} nodes, {found['ways']} ways"
    yield "speed limits", f"{found['ways_with_limit']} ways that vans may use carry one"
    yield "open at hours", f"{found['ways_open_at_hours']} ways; compliance says when"
    left_out = found["restrictions_left_out"]
    yield "turn restrictions", f"{found['restrictions']} read, {left_out} left out"
    yield "addresses", str(found["addresses"])
    yield "chargers", str(found["chargers"])
    cost = f"{found['seconds']:.1f} s, {_megabytes(found['memory_bytes'])} of memory"
    yield "compiled", f"{_megabytes(found['compiled_bytes'])} in {cost}"


def _networks(found: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("network")
    headings = ("km", "roads", "edges", "turns", "restrictions", "parts dropped", "edges dropped")
    for heading in headings:
        table.add_column(heading, justify="right")
    keys = ("kilometers", "roads", "edges", "turns", "restrictions_applied")
    for each in found["networks"]:
        dropped = (str(each["components_dropped"]), str(each["edges_dropped"]))
        table.add_row(each["network"], *(str(each[key]) for key in keys), *dropped)
    return table


def warnings(found: Report) -> Iterator[Text]:
    """What a planner will miss, one line each."""
    for warning in found["warnings"]:
        yield Text(f"note  {warning}", style="yellow")
    if not found["warnings"]:
        yield Text("nothing is missing", style="green")


def _date(found: Report) -> str:
    return found["data_time"][:10] or "undated"


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
