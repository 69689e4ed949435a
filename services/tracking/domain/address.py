"""
Which network addresses a webhook may go to: public ones. Pure.

Refused are ranges that IANA does not list as globally reachable (RFC 6890), and besides them
multicast, what carries an IPv4 address inside an IPv6 one, and the clouds' addresses of metadata.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

# Azure's WireServer, which answers with a machine's own configuration, has a public address.
METADATA = frozenset({IPv4Address("168.63.129.16")})
# RFC 4291, section 2.5.4: where every public IPv6 address lies. Beyond it are old site-local ones
# (RFC 3879) and most that carry an IPv4 address: mapped, compatible, translated, NAT64.
UNICAST = ip_network("2000::/3")
# What Python's own list of ranges lets through, and what carries an IPv4 address.
REFUSED = (
    ip_network("192.0.0.0/24"),  # RFC 6890, IETF protocol assignments; Oracle's metadata
    ip_network("192.88.99.0/24"),  # RFC 7526, the relays of 6to4
    ip_network("3fff::/20"),  # RFC 9637, documentation
    ip_network("2002::/16"),  # RFC 3056, 6to4
    ip_network("2001::/32"),  # RFC 4380, Teredo
)


def is_public(text: str) -> bool:
    """Whether anybody may be made to connect there. Raises ValueError for a text that is none."""
    address = ip_address(text.split("%")[0])
    if not address.is_global or address.is_multicast or address in METADATA:
        return False
    if address.version == UNICAST.version and address not in UNICAST:
        return False
    return not any(address in net for net in REFUSED)


def is_loopback(text: str) -> bool:
    """Whether it is this machine itself."""
    return ip_address(text.split("%")[0]).is_loopback
