"""A plan as files for other programs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]


def shown_suffixes() -> tuple[str, ...]:
    """How a picture's name may end."""
    return (".png", ".svg", ".pdf")


def written_plan(document: Document) -> Document:
    """An OptimizeRoutesResponse for a problem of our own, else the plan in the file's units."""
    response: Document | None = document.get("response")
    return document if response is None else response


def geojson(document: Document) -> Document:
    """
    A line per route and a point per stop.

    Coordinates are longitude and latitude; of a benchmark on a plane they are the file's x and y.
    """
    features = [feature for route in document["routes"] for feature in _features(route)]
    return {"type": "FeatureCollection", "name": document["name"], "features": features}


def _features(route: Document) -> Iterator[Document]:
    shift = route["shift"]
    line = {"type": "LineString", "coordinates": route["path"]}
    about = {"shift": shift, "cost": route["cost"], "stops": len(route["visits"])}
    yield {"type": "Feature", "geometry": line, "properties": about}
    for rank, visit in enumerate(route["visits"], 1):
        point = {"type": "Point", "coordinates": visit["position"]}
        own = {name: value for name, value in visit.items() if name != "position"}
        yield {
            "type": "Feature",
            "geometry": point,
            "properties": {"shift": shift, "rank": rank} | own,
        }
