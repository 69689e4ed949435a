"""
Everything that differs between one gateway and another. Valid by construction.

The configuration itself is the same everywhere: laptop and cluster differ in these values alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MESSAGE_BYTES_MAX = 4 * 1024 * 1024  # the contract's limit for one message, as on every server


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody listens."""

    host: str
    port: int

    def __post_init__(self) -> None:
        if not 0 < self.port < 65_536:
            raise ValueError(f"a port lies in 1..65535, not {self.port}")

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """One service of the mesh: a name to resolve (all its addresses are used), or several."""

    name: str  # planner, dispatch, tracking, compliance
    addresses: tuple[Address, ...]

    def __post_init__(self) -> None:
        if not self.addresses:
            raise ValueError(f"{self.name} needs an address")


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: `per_second` in the long run, `burst` at once."""

    per_second: int
    burst: int

    def __post_init__(self) -> None:
        if not 0 < self.per_second <= self.burst:
            raise ValueError(f"a rate is positive and no larger than its burst: {self}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one gateway process admits. Each process counts for itself."""

    caller: Rate = Rate(100, 200)  # one subject of one tenant
    stranger: Rate = Rate(20, 60)  # one address without a token: recipients, token requests
    everybody: Rate = Rate(5_000, 10_000)
    callers_max: int = 10_000  # buckets kept; the longest unused is forgotten first
    request_bytes_max: int = MESSAGE_BYTES_MAX
    response_bytes_max: int = 8 * MESSAGE_BYTES_MAX  # of a JSON body, which repeats field names
    header_kilobytes_max: int = 16
    connections_max: int = 10_000
    streams_max: int = 1_000  # at once on one connection
    upstream_requests_max: int = 10_000  # at once, per service; more are refused, not queued
    upstream_pending_max: int = 200  # waiting for a connection, per service


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway process."""

    listen: Address
    admin: Address
    upstreams: tuple[Upstream, ...]
    descriptor_path: str  # the public descriptors, as `PublicContract.descriptor` has them
    jwks_path: str  # the public keys that tokens are signed with
    web: Address | None = None  # the edge process; None serves none of its paths
    otlp: Address | None = None  # where spans go; None records none
    trace_percent: float = 100.0  # of the requests that bring no decision of their own
    origins: tuple[str, ...] = ()  # regular expressions of foreign pages that may call
    trusted_proxies: int = 0  # hops before us whose X-Forwarded-For is believed
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        names = [upstream.name for upstream in self.upstreams]
        if len(names) != len(set(names)):
            raise ValueError(f"two upstreams of one name: {names}")
        if not 0 <= self.trace_percent <= 100:
            raise ValueError(f"a percentage lies in 0..100, not {self.trace_percent}")
