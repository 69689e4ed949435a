"""
Ties a program to the life of the mesh, then becomes it. Run as a file, alone and first.

    python -I -S tether.py PARENT_PID COMMAND...

The kernel sends the program SIGTERM when its parent dies, even by SIGKILL, so that nothing is left
running. Done in a process of its own: between fork and exec in a process with gRPC's threads, no
Python code is safe to run.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Becomes the command."""
    parent = int(sys.argv[1])
    command = sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:  # it died before we asked to be told
        sys.exit("the mesh is gone")
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
