import pytest

from app.client_address import parse_networks
from app.outbound.networks import is_allowed, is_public, parse_address

PRIVATE = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.0.1 168.63.129.16
    169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1
    198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1
    ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:10.0.0.1
    64:ff9b::1 64:ff9b::10.0.0.1 64:ff9b:1::1 100::1 2001::1 2001:10::1 2001:db8::1 2002:7f00:1::
    2002:808:808:: 3fff::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 5f00::1 4000::1
""".split()  # noqa: SIM905
PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 128.0.0.1 172.15.0.1 172.32.0.1
    192.167.1.1 198.17.0.1 198.20.0.1 223.255.255.255 ::ffff:8.8.8.8 2606:4700::1111 2a00:1450:4001::1
""".split()  # noqa: SIM905


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_are_not_public(text: str) -> None:
    assert not is_public(parse_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_internet_addresses_are_public(text: str) -> None:
    assert is_public(parse_address(text))


def test_only_listed_private_networks_are_allowed() -> None:
    allowed = parse_networks("10.0.0.0/8, fd00::/8,192.168.1.5")
    for text in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1", "192.168.1.5", "8.8.8.8"):
        assert is_allowed(parse_address(text), allowed)
    for text in ("127.0.0.1", "192.168.1.6", "fe80::1", "::1", "169.254.169.254"):
        assert not is_allowed(parse_address(text), allowed)
