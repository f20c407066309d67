import pytest

from app import client_address

PROXIES = client_address.parse_networks("10.0.0.0/8, 127.0.0.1, 2001:db8:aaaa::/48")


def client(peer: str, *forwarded_for: str) -> str:
    return client_address.resolve(peer, forwarded_for, PROXIES)


def test_without_a_proxy_the_client_is_at_the_other_end_of_the_connection() -> None:
    assert client("203.0.113.7") == "203.0.113.7"
    assert client_address.resolve("10.0.0.1", ["203.0.113.7"], ()) == "10.0.0.1"


def test_what_a_peer_says_that_is_not_trusted_counts_for_nothing() -> None:
    assert client("203.0.113.7", "198.51.100.1") == "203.0.113.7"
    assert client("203.0.113.7", "198.51.100.1, 10.0.0.1") == "203.0.113.7"


def test_a_trusted_proxy_is_believed() -> None:
    assert client("10.0.0.1", "203.0.113.7") == "203.0.113.7"


def test_only_the_last_that_is_not_trusted_counts_as_anyone_may_have_written_what_is_before() -> None:
    assert client("10.0.0.1", "198.51.100.1, 203.0.113.7") == "203.0.113.7"
    assert client("10.0.0.1", "127.0.0.1, 203.0.113.7, 10.2.3.4") == "203.0.113.7"


def test_several_headers_are_one_list() -> None:
    assert client("127.0.0.1", "198.51.100.1", "203.0.113.7,10.1.1.1") == "203.0.113.7"


def test_where_all_are_trusted_the_first_is_the_client() -> None:
    assert client("10.0.0.1", "10.0.0.3, 10.0.0.2") == "10.0.0.3"


@pytest.mark.parametrize(
    "broken", ["unknown", "", "10.0.0", "203.0.113.7:http", "[::1", "::g", "x" * 10_000, "_hidden", "١.٢.٣.٤"]
)
def test_an_entry_that_is_no_address_ends_the_way_at_the_last_good_one(broken: str) -> None:
    assert client("10.0.0.1", f"198.51.100.1, {broken}, 10.0.0.2") == "10.0.0.2"
    assert client("10.0.0.1", broken) == "10.0.0.1"


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
def test_addresses_are_read_in_all_their_spellings(entry: str, address: str) -> None:
    assert client("127.0.0.1", entry) == address


def test_a_proxy_is_known_in_all_its_spellings() -> None:
    assert client("::ffff:10.0.0.1", "203.0.113.7") == "203.0.113.7"
    assert client("2001:db8:aaaa::1", "203.0.113.7, [2001:db8:aaaa:1::2]:8080") == "203.0.113.7"


def test_a_connection_without_a_network_has_no_address() -> None:
    assert client("", "203.0.113.7") == ""


def test_all_of_a_home_network_is_counted_as_one() -> None:
    assert client_address.rate_limit_key("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert client_address.rate_limit_key("2001:db8:1:2::9") == client_address.rate_limit_key(
        "2001:db8:1:2:ffff::"
    )
    assert client_address.rate_limit_key("203.0.113.7") == "203.0.113.7"
    assert client_address.rate_limit_key("") == ""


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "proxy", "10.0.0.1,", "fe80::/200"])
def test_networks_that_are_none_are_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"addresses or networks separated by commas"):
        client_address.parse_networks(text)
