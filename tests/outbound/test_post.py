import asyncio
from collections.abc import Iterable

import pytest

from app.outbound.post import Outbound, Resolve, parse
from app.outbound.results import Blocked, InvalidUrl, TimedOut, Unreachable
from tests.receivers import LOOPBACK, ReceivedRequest, hang, run_receiver

LOOPBACKS = """
    127.0.0.1 127.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 0 0.0.0.0 localhost localhost.
    LOCALHOST 127.0.0.1. [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1]
    [2002:7f00:1::] [0:0:0:0:0:0:0:1] １２７。０。０。１ ⓛⓞⓒⓐⓛⓗⓞⓢⓣ 169.254.169.254 0xa9fea9fe 10.0.0.1 192.168.0.1
    [fd00:ec2::254] [fec0::1] 224.0.0.1
""".split()  # noqa: SIM905


def resolving_to(*addresses: str) -> Resolve:
    async def resolve(host: str, port: int) -> Iterable[str]:
        return addresses

    return resolve


async def resolve_never(host: str, port: int) -> Iterable[str]:
    await asyncio.Event().wait()
    return []


@pytest.mark.parametrize("host", LOOPBACKS)
async def test_no_spelling_of_a_private_address_is_connected_to(host: str) -> None:
    outbound = Outbound()
    for scheme in ("http", "https"):
        with pytest.raises((Blocked, InvalidUrl)):
            await outbound.check(f"{scheme}://{host}:9/hook")
        with pytest.raises(Blocked):
            await outbound.post(f"{scheme}://{host}:9/hook", {}, b"{}")


@pytest.mark.parametrize(
    "addresses", [("8.8.8.8", "127.0.0.1"), ("2606:4700::1111", "fe80::1"), ("10.0.0.1",)]
)
async def test_one_private_address_of_a_name_blocks_it(addresses: tuple[str, ...]) -> None:
    outbound = Outbound(resolve=resolving_to(*addresses))
    with pytest.raises(Blocked):
        await outbound.check("https://example.org/")
    with pytest.raises(Blocked):
        await outbound.post("https://example.org/", {}, b"")


async def test_a_rebinding_name_is_checked_on_every_request() -> None:
    resolved: list[str] = []

    async def rebinding(host: str, port: int) -> Iterable[str]:
        resolved.append(host)
        return ["93.184.216.34"] if len(resolved) == 1 else ["127.0.0.1"]

    async with run_receiver() as receiver:
        outbound = Outbound(resolve=rebinding)
        url = receiver.url.replace("127.0.0.1", "rebinding.example")
        await outbound.check(url)
        with pytest.raises(Blocked):
            await outbound.post(url, {}, b"")
        assert resolved == ["rebinding.example"] * 2
        assert receiver.requests == []


async def test_a_name_is_resolved_once_and_kept_in_the_request() -> None:
    resolved: list[str] = []

    async def resolve(host: str, port: int) -> Iterable[str]:
        resolved.append(host)
        return ["127.0.0.1"]

    async with run_receiver() as receiver:
        url = receiver.url.replace("127.0.0.1", "hooks.example") + "?a=1&b=%20"
        response = await Outbound(allowed=LOOPBACK, resolve=resolve).post(
            url, {"webhook-id": "x"}, b'{"a": 1}'
        )
        assert response.status == 204
        assert resolved == ["hooks.example"]
        (request,) = receiver.requests
        assert request.headers["host"].startswith("hooks.example:")
        assert (request.target, request.body, request.id) == ("/hook?a=1&b=%20", b'{"a": 1}', "x")


async def test_the_next_address_is_tried_after_one_fails() -> None:
    async with run_receiver() as receiver:
        url = receiver.url.replace("127.0.0.1", "hooks.example")
        outbound = Outbound(allowed=LOOPBACK, resolve=resolving_to("127.0.0.2", "127.0.0.3", "127.0.0.1"))
        assert (await outbound.post(url, {}, b"")).status == 204


async def test_redirects_are_not_followed() -> None:
    async with run_receiver() as receiver, run_receiver() as inner:
        receiver.respond_with(302, Location=inner.url)
        assert (await Outbound(allowed=LOOPBACK).post(receiver.url, {}, b"")).status == 302
        assert inner.requests == []


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_receiver() as receiver, run_receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        await Outbound(allowed=LOOPBACK).post(receiver.url, {}, b"")
        assert (len(receiver.requests), proxy.requests) == (1, [])


async def test_no_state_is_kept_between_requests() -> None:
    async with run_receiver() as receiver:
        receiver.respond_with(200, Set_Cookie="a=b")
        outbound = Outbound(allowed=LOOPBACK)
        for _ in range(2):
            await outbound.post(receiver.url, {}, b"")
        assert all("cookie" not in request.headers for request in receiver.requests)
        assert all(request.headers["connection"] == "close" for request in receiver.requests)


