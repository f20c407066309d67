"""What a resolver is given: the services it works with, and who asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from app import client_address
from app.auth.actor import WIDER, Actor, Scope
from app.auth.last_used import LastUsed
from app.auth.passwords import Passwords
from app.caching.epochs import CacheEpochs
from app.caching.response_cache import EpochCache
from app.coordination.locks.base import DistributedLock
from app.coordination.notifier.base import Notifier
from app.coordination.redis.client import RedisClient
from app.coordination.single_flight import SingleFlight
from app.errors import Forbidden, MissingScope, RateLimited, Unauthorized
from app.events.feed import EventFeed
from app.imaging.presets import Presets
from app.imaging.workers.pool import WorkerPool
from app.models import Image, Role, Session
from app.observability.health import Health
from app.observability.metrics import Metrics
from app.observability.tracing import Tracing
from app.outbound.post import Outbound
from app.ratelimits.base import Allowance, Limiter
from app.ratelimits.policies import Policy
from app.settings import Settings
from app.signing.keyring import Keyring
from app.storage.base import Storage
from app.urls import UrlBuilder


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """An answer of 200 to everyone: its body, and its headers as they are sent."""

    etag: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


ResponseCache: TypeAlias = EpochCache[bytes, CachedResponse]
"""Answers, by the address that was asked."""
ImageCache: TypeAlias = EpochCache[str, Image]
"""Images with their albums, by id: those that pictures are asked of."""


class RateLimit(StrEnum):
    """What may be spent. An account has `API` and `UPLOAD`, and so has an address from which nobody signed in."""

    API = "api"
    UPLOAD = "upload"
    AUTH_FAILURES = "failures"
    RENDERS = "misses"

    @property
    def is_per_address(self) -> bool:
        """Whether it is the address that spends, whoever signed in."""
        return self in {RateLimit.AUTH_FAILURES, RateLimit.RENDERS}


ConsumedLimits: TypeAlias = dict[RateLimit, Allowance]
"""What is left of each budget that a request spent, and that its answer tells of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts that the composition chose, the same for every request."""

    settings: Settings
    storage: Storage
    imaging: WorkerPool
    presets: Presets
    renders: SingleFlight[Any]
    locks: DistributedLock
    cache_epochs: CacheEpochs
    response_cache: ResponseCache
    image_cache: ImageCache
    keyring: Keyring
    notifier: Notifier
    feed: EventFeed
    outbound: Outbound
    metrics: Metrics
    limiter: Limiter
    policies: Mapping[RateLimit, Policy]
    tracing: Tracing
    health: Health
    urls: UrlBuilder
    passwords: Passwords
    last_used: LastUsed
    clock: Callable[[], datetime]
    redis: RedisClient | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """One request's view of the house. `actor` is None where nobody has signed in; `address` is the client's.

    `is_operator` is for the command line: who may read the database may do what admins may.
    """

    services: Services
    actor: Actor | None = None
    request_id: str = ""
    address: str = ""
    consumed: ConsumedLimits = field(default_factory=dict)
    is_operator: bool = False

    def signed_in(self) -> Actor:
        """Who asks. Raises Unauthorized where nobody does."""
        if self.actor is None:
            raise Unauthorized(
                "Authentication required",
                "Send an API token in the header 'Authorization: Bearer YOUR_API_TOKEN'",
                reason="authentication_required",
            )
        return self.actor

    def require(self, scope: Scope) -> Actor:
        """Who asks, if they may. Raises Unauthorized where nobody does, MissingScope where the token is too narrow."""
        actor = self.signed_in()
        self.allow(scope)
        return actor

    def require_session(self) -> Session:
        """The session of who asks, for what a key must not do. Raises Unauthorized, Forbidden."""
        session = self.signed_in().session
        if session is None:
            raise Forbidden(
                "This requires a session; an API token can't create tokens or change the account",
                reason="session_required",
            )
        return session

    def require_admin(self) -> None:
        """Raises Unauthorized where nobody asks, Forbidden where it is not an admin that has signed in."""
        if self.is_operator:
            return
        if self.signed_in().account.role is not Role.ADMIN:
            raise Forbidden("Only admins can do this", reason="admin_only")
        self.require_session()

    def require_operator(self) -> None:
        """Raises Forbidden for all but the command line."""
        if not self.is_operator:
            raise Forbidden("Only the command line can do this", reason="command_line_only")

    def allow(self, scope: Scope) -> None:
        """For what is open to all: a token's scopes bind its bearer even there. Raises MissingScope."""
        if self.actor is not None and not self.actor.may(scope):
            raise MissingScope(scope, sorted(self.actor.scopes), wider=WIDER.get(scope))

    async def consume(self, budget: RateLimit, cost: int = 1) -> None:
        """Counts what the caller does. Raises RateLimited, and nothing was counted, where that is too much."""
        try:
            allowance = await self.services.limiter.consume(
                self.services.policies[budget], self.rate_limit_key(budget), cost
            )
        except RateLimited:
            self._record(budget, await self.peek(budget))
            raise
        self._record(budget, allowance)

    async def peek(self, budget: RateLimit) -> Allowance | None:
        """What the caller may still do; None where there is no limit."""
        return await self.services.limiter.peek(self.services.policies[budget], self.rate_limit_key(budget))

    def rate_limit_key(self, budget: RateLimit) -> str:
        """Under what the caller's spending is counted."""
        if self.actor is None or budget.is_per_address:
            return client_address.rate_limit_key(self.address)
        return self.actor.id

    def _record(self, budget: RateLimit, allowance: Allowance | None) -> None:
        if allowance is not None and not budget.is_per_address:
            self.consumed[budget] = allowance

    @property
    def account_id(self) -> str | None:
        """The id of the account that asks, for questions of visibility."""
        return self.actor.id if self.actor else None

    def now(self) -> datetime:
        return self.services.clock()
