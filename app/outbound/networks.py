"""Which addresses may be connected to where a stranger chose the name: public ones, and those of named networks.

An explicit list, because `ipaddress.is_global` takes multicast, ::127.0.0.1, 64:ff9b::/96, 2002::/16 and fec0::/10
for global. The sources are IANA's registries of special purposes: iana.org/assignments/iana-ipv4-special-registry
and iana-ipv6-special-registry.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

from app.client_address import Address, Network

NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; a cloud keeps its metadata here
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's wire server
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address inside
        "3ffe::/16",  # the former 6bone
        "3fff::/20",  # documentation
    )
)
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that has been given out. Loopback, private, link-local, site-local, multicast and NAT64 lie outside."""


def is_public(address: Address) -> bool:
    """Whether the address is one of the internet's, and nobody's inside."""
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return not any(address in network for network in NOT_PUBLIC)


def is_allowed(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether the address is public, or lies in a network that was named."""
    return is_public(address) or any(address in network for network in allowed)


def parse_address(text: str) -> Address:
    """An address as resolvers write it. A scope goes, and an IPv4 address in IPv6's clothes is taken for what it is."""
    address = ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
