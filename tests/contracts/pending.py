"""
The rpcs that the contract has and no servicer fills in yet, as docs/roadmap.md lists them.

`python -m tests.contracts.pending` rewrites the list in the page; a test holds it equal.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator

from tests.contracts.descriptors import PACKAGES, rpcs
from tests.run import ROOT

PAGE = ROOT / "docs" / "roadmap.md"
BEGIN, END = "<!-- pending rpcs: begin -->", "<!-- pending rpcs: end -->"


def pending() -> dict[str, list[str]]:
    """Per service of the contract, the rpcs that answer UNIMPLEMENTED."""
    done = {name for package in PACKAGES for name in implemented(package)}
    left: dict[str, list[str]] = {}
    for rpc in rpcs():
        if rpc.name not in done:
            service, method = rpc.name.split(".")
            left.setdefault(service, []).append(method)
    return left


def implemented(package: str) -> Iterator[str]:
    for servicer in servicers(package):
        base = next(c for c in servicer.__mro__ if c.__module__.startswith("doorstep."))
        service = base.__name__.removesuffix("Servicer")
        for name, method in inspect.getmembers(servicer, inspect.isfunction):
            if name[0].isupper() and method is not getattr(base, name, None):
                yield f"{service}.{name}"


def servicers(package: str) -> Iterator[type]:
    """Every class in the service's servicer modules that extends a generated servicer."""
    for module in modules(f"services.{package}.servicer"):
        for _, kind in inspect.getmembers(importlib.import_module(module), inspect.isclass):
            generated = any(c.__module__.startswith("doorstep.") for c in kind.__mro__)
            if generated and kind.__module__.startswith("services."):
                yield kind


def modules(root: str) -> Iterator[str]:
    yield root
    found = importlib.import_module(root)
    for module in pkgutil.iter_modules(getattr(found, "__path__", [])):
        yield f"{root}.{module.name}"


def listing() -> str:
    lines = [
        f"- **{service}**: {', '.join(methods)}\n" for service, methods in sorted(pending().items())
    ]
    return "".join(lines)


def between(text: str) -> str:
    """What the page says now."""
    return text.partition(f"{BEGIN}\n")[2].partition(END)[0]


def main() -> int:
    text = PAGE.read_text()
    PAGE.write_text(text.replace(between(text), listing()) if between(text) else filled(text))
    return 0


def filled(text: str) -> str:
    return text.replace(f"{BEGIN}\n", f"{BEGIN}\n{listing()}")


if __name__ == "__main__":
    sys.exit(main())
