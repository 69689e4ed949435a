"""
Becomes an ordinary user, ties itself to its starter, then becomes a command. Standard library only.

    python -I -S as_user.py UID GID STARTER COMMAND [ARGUMENT ...]

Empty words leave out: the user (stay who we are), the starter (outlive it). It is a program of its
own because a process that runs gRPC must not fork: `subprocess` forks when it is asked to change
the user or to run Python in the child, and there gRPC's fork handlers run too and now and then
break it. Asked for neither, it uses vfork, which runs no handlers.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PDEATHSIG = 1  # PR_SET_PDEATHSIG of linux/prctl.h


def become(uid: str, gid: str, starter: str, *command: str) -> None:
    """Does not return."""
    if uid:
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if starter:  # after the change of user, which would forget it
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGINT)
        if os.getppid() != int(starter):
            sys.exit("the starter is gone already")
    os.execv(command[0], command)  # noqa: S606 - this is what it is for


if __name__ == "__main__":
    become(*sys.argv[1:])
