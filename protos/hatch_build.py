"""Compiles the contracts when the wheel is built, so no generated file is ever committed."""

from __future__ import annotations

import os
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import google.rpc.status_pb2 as installed_google_protos
from grpc_tools import protoc
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# protoc's own Python, gRPC's stubs, and mypy-protobuf's types for both.
PLUGINS = ("python", "grpc_python", "mypy", "mypy_grpc")

# A servicer may leave rpcs out, meshkit answers RPC_PENDING for them: no method is abstract.
MYPY_GRPC_OPTION = "--mypy_grpc_opt=generate_concrete_servicer_stubs"

# What a gateway must know to turn a google.rpc.Status into JSON.
STATUS_PROTOS = ("google/rpc/error_details.proto", "google/rpc/status.proto")


class ProtocHook(BuildHookInterface[Any]):
    """Leaves stubs, types and `contracts.binpb` (descriptors with comments) under `gen/`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        fresh = root / f"gen.fresh-{os.getpid()}"  # two builds at once must not mix
        compile_contracts(root, fresh)
        shutil.rmtree(root / "gen", ignore_errors=True)
        fresh.rename(root / "gen")


def compile_contracts(root: Path, out: Path) -> None:
    (out / "doorstep").mkdir(parents=True)
    contracts = sorted(
        path.relative_to(root).as_posix()
        for package in ("doorstep", "buf")
        for path in (root / package).rglob("*.proto")
    )
    status = protoc.main(
        [
            "protoc",
            f"-I{root}",
            f"-I{files('grpc_tools') / '_proto'}",
            f"-I{Path(installed_google_protos.__file__).parents[2]}",
            *(f"--{plugin}_out={out}" for plugin in PLUGINS),
            MYPY_GRPC_OPTION,
            f"--descriptor_set_out={out / 'doorstep' / 'contracts.binpb'}",
            "--include_imports",
            "--include_source_info",
            *contracts,
            *STATUS_PROTOS,
        ]
    )
    if status:
        raise RuntimeError("protoc refused a contract; its message above names file and line")
    shutil.rmtree(out / "google", ignore_errors=True)
    for package in ("doorstep", "buf"):
        (out / package / "py.typed").touch()
