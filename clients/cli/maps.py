"""
`doorstep map`: prepare a city for the planner, and see what is prepared.

A map is a file on the planner's machine, so this part alone works without a service: it starts the
planner's own compiler as a process and shows what that says. See README.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from clients.cli import map_view

COMPILER = "services.planner.adapters.roads"
ROOT = Path(__file__).resolve().parents[2]  # where the project's packages are found

app = typer.Typer(no_args_is_help=True, help="Cities to deliver in, from OpenStreetMap.")
out = Console()
errors = Console(stderr=True, soft_wrap=True)

State = Annotated[
    Path,
    typer.Option(envvar="DOORSTEP_STATE", help="Folder that holds the state of the local mesh."),
]
DEFAULT_STATE = Path(".doorstep")


@app.command("import")
def import_map(
    file: Annotated[Path, typer.Argument(help="OpenStreetMap extract, such as city.osm.pbf.")],
    state: State = DEFAULT_STATE,
) -> None:
    """Compile FILE for the planner, and say what is in it and what is missing."""
    with errors.status(f"compiling {file} ..."):
        report = _asked(["import", str(file.absolute()), str(maps_folder(state))])
    out.print(map_view.report(report))
    out.print(f"Play a day there: make run MAP={file}")


@app.command("list")
def list_maps(state: State = DEFAULT_STATE) -> None:
    """List the cities that are compiled."""
    found = _asked(["list", str(maps_folder(state))])
    if not found:
        out.print("No map is compiled yet. Compile one: doorstep map import FILE.osm.pbf")
        return
    out.print(map_view.listing(found))


@app.command("show")
def show_map(
    name: Annotated[str, typer.Argument(help="Name or id, as `doorstep map list` prints it.")],
    state: State = DEFAULT_STATE,
) -> None:
    """Show what is in a compiled city and what is missing."""
    out.print(map_view.report(_asked(["show", name, str(maps_folder(state))])))


def maps_folder(state: Path) -> Path:
    """Where the planner looks for compiled maps."""
    return (state / "maps").absolute()


def _asked(arguments: Sequence[str]) -> Any:
    """What the compiler answers; ends the command with its own words where it cannot."""
    done = subprocess.run(  # noqa: S603 - our own module, by this very Python, without a shell
        [sys.executable, "-m", COMPILER, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        errors.print(done.stderr.strip() or "the map compiler was stopped", markup=False)
        raise typer.Exit(code=1)
    return json.loads(done.stdout)
