"""
Renews `released.binpb`, the contracts as of the last release that `buf breaking` compares with.

`python -m tests.contracts.release`, at a release and at no other time: a change that breaks callers
must be seen against what they were given. Comments are left out; they break nobody.
"""

from __future__ import annotations

import sys

from tests.contracts.descriptors import file_set
from tests.run import RELEASED


def main() -> int:
    released = type(file_set()).FromString(file_set().SerializeToString())
    for file in released.file:
        file.ClearField("source_code_info")
    RELEASED.write_bytes(released.SerializeToString(deterministic=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
