"""Machine code that all meshes of a test run share: to compile it for each takes a minute."""

from __future__ import annotations

from tests.run import ROOT

KERNELS: dict[str, object] = {"kernels_folder": ROOT / ".doorstep" / "numba"}
