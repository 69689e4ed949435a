"""
Writes docs/errors.md from the contracts: every reason, what it means, and its cure.

`python -m tests.contracts.errors_page` rewrites the page; a test holds it equal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from meshkit.reasons import MESH_REASONS
from tests.contracts.descriptors import PACKAGES, reasons
from tests.run import ROOT

PAGE = ROOT / "docs" / "errors.md"
HEAD = """# Errors

Every error is a `google.rpc.Status` with an `ErrorInfo{reason, domain, metadata}`; bad requests add
`BadRequest.field_violations` for all faults at once, and what may be retried a `RetryInfo`. The
domain is `<service>.doorstep`, or `mesh.doorstep` for what every service raises alike. Where there
is a cure, `metadata.action` says it.

In a planning problem, fields that break the contract are told together with what contradicts
itself. Other fields of a request are checked first, and routes, windows and task ids beside a
problem once the problem can be read: each time all of them.

Generated from the contracts by `python -m tests.contracts.errors_page`; do not edit.
"""


def page() -> str:
    services = (line for package in PACKAGES for line in section(package))
    return HEAD + "".join((*mesh_section(), *services))


def mesh_section() -> Iterator[str]:
    yield heading("mesh")
    for name, about in sorted(MESH_REASONS.items()):
        yield row(name, about.meaning, about.action)


def section(package: str) -> Iterator[str]:
    yield heading(package)
    for name, comment in sorted(reasons()[package].items()):
        meaning, _, action = comment.partition("Action:")
        yield row(name, meaning, action)


def heading(domain: str) -> str:
    return f"\n## {domain}.doorstep\n\n| reason | meaning | action |\n|---|---|---|\n"


def row(name: str, meaning: str, action: str) -> str:
    return f"| `{name}` | {cell(meaning)} | {cell(action)} |\n"


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
