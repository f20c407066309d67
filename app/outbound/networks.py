"""Networks that may be called for URLs from users: public ones, and those allowed by settings.

An explicit list, because `ipaddress.is_global` accepts multicast, ::127.0.0.1, 64:ff9b::/96, 2002::/16 and
fec0::/10. The sources are IANA's registries: iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-
registry.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

from app.client_address import Address, Network

NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; the metadata service of one cloud
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's wire server
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
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
        "2002::/16",  # 6to4, which contains any IPv4 address
        "3ffe::/16",  # the former 6bone
        "3fff::/20",  # documentation
    )
)
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All assigned IPv6 addresses. Loopback, private, link-local, site-local, multicast and NAT64 lie outside."""


def is_public(address: Address) -> bool:
    """Return True for a public internet address."""
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return not any(address in network for network in NOT_PUBLIC)


def is_allowed(address: Address, allowed: Iterable[Network]) -> bool:
    """Return True if the address is public or in an allowed network."""
    return is_public(address) or any(address in network for network in allowed)


def parse_address(text: str) -> Address:
    """Strip the zone id and unwrap IPv4-mapped IPv6 addresses."""
    address = ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
