import pytest

from app import client_address

PROXIES = client_address.parse_networks("10.0.0.0/8, 127.0.0.1, 2001:db8:aaaa::/48")


def client(peer: str, *forwarded_for: str) -> str:
    return client_address.resolve(peer, forwarded_for, PROXIES)


def test_without_a_proxy_the_client_is_the_peer() -> None:
    assert client("203.0.113.7") == "203.0.113.7"
    assert client_address.resolve("10.0.0.1", ["203.0.113.7"], ()) == "10.0.0.1"


def test_headers_of_an_untrusted_peer_are_ignored() -> None:
    assert client("203.0.113.7", "198.51.100.1") == "203.0.113.7"
    assert client("203.0.113.7", "198.51.100.1, 10.0.0.1") == "203.0.113.7"


def test_a_trusted_proxy_forwards_the_client() -> None:
    assert client("10.0.0.1", "203.0.113.7") == "203.0.113.7"


def test_the_last_untrusted_entry_counts_since_earlier_ones_may_be_forged() -> None:
    assert client("10.0.0.1", "198.51.100.1, 203.0.113.7") == "203.0.113.7"
    assert client("10.0.0.1", "127.0.0.1, 203.0.113.7, 10.2.3.4") == "203.0.113.7"


def test_several_headers_are_joined() -> None:
    assert client("127.0.0.1", "198.51.100.1", "203.0.113.7,10.1.1.1") == "203.0.113.7"


def test_if_all_entries_are_trusted_the_first_is_the_client() -> None:
    assert client("10.0.0.1", "10.0.0.3, 10.0.0.2") == "10.0.0.3"


@pytest.mark.parametrize(
    "invalid",
    ["unknown", "", "10.0.0", "203.0.113.7:http", "[::1", "::g", "x" * 10_000, "_hidden", "١.٢.٣.٤"],
)
def test_an_invalid_entry_ends_the_search_at_the_one_after_it(invalid: str) -> None:
    assert client("10.0.0.1", f"198.51.100.1, {invalid}, 10.0.0.2") == "10.0.0.2"
    assert client("10.0.0.1", invalid) == "10.0.0.1"


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("203.0.113.7:4711", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:DB8:0::1]:4711", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
    ],
)
def test_all_forms_of_an_address_are_parsed(entry: str, address: str) -> None:
    assert client("127.0.0.1", entry) == address


def test_a_proxy_is_recognized_in_all_forms() -> None:
    assert client("::ffff:10.0.0.1", "203.0.113.7") == "203.0.113.7"
    assert client("2001:db8:aaaa::1", "203.0.113.7, [2001:db8:aaaa:1::2]:8080") == "203.0.113.7"


def test_a_unix_socket_has_no_address() -> None:
    assert client("", "203.0.113.7") == ""


def test_a_rate_limit_counts_a_network_of_64_bits_as_one() -> None:
    assert client_address.rate_limit_key("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert client_address.rate_limit_key("2001:db8:1:2::9") == client_address.rate_limit_key(
        "2001:db8:1:2:ffff::"
    )
    assert client_address.rate_limit_key("203.0.113.7") == "203.0.113.7"
    assert client_address.rate_limit_key("") == ""


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "proxy", "10.0.0.1,", "fe80::/200"])
def test_invalid_networks_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"addresses or networks separated by commas"):
        client_address.parse_networks(text)
