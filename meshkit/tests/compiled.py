"""
Compiles the contracts that meshkit's own tests serve: when the tests start, like those of the
services, and never committed.

In a process of its own: the compiler and OR-Tools each carry a protobuf, and whoever imports both
is aborted.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import google.rpc

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
    includes = (CONTRACT, PROTOS, _compiler() / "_proto", google_protos)
    outputs = (f"--python_out={folder}", f"--grpc_python_out={folder}")
    paths = (f"-I{include}" for include in includes)
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *paths, *outputs, name], check=True)


def _compiler() -> Path:
    spec = find_spec("grpc_tools")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("grpc_tools is not installed: make env")
    return Path(spec.origin).parent
