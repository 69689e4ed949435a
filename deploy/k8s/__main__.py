"""
Makes the generated parts of the manifests; run before `kubectl apply -k` (or use `make k8s`).

    python -m deploy.k8s
    python -m deploy.k8s --otlp otel-collector.observability:4317
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from deploy.gateway.settings import Address
from deploy.k8s.generate import (
    HERE,
    cluster_gateway,
    write_city,
    write_gateway,
    write_laptop_secrets,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes and says where."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.k8s",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--otlp", metavar="HOST:PORT", help="where the gateway's spans go")
    parser.add_argument(
        "--trusted-proxies", type=int, default=1, help="proxies before the gateway (%(default)s)"
    )
    given = parser.parse_args(arguments)
    write_gateway(HERE, cluster_gateway(address(given.otlp), given.trusted_proxies))
    write_city(HERE)
    write_laptop_secrets(HERE)
    print(f"made {HERE}/base/gateway/generated and {HERE}/overlays/laptop/generated")
    return 0


def address(text: str | None) -> Address | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    return Address(host, int(port))


if __name__ == "__main__":
    sys.exit(main())
