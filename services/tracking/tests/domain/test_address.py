"""Which addresses a webhook may go to. Method: one of each range that is not for the public."""

from __future__ import annotations

import pytest

from services.tracking.domain.address import is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111"])
def test_the_public_may_be_reached(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",  # Alibaba's metadata
        "127.0.0.1",
        "168.63.129.16",  # Azure's WireServer
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",  # Oracle's metadata
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.1",
        "::ffff:0:7f00:1",  # RFC 2765, IPv4-translated
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2001:db8::1",
        "2002:7f00:1::",
        "4000::1",  # given to nobody
        "5f00::1",  # RFC 9602, segments of routing
        "fd00:ec2::254",  # Amazon's metadata
        "fe80::1%eth0",
        "fec0::1",  # RFC 3879, site-local
        "ff02::1",
    ],
)
def test_nothing_else_may(address: str) -> None:
    assert not is_public(address)
