"""
Machine code of the kernels: where it is kept, and how it is made once.

Numba's own cache notices an edit of a function's file, but not of what the function calls, and then
runs stale machine code. So the folder is named by a hash over every file of the search, the
versions of numba and numpy and the processor. Import `compiled` from here instead of `njit` from
numba: the folder must be known before a function is decorated.

`warm` compiles under a lock, so that of several processes that start together one compiles and the
others read. After it nothing compiles any more; `misses` tells whether that holds.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numba
from llvmlite import binding as llvm  # type: ignore[import-untyped]

Function = TypeVar("Function", bound=Callable[..., Any])

SEARCH = Path(__file__).resolve().parent
PROJECT = SEARCH.parents[2]
FOLDER_VARIABLE = "DOORSTEP_PLANNER_KERNELS_FOLDER"
FOLDER_DEFAULT = PROJECT / ".doorstep" / "numba"
HASH_DIGITS = 16
# Without counting references to arrays, which halves the speed; compiled functions make no arrays.
OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}

numba_settings: Any = numba.config
_dispatchers: list[Any] = []


def fingerprint(search: Path) -> str:
    """Names the machine code that the files of a folder give with these libraries on this CPU."""
    digest = hashlib.sha256()
    for path in sorted(search.rglob("*.py")):
        digest.update(str(path.relative_to(search)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for name in ("numba", "numpy", "llvmlite"):
        digest.update(f"{name}={version(name)};".encode())
    digest.update((numba_settings.CPU_NAME or llvm.get_host_cpu_name()).encode())
    return digest.hexdigest()[:HASH_DIGITS]


def folder() -> Path:
    """Where the machine code of these very files is kept."""
    base = Path(os.environ.get(FOLDER_VARIABLE) or FOLDER_DEFAULT)
    return base / f"search-{fingerprint(SEARCH)}"


FOLDER = folder()
numba_settings.CACHE_DIR = str(FOLDER)


def compiled(function: Function) -> Function:
    """
    Compiles a function when it is first called, or reads its machine code from the folder.

    It may not make arrays.
    """
    dispatcher = numba.njit(**OPTIONS)(function)
    _dispatchers.append(dispatcher)
    return dispatcher  # type: ignore[no-any-return]


def warm(warm_ups: Iterable[Callable[[], None]]) -> None:
    """Runs what makes each kernel compile; one process at a time."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for warm_up in warm_ups:
            warm_up()


def misses() -> int:
    """How many functions this process had to compile, as the folder did not hold them."""
    return sum(sum(own.stats.cache_misses.values()) for own in _dispatchers)
