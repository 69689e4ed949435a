"""
Children of a process that speaks gRPC.

gRPC's fork handlers run in every child before it becomes another program. Beside uvloop's own way
of starting one they end some children by SIGABRT or SIGSEGV (grpcio 1.81, uvloop 0.22: 5 to 8 of
300 under traffic; none without the handlers). We never go on in a forked child, so nobody needs
them; gRPC reads the variable when it is imported, which is why it must be there from the start.
"""

from __future__ import annotations

import os
import sys

VARIABLE, OFF = "GRPC_ENABLE_FORK_SUPPORT", "0"


def without_handlers() -> None:
    """Goes on only in a process without the handlers: begins it anew when nobody set that."""
    if os.environ.get(VARIABLE) != OFF:
        os.environ[VARIABLE] = OFF
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves
