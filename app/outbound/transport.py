"""HTTP connection that only goes to checked addresses, by httpx2. Loaded on the first request."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeAlias

import httpcore2
import httpx2

from app.client_address import Address
from app.outbound.results import INVALID_URL, MAX_EXCERPT_BYTES, InvalidUrl, OutboundResponse, Unreachable

READ_SIZE = 16 * 1024
"""Bytes of a response to read; the rest is not waited for."""
DEADLINE_SHARE = 3.0
"""Time for one address of a name that has several."""
HEADERS = {
    "User-Agent": "PicHub-Webhooks",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}

Addresses: TypeAlias = Callable[[str, int], Awaitable[Sequence[Address]]]


class PinnedClient:
    """Send requests. `addresses` returns the allowed addresses of a name, or raises."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._ssl = httpx2.create_ssl_context()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> OutboundResponse:
        """Return the response, whatever its status. Raises InvalidUrl, Unreachable, errors of `addresses`.

        No deadline.
        """
        guard = _Guard(self._addresses)
        try:
            # A transport without a client: no cookies, redirects or proxies.
            request = request_of(url, headers, body)
            return await _read(await _Transport(guard, self._ssl).handle_async_request(request))
        except httpx2.HTTPError as error:
            raise Unreachable(_reason(error)) from error
        finally:
            await guard.close()


def request_of(url: str, headers: Mapping[str, str], body: bytes) -> httpx2.Request:
    """Return the request with all headers. Raises InvalidUrl."""
    try:
        return httpx2.Request("POST", url, headers={**HEADERS, **headers}, content=body)
    except httpx2.InvalidURL as error:
        raise InvalidUrl(INVALID_URL) from error


async def _read(response: httpx2.Response) -> OutboundResponse:
    body = bytearray()
    try:
        async with aclosing(aiter(response.stream)) as chunks:  # type: ignore[arg-type, type-var]
            async for chunk in chunks:
                body += chunk
                if len(body) >= READ_SIZE:
                    break
    finally:
        await response.aclose()
    text = bytes(body[:READ_SIZE]).decode(errors="replace").replace("\0", "\ufffd")
    return OutboundResponse(
        response.status_code, response.headers.get("retry-after"), text[:MAX_EXCERPT_BYTES]
    )


def _reason(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"Invalid certificate: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "TLS handshake failed"
        if isinstance(cause, ConnectionRefusedError):
            return "Connection refused"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.ConnectError):
        return "Could not connect"
    return "Connection closed before a response"


class _Transport(httpx2.AsyncHTTPTransport):
    """httpx2's transport, for one request with the guarded network."""

    def __init__(self, guard: "_Guard", context: ssl.SSLContext) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context, max_connections=1, max_keepalive_connections=0, network_backend=guard
        )


class _Guard(httpcore2.AsyncNetworkBackend):
    """Connect to a checked address of the name. TLS still verifies a certificate for the name."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._network = httpcore2.AnyIOBackend()
        self._opened: list[httpcore2.AsyncNetworkStream] = []

    async def close(self) -> None:
        """Close what was opened: a TLS handshake ended by the deadline leaves its socket open."""
        for stream in self._opened:
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        *others, last = await self._addresses(host, port)
        for address in others:
            try:
                async with asyncio.timeout(DEADLINE_SHARE):
                    return await self._connect(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, TimeoutError):
                continue
        return await self._connect(last, port, timeout, local_address, socket_options)

    async def _connect(self, address: Address, port: int, *rest: Any) -> httpcore2.AsyncNetworkStream:
        stream = await self._network.connect_tcp(str(address), port, *rest)
        self._opened.append(stream)
        return stream

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore2.AsyncNetworkStream:
        raise httpcore2.ConnectError("Unix sockets are not supported")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)
