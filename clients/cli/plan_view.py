"""How plans look on a terminal. Pure: what the planner says in, renderables out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Document = Mapping[str, Any]
UNSERVED_SHOWN = 10


def event(said: Document) -> Text:
    """One line of progress."""
    if said["event"] == "read":
        best = f", best known {said['best_known']}" if said["best_known"] else ""
        return Text(
            f"{said['name']} ({said['class']}): {said['tasks']} tasks, {said['shifts']} shifts, "
            f"{said['seconds']:g} s, seed {said['seed']}{best}"
        )
    gap = "" if said["gap"] is None else f"  {said['gap']:+.2f} % over best known"
    unserved = f"  {said['unserved']} unserved" if said["unserved"] else ""
    return Text(
        f"{said['seconds']:>7.1f} s  cost {said['figure']}  {said['routes']} routes{unserved}{gap}",
        style="bold" if said["is_final"] else "",
    )


def summary(document: Document) -> RenderableType:
    """The plan in the end."""
    return Group(_routes(document), *_left(document), _verdict(document))


def _routes(document: Document) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("shift", no_wrap=True)
    for heading in ("stops", "start", "end", "cost"):
        table.add_column(heading, justify="right")
    table.add_column("first tasks", overflow="ellipsis", no_wrap=True)
    for route in document["routes"]:
        names = [visit.get("task") or f"({visit['reload']})" for visit in route["visits"]]
        moments = (_moment(document, route["start"]), _moment(document, route["end"]))
        figures = (str(len(names)), *moments, route["figure"])
        table.add_row(route["shift"], *figures, " ".join(names))
    return table


def _moment(document: Document, second: int) -> str:
    """A time of day, UTC; in benchmarks time counts from zero."""
    if document["class"] != "request":
        return str(second)
    return datetime.fromtimestamp(second, UTC).strftime("%H:%MZ")


def _left(document: Document) -> Iterator[Text]:
    left = document["unserved"]
    for one in left[:UNSERVED_SHOWN]:
        reasons = ", ".join(why["reason"] for why in one["reasons"]) or "its penalty is cheaper"
        yield Text(f"unserved  {one['task']}: {reasons}", style="yellow")
    if len(left) > UNSERVED_SHOWN:
        yield Text(f"unserved  {len(left) - UNSERVED_SHOWN} more", style="yellow")


def _verdict(document: Document) -> Text:
    gap = document["gap"]
    over = "" if gap is None else f", {gap:+.2f} % over best known {document['best_known']}"
    if document["verified"]:
        return Text(f"verified, cost {document['figure']}{over}", style="green")
    return Text(f"NOT VERIFIED, cost {document['figure']}{over}", style="red")


def replay(answer: Document) -> RenderableType:
    """Whether a plan came out as before, and what differs where it did not."""
    before, now = answer.get("first_record", {}), answer["plan"].get("record", {})
    if answer["routes_equal"]:
        cost, routes = answer["plan"].get("cost_micros", "0"), answer["plan"].get("routes", [])
        return Text(f"the same {len(routes)} routes, cost {cost}", style="green")
    lines = [Text("the routes differ", style="red")]
    lines += [Text(f"{name}: {was} then, {is_} now") for name, was, is_ in _changed(before, now)]
    return Group(*lines)


def _changed(before: Document, now: Document) -> Iterator[tuple[str, Any, Any]]:
    """What the two records say differently, how long they took aside."""
    for name in sorted(before.keys() | now.keys()):
        if name != "solve_duration" and before.get(name) != now.get(name):
            yield name, before.get(name, "-"), now.get(name, "-")
