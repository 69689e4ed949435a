"""
Compiles the contracts that meshkit's own tests serve: when the tests start, like those of the
services, and never committed.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import google.rpc
from grpc_tools import protoc  # type: ignore[import-untyped]

CONTRACT = Path(__file__).with_name("contract")
PROTOS = CONTRACT.parents[2] / "protos"


@cache
def compiled(name: str) -> tuple[Any, Any]:
    """The messages and the stubs of one file of `tests/contract`."""
    with tempfile.TemporaryDirectory(prefix="doorstep-meshtest-") as folder:
        _compile(name, folder)
        sys.path.insert(0, folder)
        module = name.removesuffix(".proto").replace("/", ".")
        messages = importlib.import_module(f"{module}_pb2")
        stubs = importlib.import_module(f"{module}_pb2_grpc")
        sys.path.remove(folder)
    return messages, stubs


def _compile(name: str, folder: str) -> None:
    google_protos = Path(next(iter(google.rpc.__path__))).parents[1]
    includes = (CONTRACT, PROTOS, files("grpc_tools") / "_proto", google_protos)
    status = protoc.main(
        [
            "protoc",
            *(f"-I{include}" for include in includes),
            f"--python_out={folder}",
            f"--grpc_python_out={folder}",
            name,
        ]
    )
    if status:
        raise RuntimeError(f"protoc refused {name}")
