"""One POST to a URL from a user, with limits on target, time and response.

    outbound = Outbound(allowed=settings.webhook_allow_networks)
    await outbound.check("https://example.org/hook")                           # when it is saved
    response = await outbound.post("https://example.org/hook", headers, body)  # and again for each request

A name is resolved once per request. All its addresses must be allowed, and the connection goes to one of those
checked. Redirects are not followed, proxies of the environment are not used, and no cookie or connection is kept.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from app.cancellation import in_thread
from app.client_address import Address, Network
from app.outbound.networks import is_allowed, parse_address
from app.outbound.results import INVALID_URL, Blocked, InvalidUrl, OutboundResponse, TimedOut, Unreachable

if TYPE_CHECKING:
    from app.outbound.transport import PinnedClient

MAX_URL_LENGTH = 2_000
DEADLINE_SECONDS = 10.0
CHECK_DEADLINE_SECONDS = 3.0
RESOLVER_THREADS = 32
NOT_PUBLIC = "The address is not a public one"

Resolve: TypeAlias = Callable[[str, int], Awaitable[Iterable[str]]]
"""Return the addresses of a name for a port. Raises OSError if it has none."""


class Outbound:
    """Client for outgoing requests. `allowed` has networks allowed although not public; `resolve` resolves names."""

    def __init__(
        self,
        *,
        allowed: Iterable[Network] = (),
        resolve: Resolve | None = None,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        self.deadline = deadline
        self._allowed = tuple(allowed)
        self._resolve = resolve or NameResolver()
        self._client: PinnedClient | None = None

    async def check(self, url: str) -> None:
        """Check a URL. Raises InvalidUrl if it can't be called, Blocked if its address is not allowed.

        A name that does not resolve is Blocked too, so that callers can't probe for internal names.
        """
        host, port = parse(url)
        try:
            async with asyncio.timeout(CHECK_DEADLINE_SECONDS):
                await self.addresses(host, port)
        except (Unreachable, TimeoutError) as error:
            raise Blocked(NOT_PUBLIC) from error

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> OutboundResponse:
        """Return the response, whatever its status. Raises Blocked, Unreachable, TimedOut."""
        try:
            async with asyncio.timeout(self.deadline):
                parse(url)
                return await (await self._pinned_client()).post(url, headers, body)
        except InvalidUrl as error:
            raise Blocked(str(error)) from error
        except TimeoutError as error:
            raise TimedOut(f"No response within {self.deadline:g} s") from error

    async def addresses(self, host: str, port: int) -> Sequence[Address]:
        """Return the addresses of a name, all of them allowed. Raises Blocked, Unreachable."""
        try:
            found = [parse_address(text) for text in await self._resolve(host.rstrip("."), port)]
        except (OSError, UnicodeError, ValueError) as error:
            raise Unreachable("The name was not found") from error
        if not found:
            raise Unreachable("The name was not found")
        if not all(is_allowed(address, self._allowed) for address in found):
            raise Blocked(NOT_PUBLIC)
        return list(dict.fromkeys(found))

    async def _pinned_client(self) -> "PinnedClient":
        if self._client is None:
            self._client = await in_thread(_create_client, self)
        return self._client


def _create_client(outbound: Outbound) -> "PinnedClient":
    from app.outbound.transport import PinnedClient  # imported late: a fifth of a second

    return PinnedClient(outbound.addresses)


def parse(url: str) -> tuple[str, int]:
    """Return host and port of a URL. Raises InvalidUrl."""
    if len(url) > MAX_URL_LENGTH:
        raise InvalidUrl(f"This may have {MAX_URL_LENGTH} characters at most; it has {len(url)}.")
    if any(character <= " " or character in '\\<>"^`{|}\x7f' for character in url):
        raise InvalidUrl("This must have no spaces, quotes, braces, backslashes or control characters.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidUrl(INVALID_URL) from error
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        raise InvalidUrl(INVALID_URL)
    if parts.username is not None or parts.password is not None:
        raise InvalidUrl("This must have no user name and no password.")
    return _canonical(host), port or {"http": 80, "https": 443}[parts.scheme]


def _canonical(host: str) -> str:
    """Return the host in ASCII. Partial IPv4 addresses are refused: programs read them differently."""
    name = host.rstrip(".")
    try:
        if ":" in name:
            return name
        if name.rpartition(".")[2][:1].isdigit():
            IPv4Address(name)
        return name if name.isascii() else _punycode(name)
    except ValueError as error:
        raise InvalidUrl(INVALID_URL) from error


def _punycode(name: str) -> str:
    import idna  # large tables, which few names need

    return idna.encode(name).decode()


class NameResolver:
    """Resolve names in separate threads, so that slow names do not delay disk access."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    async def __call__(self, host: str, port: int) -> Iterable[str]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="pichub-names")
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _getaddrinfo, host, port)
        return dict.fromkeys(found)


def _getaddrinfo(host: str, port: int) -> list[str]:
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
