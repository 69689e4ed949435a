"""
The manifests as data: rendered by kubectl where there is one, and read file by file everywhere.

Both forms go through the same checks; rendering also proves that the overlays fit together.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.k8s.generate import (
    HERE,
    cluster_gateway,
    write_city,
    write_gateway,
    write_laptop_secrets,
)

Yaml = dict[str, Any]
OVERLAYS = ("laptop", "cluster")
KUSTOMIZE_SECONDS_MAX = 60
KUSTOMIZE_KINDS = ("Kustomization", "Component")
MINOR_MIN = 27  # older ones know no components, or read them differently
NOT_RUN = f"not run: kubectl 1.{MINOR_MIN} or later is not installed"


@dataclass(frozen=True)
class Manifests:
    """Some documents, and how to find one."""

    name: str
    documents: tuple[Yaml, ...]

    def of(self, *kinds: str) -> list[Yaml]:
        """All of these kinds."""
        return [each for each in self.documents if each["kind"] in kinds]

    def find(self, kind: str, name: str) -> Yaml:
        """The one of that kind and name; generated names may end in a hash."""
        found = [each for each in self.of(kind) if bare_name(each) == name]
        assert len(found) == 1, f"{self.name}: {len(found)} of {kind} {name}"
        return found[0]

    @cached_property
    def pods(self) -> dict[str, Yaml]:
        """The pod specs of everything that runs, by kind and name."""
        return {
            f"{each['kind']}/{each['metadata']['name']}": each["spec"]["template"]["spec"]
            for each in self.of("Deployment", "StatefulSet", "Job")
        }


def bare_name(document: Yaml) -> str:
    name = str(document["metadata"]["name"])
    stem, _, suffix = name.rpartition("-")
    is_hash = len(suffix) == 10 and document["kind"] in ("ConfigMap", "Secret")
    return stem if is_hash else name


def copied(folder: Path) -> Path:
    """The manifests with their generated parts, in a folder of the test: git's stay untouched."""
    root = folder / "k8s"
    ignored = shutil.ignore_patterns("generated", "__pycache__", "*.py")
    shutil.copytree(HERE, root, ignore=ignored)
    write_gateway(root, cluster_gateway())
    write_city(root)
    write_laptop_secrets(root)
    return root


def rendered(root: Path, overlay: str) -> Manifests:
    """What `kubectl kustomize` makes of an overlay."""
    kubectl = shutil.which("kubectl")
    if kubectl is None or minor_version(kubectl) < MINOR_MIN:
        pytest.skip(NOT_RUN)
    done = said(kubectl, "kustomize", str(root / "overlays" / overlay))
    assert done.returncode == 0, done.stderr
    return Manifests(overlay, tuple(documents(done.stdout)))


def minor_version(kubectl: str) -> int:
    """32 of v1.32.4; -1 when it does not say."""
    found = re.search(r"v1\.(\d+)", said(kubectl, "version", "--client").stdout)
    return int(found[1]) if found else -1


def said(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=KUSTOMIZE_SECONDS_MAX, check=False
    )


def written(root: Path) -> Manifests:
    """Every resource that stands in a file of ours, as it stands there."""
    paths = sorted(path for path in root.rglob("*.yaml") if "generated" not in path.parts)
    found = [document for path in paths for document in documents(path.read_text())]
    resources = [each for each in found if each["kind"] not in KUSTOMIZE_KINDS]
    return Manifests("files", tuple(resources))


def documents(text: str) -> Iterator[Yaml]:
    yield from (each for each in yaml.safe_load_all(text) if each)
