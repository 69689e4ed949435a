"""
`doorstep plan`: plan a file on this machine, or plan once more what a planner has planned.

`solve` starts the planner's own command as a process and shows what it says, as `doorstep map`
does: no service has to run. `replay` asks a running planner over the contract. See README.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any

import typer
from rich.console import Console

from clients.cli import plan_view
from clients.cli.plan_files import geojson, shown_suffixes, written_plan
from clients.cli.plan_picture import draw
from clients.cli.plan_replay import PORT_BASE, CannotReplay, Door, replayed

SOLVER = "services.planner.offline"
ROOT = Path(__file__).resolve().parents[2]  # where the project's packages are found

app = typer.Typer(no_args_is_help=True, help="Plan routes from a file; repeat a plan by its id.")
out = Console()
errors = Console(stderr=True, soft_wrap=True)

Event = dict[str, Any]
State = Annotated[
    Path,
    typer.Option(envvar="DOORSTEP_STATE", help="Folder that holds the state of the local mesh."),
]
DEFAULT_STATE = Path(".doorstep")
PORT_DEFAULT = "8400"


@app.command("solve")
def solve_file(
    file: Annotated[
        Path,
        typer.Argument(
            help="A problem: OptimizeRoutesRequest in JSON, Solomon, VRPLIB, Li and Lim, or Loggi."
        ),
    ],
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="How long to search; the file's, else 10 or 20.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=1, help="Same seed and same seconds, same routes.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--out", help="Write the plan here, as JSON.")
    ] = None,
    lines: Annotated[
        Path | None, typer.Option("--geojson", help="Write routes and stops here, as GeoJSON.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the routes here: .png, .svg or .pdf.")
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option(
            "--map", help="OpenStreetMap extract for JSON problems; Helsinki if left out."
        ),
    ] = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Plan FILE on this machine and show how the plan gets better."""
    if plot is not None and plot.suffix not in shown_suffixes():
        errors.print(f"{plot}: a picture ends in {', '.join(shown_suffixes())}", markup=False)
        raise typer.Exit(code=2)
    _refuse_unwritable(plan, lines, plot)
    arguments = [str(file.absolute()), "--state", str(state.absolute())]
    arguments += ["--seconds", str(seconds)] if seconds is not None else []
    arguments += ["--seed", str(seed)] if seed is not None else []
    arguments += ["--map", str(map_file.absolute())] if map_file is not None else []
    document = _watched(arguments)
    out.print(plan_view.summary(document))
    _write(plan, json.dumps(written_plan(document), indent=1))
    _write(lines, json.dumps(geojson(document)))
    if plot is not None:
        draw(document, plot)
        out.print(f"written: {plot}")
    if not document["verified"]:
        errors.print("the plan breaks a rule; do not use it, and report the file")
        raise typer.Exit(code=1)


@app.command("replay")
def replay_plan(
    optimization_id: Annotated[
        str, typer.Argument(metavar="ID", help="`optimization_id` of a plan, such as opt_...")
    ],
    address: Annotated[
        str,
        typer.Option(
            envvar="DOORSTEP_ADDRESS",
            help="host:port of the gateway; else this machine's, at DOORSTEP_PORT_BASE or 8400.",
        ),
    ] = "",
    token: Annotated[
        str, typer.Option(envvar="DOORSTEP_TOKEN", help="An access token; else id and secret.")
    ] = "",
    client_id: Annotated[
        str, typer.Option(envvar="DOORSTEP_CLIENT_ID", help="Logs in as this client.")
    ] = "",
    client_secret: Annotated[
        str, typer.Option(envvar="DOORSTEP_CLIENT_SECRET", help="The client's secret.")
    ] = "",
    plan: Annotated[
        Path | None, typer.Option("--out", help="Write the plan here, as JSON.")
    ] = None,
) -> None:
    """Plan ID once more from its stored request, and compare the routes."""
    if not (token or (client_id and client_secret)):
        errors.print("who asks? set DOORSTEP_TOKEN, or DOORSTEP_CLIENT_ID and its secret")
        raise typer.Exit(code=2)
    _refuse_unwritable(plan)
    port = os.environ.get(PORT_BASE) or PORT_DEFAULT
    door = Door(address or f"127.0.0.1:{port}", token, client_id, client_secret)
    try:
        with errors.status(f"planning {optimization_id} once more ..."):
            answer = asyncio.run(replayed(door, optimization_id))
    except CannotReplay as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(code=1) from None
    out.print(plan_view.replay(answer))
    _write(plan, json.dumps(answer["plan"], indent=1))
    if not answer["routes_equal"]:
        raise typer.Exit(code=1)


def _refuse_unwritable(*paths: Path | None) -> None:
    """Before a search, whose result would be lost: all files that could not be written after it."""
    wrong = [path for path in paths if path is not None and not _is_writable(path)]
    for path in wrong:
        errors.print(f"{path}: cannot be written; is its folder there?", markup=False)
    if wrong:
        raise typer.Exit(code=2)


def _is_writable(path: Path) -> bool:
    """Whether a file may be made or overwritten there."""
    if path.exists():
        return path.is_file() and os.access(path, os.W_OK)
    return path.parent.is_dir() and os.access(path.parent, os.W_OK)


def _watched(arguments: Sequence[str]) -> Event:
    """The solver's last word; what it says before is shown."""
    document: Event | None = None
    command = [sys.executable, "-m", SOLVER, *arguments]
    with (
        TemporaryFile("w+") as said,
        subprocess.Popen(  # noqa: S603 - our own module, by this very Python, without a shell
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        for event in _events(process):
            if event["event"] == "done":
                document = event["document"]
            else:
                out.print(plan_view.event(event))
        process.wait()
        said.seek(0)
        if process.returncode or document is None:
            errors.print(said.read().strip() or "the planner was stopped", markup=False)
            raise typer.Exit(code=1)
    return document


def _events(process: subprocess.Popen[str]) -> Iterator[Event]:
    """What the solver says, line by line."""
    for line in process.stdout or ():
        yield json.loads(line)


def _write(path: Path | None, text: str) -> None:
    """Writes a file, if one is asked for, and says so."""
    if path is not None:
        path.write_text(text + "\n", encoding="utf-8")
        out.print(f"written: {path}")
