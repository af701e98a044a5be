"""Which addresses belong to the public internet: what strangers type must never make us call our own network."""

from __future__ import annotations

import ipaddress

# Addresses that carry another one, which nobody has checked, and those of a site of old.
CARRIERS = [
    ipaddress.ip_network(net)
    for net in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10")
]


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet, whatever way it is written."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in net for net in CARRIERS):
            return False
    return ip.is_global and not ip.is_multicast
