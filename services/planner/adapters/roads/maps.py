"""
Compiled maps on disk: one folder for each, named by its id, whole or not there at all.

A folder holds one `.npz` for each network and `report.json`, which is written last and moved into
place with the folder. The archives carry checksums, which numpy checks as it reads them.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from tempfile import mkdtemp

import cattrs
import numpy as np
from timezonefinder import TimezoneFinder

from services.planner.adapters.roads import graph as graphs
from services.planner.adapters.roads import reader, streets
from services.planner.adapters.roads.bad_map import BadMap
from services.planner.adapters.roads.graph import Built, Graph
from services.planner.adapters.roads.hierarchy import Hierarchy, contract
from services.planner.adapters.roads.networks import NETWORKS
from services.planner.adapters.roads.report import MapReport, box, report
from services.planner.adapters.roads.version import map_id, rules_digest

REPORT_FILE = "report.json"
# The packed keys hold 74 h: what a walker takes for this, with the usual detours.
DIAGONAL_KILOMETERS_MAX = 250
IMPORT_SECONDS_MAX = 24 * 3600  # an import that began longer ago is dead


@dataclass(frozen=True, slots=True)
class CompiledNetwork:
    """One network, ready for metrics; None where the map has no road for it."""

    graph: Graph
    hierarchy: Hierarchy


@dataclass(frozen=True, slots=True)
class CompiledMap:
    """A map, ready for questions."""

    report: MapReport
    networks: Mapping[str, CompiledNetwork]
    """By name; networks without a road are missing."""


def compiled(path: Path, folder: Path) -> CompiledMap:
    """The compiled map of an extract: from the folder, or compiled into it first."""
    if not path.is_file():
        raise BadMap(f"{path} is no file. Name an OpenStreetMap extract such as city.osm.pbf")
    found = folder / map_id(path)
    if not (found / REPORT_FILE).is_file():
        compile_map(path, folder)
    return load(found)


def compile_map(path: Path, folder: Path) -> MapReport:
    """Compiles an extract into the folder, or raises BadMap with what to do."""
    started = time.monotonic()
    extract = reader.read(path)
    flat = streets.flatten(extract)
    _refuse_too_wide(path, box(flat))
    built = [graphs.build(flat, network) for network in NETWORKS]
    if not any(len(each.graph.edge_road) for each in built):
        raise BadMap(f"{path} holds no two roads that connect. Take a larger extract")
    made = report(
        extract,
        flat,
        built,
        map_id=map_id(path),
        rules=rules_digest(),
        name=path.name.removesuffix(".pbf").removesuffix(".osm"),
        source_bytes=path.stat().st_size,
        time_zone=_time_zone(box(flat)),
    )
    return _store(folder, built, made, started)


def load(folder: Path) -> CompiledMap:
    """The compiled map in its folder."""
    found = load_report(folder)
    names = [each.network for each in found.networks if each.edges]
    return CompiledMap(found, {name: _load_network(folder / f"{name}.npz") for name in names})


def load_report(folder: Path) -> MapReport:
    """The report on a compiled map."""
    return cattrs.structure(json.loads((folder / REPORT_FILE).read_text()), MapReport)


def reports(folder: Path) -> Iterator[MapReport]:
    """Reports on all compiled maps that this code would use, by name and id."""
    own = [each for each in folder.glob("map_*") if _rules_of(each) == rules_digest()]
    yield from sorted(map(load_report, own), key=lambda each: (each.name, each.map_id))


def forget_stale(folder: Path) -> None:
    """Removes what this code would never use: maps by other rules, and what killed imports left."""
    for each in folder.glob("map_*"):
        if _rules_of(each) != rules_digest():
            shutil.rmtree(each, ignore_errors=True)
    for each in folder.glob("partial-*"):
        if time.time() - each.stat().st_mtime > IMPORT_SECONDS_MAX:
            shutil.rmtree(each, ignore_errors=True)


def _rules_of(compiled_folder: Path) -> str:
    """Digest of what compiled a map; empty where its report is missing or broken."""
    try:
        found = json.loads((compiled_folder / REPORT_FILE).read_text())
    except (OSError, ValueError):
        return ""
    return str(found.get("rules", ""))


def _refuse_too_wide(path: Path, edges: tuple[float, float, float, float]) -> None:
    south, west, north, east = edges
    kilometers = float(streets.great_circle_meters(south, west, north, east)) / 1000
    if kilometers > DIAGONAL_KILOMETERS_MAX:
        raise BadMap(
            f"{path} is {kilometers:.0f} km across, at most {DIAGONAL_KILOMETERS_MAX} km is "
            "supported. Cut it to the region you deliver in"
        )


def _time_zone(edges: tuple[float, float, float, float]) -> str:
    south, west, north, east = edges
    zone = TimezoneFinder().timezone_at(lat=(south + north) / 2, lng=(west + east) / 2)
    return zone or "UTC"


def _store(folder: Path, built: list[Built], made: MapReport, started: float) -> MapReport:
    folder.mkdir(parents=True, exist_ok=True)
    partial = Path(mkdtemp(prefix="partial-", dir=folder))
    try:
        for network, each in zip(NETWORKS, built, strict=True):
            if len(each.graph.edge_road):
                _store_network(partial / f"{network.name}.npz", each.graph)
        whole = replace(
            made,
            compiled_bytes=sum(path.stat().st_size for path in partial.iterdir()),
            memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            seconds=round(time.monotonic() - started, 3),
        )
        (partial / REPORT_FILE).write_text(json.dumps(asdict(whole), indent=1))
        _move(partial, folder / made.map_id)
        forget_stale(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return whole


def _move(partial: Path, final: Path) -> None:
    """Puts the folder in place; one that is there already is the same map, and is replaced."""
    if final.exists():
        os.replace(final, partial / "replaced")
    os.rename(partial, final)
    shutil.rmtree(final / "replaced", ignore_errors=True)


def _store_network(archive: Path, graph: Graph) -> None:
    hierarchy = contract(graph)
    arrays = {f"graph.{each.name}": getattr(graph, each.name) for each in fields(Graph)}
    arrays |= {f"order.{each.name}": getattr(hierarchy, each.name) for each in fields(Hierarchy)}
    np.savez(archive, allow_pickle=False, **arrays)


def _load_network(archive: Path) -> CompiledNetwork:
    try:
        with archive.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return CompiledNetwork(
                Graph(**{each.name: arrays[f"graph.{each.name}"] for each in fields(Graph)}),
                Hierarchy(
                    **{each.name: arrays[f"order.{each.name}"] for each in fields(Hierarchy)}
                ),
            )
    except (zipfile.BadZipFile, FileNotFoundError, KeyError, ValueError) as error:
        raise BadMap(
            f"the compiled map {archive.parent} is damaged ({error}). Delete that folder: "
            "it will be compiled again"
        ) from error
