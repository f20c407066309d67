"""One POST to an address that a stranger chose: where it may go, how long it may take, how much of the answer is kept.

    outbound = Outbound(allowed=settings.webhook_allow_networks)
    await outbound.check("https://example.org/hook")                       # when it is written down
    answer = await outbound.post("https://example.org/hook", headers, body)  # and again, whenever it is called

A name is resolved once for each request. All addresses that it has must be ones that may be called, and the connection
goes to one of those that were looked at. Redirects are not followed, proxies of the environment are not asked, nothing
is remembered from one request for the next: no cookie, no connection.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from app.cancellation import in_thread
from app.client_address import Address, Network
from app.outbound.networks import is_allowed, parse_address

if TYPE_CHECKING:
    from app.outbound.transport import PinnedClient

MAX_URL_LENGTH = 2_000
DEADLINE_SECONDS = 10.0
CHECK_DEADLINE_SECONDS = 3.0
RESOLVER_THREADS = 32
NOT_PUBLIC = "The address is not a public one"
NOT_AN_ADDRESS = "This must be an address such as https://example.org/hook."
MAX_EXCERPT_BYTES = 1_024
"""Characters of an answer that are kept."""

Resolve: TypeAlias = Callable[[str, int], Awaitable[Iterable[str]]]
"""The addresses of a name, for a port. Raises OSError where it has none."""


class NotSent(Exception):
    """There is no answer; the text says why in a few words."""


class Blocked(NotSent):
    """The address may not be called."""


class Unreachable(NotSent):
    """The name has no address, nobody listens there, or whoever does broke off."""


class TimedOut(NotSent):
    """There was no answer before the deadline."""


class InvalidUrl(ValueError):
    """The text is not an address that can be called; it says what is wrong."""


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """What came back. `retry_after` is that header as it was sent, `excerpt` the beginning of the body as text."""

    status: int
    retry_after: str | None
    excerpt: str


class Outbound:
    """Made once. `allowed` names networks that may be called though they are not public; `resolve` asks for names."""

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
        self._wire: PinnedClient | None = None

    async def check(self, url: str) -> None:
        """Raises BadAddress where the URL can't be called, Blocked where it does not lead to what may be called.

        A name that is not found is Blocked like one of the inside: who asks must not learn which names there are.
        """
        host, port = parse(url)
        try:
            async with asyncio.timeout(CHECK_DEADLINE_SECONDS):
                await self.addresses(host, port)
        except (Unreachable, TimeoutError) as error:
            raise Blocked(NOT_PUBLIC) from error

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> OutboundResponse:
        """The answer, whatever its status. Raises Blocked, Unreachable, TimedOut."""
        try:
            async with asyncio.timeout(self.deadline):
                parse(url)
                return await (await self._transport()).post(url, headers, body)
        except InvalidUrl as error:
            raise Blocked(str(error)) from error
        except TimeoutError as error:
            raise TimedOut(f"No answer within {self.deadline:g} s") from error

    async def addresses(self, host: str, port: int) -> Sequence[Address]:
        """The addresses of a name, every one of which may be called. Raises Blocked, Unreachable."""
        try:
            found = [parse_address(text) for text in await self._resolve(host.rstrip("."), port)]
        except (OSError, UnicodeError, ValueError) as error:
            raise Unreachable("The name was not found") from error
        if not found:
            raise Unreachable("The name was not found")
        if not all(is_allowed(address, self._allowed) for address in found):
            raise Blocked(NOT_PUBLIC)
        return list(dict.fromkeys(found))

    async def _transport(self) -> "PinnedClient":
        if self._wire is None:
            self._wire = await in_thread(_wire, self)
        return self._wire


def _wire(outbound: Outbound) -> "PinnedClient":
    from app.outbound.transport import PinnedClient  # a fifth of a second that a start does not need

    return PinnedClient(outbound.addresses)


def parse(url: str) -> tuple[str, int]:
    """The host and the port of an address that can be called. Raises BadAddress."""
    if len(url) > MAX_URL_LENGTH:
        raise InvalidUrl(f"This may have {MAX_URL_LENGTH} characters at most; it has {len(url)}.")
    if any(character <= " " or character in '\\<>"^`{|}\x7f' for character in url):
        raise InvalidUrl("This must have no spaces, quotes, braces, backslashes or control characters.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidUrl(NOT_AN_ADDRESS) from error
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        raise InvalidUrl(NOT_AN_ADDRESS)
    if parts.username is not None or parts.password is not None:
        raise InvalidUrl("This must have no user name and no password.")
    return _canonical(host), port or {"http": 80, "https": 443}[parts.scheme]


def _canonical(host: str) -> str:
    """The host in ASCII. What looks like an IPv4 address must be one in full: of others programs think differently."""
    name = host.rstrip(".")
    try:
        if ":" in name:
            return name
        if name.rpartition(".")[2][:1].isdigit():
            IPv4Address(name)
        return name if name.isascii() else _punycode(name)
    except ValueError as error:
        raise InvalidUrl(NOT_AN_ADDRESS) from error


def _punycode(name: str) -> str:
    import idna  # its tables are large, and few names need them

    return idna.encode(name).decode()


class NameResolver:
    """Asks the system, in threads of its own: names that are slow to resolve must not hold up the disks."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    async def __call__(self, host: str, port: int) -> Iterable[str]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="pichub-names")
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _getaddrinfo, host, port)
        return dict.fromkeys(found)


def _getaddrinfo(host: str, port: int) -> list[str]:
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
