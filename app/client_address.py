"""Client address of a request, also behind trusted proxies."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

MAX_ENTRY_LENGTH = 64
"""Maximum length of an X-Forwarded-For entry; the longest address with brackets and port has 53 characters."""
IPV6_PREFIX = 64
"""Bits of an IPv6 address that identify a customer, who may choose the rest."""


def parse_networks(text: str) -> tuple[Network, ...]:
    """Parse `10.0.0.0/8, 127.0.0.1`. Raises ValueError."""
    try:
        return tuple(ip_network(entry.strip()) for entry in text.split(","))
    except ValueError as error:
        raise ValueError(
            "addresses or networks separated by commas, such as 10.0.0.0/8, 127.0.0.1, without host bits"
        ) from error


def resolve(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the client's address: the connection's `peer`, or the address for which a trusted proxy forwards.

    `forwarded_for` has the values of X-Forwarded-For. They are read from the right, where the nearest proxy writes,
    past trusted addresses to the first untrusted one; anything before it may be forged. An invalid entry ends the
    search at the entry after it.
    """
    address = _parse(peer)
    if address is None:  # no address, as on a Unix socket
        return peer
    if trusted:
        for entry in _entries_from_right(forwarded_for):
            forwarded = _parse(entry) if any(address in network for network in trusted) else None
            if forwarded is None:
                break
            address = forwarded
    return _format(address)


@lru_cache(maxsize=4096)
def _format(address: Address) -> str:
    return str(address)


@lru_cache(maxsize=4096)
def rate_limit_key(address: str) -> str:
    """Return the rate limit key of a client: its address, or the /64 of an IPv6 address."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, IPV6_PREFIX), strict=False))
    return address


def _entries_from_right(values: Sequence[str]) -> Iterable[str]:
    for value in reversed(values):
        while value:
            value, _, entry = value.rpartition(",")
            yield entry.strip()


@lru_cache(maxsize=4096)
def _parse(entry: str) -> Address | None:
    """Parse `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`; None for anything else."""
    if len(entry) > MAX_ENTRY_LENGTH:
        return None
    try:
        return _normalize(ip_address(_without_port(entry)))
    except ValueError:
        return None


def _without_port(entry: str) -> str:
    if entry.startswith("["):
        host, bracket, port = entry[1:].partition("]")
        if not bracket or ":" not in host or not (port == "" or _is_port(port[:1], port[1:])):
            raise ValueError(entry)
        return host
    host, colon, port = entry.partition(":")
    return host if colon and _is_port(colon, port) and "." in host else entry


def _is_port(colon: str, digits: str) -> bool:
    return colon == ":" and digits.isascii() and digits.isdigit() and len(digits) <= 5


def _normalize(address: Address) -> Address:
    """Strip the zone id and unwrap IPv4-mapped IPv6 addresses."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))
