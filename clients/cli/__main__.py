"""The `doorstep` command: `python -m clients.cli`, or `doorstep` where it is installed."""

from __future__ import annotations

import typer

from clients.cli import maps, plan

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Doorstep from the command line."
)
app.add_typer(maps.app, name="map")
app.add_typer(plan.app, name="plan")


@app.callback()
def doorstep() -> None:
    """Doorstep from the command line."""


def main() -> None:
    """What the console script calls."""
    app()


if __name__ == "__main__":
    main()
