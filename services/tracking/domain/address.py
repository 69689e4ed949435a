"""
Which network addresses a webhook may go to: public ones. Pure.

Refused are ranges that IANA does not list as globally reachable (RFC 6890), and besides them
multicast, what carries an IPv4 address inside an IPv6 one, and the clouds' addresses of metadata.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

# Azure's WireServer, which answers with a machine's own configuration, has a public address.
METADATA = frozenset({IPv4Address("168.63.129.16")})
# What Python's own list of ranges lets through, and what carries an IPv4 address.
REFUSED = (
    ip_network("192.0.0.0/24"),  # RFC 6890, IETF protocol assignments; Oracle's metadata
    ip_network("192.88.99.0/24"),  # RFC 7526, the relays of 6to4
    ip_network("3fff::/20"),  # RFC 9637, documentation
    ip_network("::ffff:0:0/96"),  # RFC 4291, IPv4-mapped
    ip_network("::/96"),  # RFC 4291, IPv4-compatible
    ip_network("64:ff9b::/96"),  # RFC 6052, NAT64
    ip_network("64:ff9b:1::/48"),  # RFC 8215, local NAT64
    ip_network("2002::/16"),  # RFC 3056, 6to4
    ip_network("2001::/32"),  # RFC 4380, Teredo
)


def is_public(text: str) -> bool:
    """Whether anybody may be made to connect there. Raises ValueError for a text that is none."""
    address = ip_address(text.split("%")[0])
    if not address.is_global or address.is_multicast or address in METADATA:
        return False
    return not any(address in net for net in REFUSED)


def is_loopback(text: str) -> bool:
    """Whether it is this machine itself."""
    return ip_address(text.split("%")[0]).is_loopback