@pytest.mark.parametrize("hanging", ["name", "response", "headers", "body"])
async def test_the_deadline_covers_every_phase(hanging: str) -> None:
    async with run_receiver(hang if hanging == "response" else None) as receiver:
        receiver.response = {
            "headers": b"HTTP/1.1 200 OK\r\nX: ",
            "body": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx",
        }.get(hanging, b"")
        if hanging in {"headers", "body"}:
            partial = receiver.response

            async def drip(_: ReceivedRequest) -> bytes:
                return partial

            receiver.responder = drip
            receiver.keep_open = True
        outbound = Outbound(
            allowed=LOOPBACK, resolve=resolve_never if hanging == "name" else None, deadline=0.2
        )
        with pytest.raises(TimedOut, match=r"No response within 0\.2 s"):
            await outbound.post(receiver.url, {}, b"")


async def test_only_an_excerpt_of_a_long_response_is_read() -> None:
    async def endless(_: ReceivedRequest) -> bytes:
        return b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000

    async with run_receiver(endless) as receiver:
        receiver.keep_open = True
        response = await Outbound(allowed=LOOPBACK, deadline=5).post(receiver.url, {}, b"")
        assert (response.status, len(response.excerpt)) == (200, 1024)


async def test_a_binary_response_is_decoded_with_replacements() -> None:
    async with run_receiver() as receiver:
        receiver.response = b"HTTP/1.1 500 X\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\xff\x00ab"
        response = await Outbound(allowed=LOOPBACK).post(receiver.url, {}, b"")
        assert (response.status, response.excerpt) == (500, "\ufffd\ufffdab")


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx", b"HTTP/1.1 2"]
)
async def test_an_invalid_response_is_unreachable(answer: bytes) -> None:
    async with run_receiver() as receiver:
        receiver.response = answer
        with pytest.raises(Unreachable, match="closed before"):
            await Outbound(allowed=LOOPBACK).post(receiver.url, {}, b"")


async def test_a_closed_port_and_an_unknown_name_are_unreachable() -> None:
    async with run_receiver() as receiver:
        pass
    with pytest.raises(Unreachable, match="Connection refused"):
        await Outbound(allowed=LOOPBACK).post(receiver.url, {}, b"")

    async def unknown(host: str, port: int) -> Iterable[str]:
        raise OSError("no such name")

    with pytest.raises(Unreachable, match="name was not found"):
        await Outbound(resolve=unknown).post("https://nowhere.example/", {}, b"")


async def test_a_check_does_not_reveal_private_names() -> None:
    async def unknown(host: str, port: int) -> Iterable[str]:
        raise OSError("no such name")

    messages = set()
    for resolve in (unknown, resolving_to("10.0.0.1"), resolving_to()):
        with pytest.raises(Blocked) as caught:
            await Outbound(resolve=resolve).check("https://db.example/")
        messages.add(str(caught.value))
    assert len(messages) == 1


async def test_plain_http_instead_of_tls_is_unreachable() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable, match="TLS"):
            await Outbound(allowed=LOOPBACK).post(f"https://127.0.0.1:{port}", {}, b"")


async def test_a_hanging_tls_handshake_leaks_no_socket() -> None:
    async with run_receiver() as receiver:
        url = receiver.url.replace("http:", "https:")
        with pytest.raises(TimedOut):
            await Outbound(allowed=LOOPBACK, deadline=0.2).post(url, {}, b"")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "/hook",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "https://",
        "https://:443/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://ann:secret@example.org/",
        "https://@example.org/",
        "https://exa mple.org/",
        "https://example.org/\r\nHost: inner",
        "https://example.org\\@inner/",
        "http://[::1",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://example.1/",
        "https://example.org/" + "x" * 2000,
        "https://\u0000.example/",
    ],
)
async def test_an_invalid_url_is_rejected(url: str) -> None:
    with pytest.raises(InvalidUrl):
        parse(url)
    with pytest.raises(InvalidUrl):
        await Outbound().check(url)
    with pytest.raises(Blocked):
        await Outbound().post(url, {}, b"")


def test_hosts_and_ports_are_parsed() -> None:
    assert parse("https://example.org") == ("example.org", 443)
    assert parse("http://EXAMPLE.org:8080/a?b#c") == ("example.org", 8080)
    assert parse("https://bücher.example/") == ("xn--bcher-kva.example", 443)
    assert parse("http://[2606:4700::1111]/") == ("2606:4700::1111", 80)
