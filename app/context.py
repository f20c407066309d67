"""Context of a resolver: the services and the caller."""

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


class RateLimit(StrEnum):
    """Rate limits. `API` and `UPLOAD` count per account, or per address for anonymous callers."""

    API = "api"
    UPLOAD = "upload"
    AUTH_FAILURES = "failures"
    RENDERS = "misses"

    @property
    def is_per_address(self) -> bool:
        """True if the limit counts per address even for signed-in callers."""
        return self in {RateLimit.AUTH_FAILURES, RateLimit.RENDERS}


ConsumedLimits: TypeAlias = dict[RateLimit, Allowance]
"""Remaining allowance per rate limit, for the response headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageServices:
    """Rendering of variants, and the URLs of images."""

    workers: WorkerPool
    presets: Presets
    renders: SingleFlight[Any]
    """Renders in progress, by storage key."""
    urls: UrlBuilder
    keyring: Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheServices:
    """Caches in memory, and their invalidation."""

    epochs: CacheEpochs
    responses: EpochCache[bytes, Any]
    """Responses of the REST interface, by URL."""
    images: EpochCache[str, Image]
    """Images with their albums, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessServices:
    """Credentials and rate limits."""

    passwords: Passwords
    last_used: LastUsed
    limiter: Limiter
    policies: Mapping[RateLimit, Policy]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventServices:
    """Events and their delivery to subscribers and webhooks."""

    notifier: Notifier
    feed: EventFeed
    outbound: Outbound


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinationServices:
    """Coordination with other processes. Without Redis they share only this machine's disk."""

    locks: DistributedLock
    redis: RedisClient | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservabilityServices:
    metrics: Metrics
    tracing: Tracing
    health: Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Services chosen by the composition, shared by all requests."""

    settings: Settings
    clock: Callable[[], datetime]
    storage: Storage
    images: ImageServices
    cache: CacheServices
    access: AccessServices
    events: EventServices
    coordination: CoordinationServices
    observability: ObservabilityServices


@dataclass(frozen=True, slots=True)
class Context:
    """Context of one request. `actor` is None for anonymous callers; `address` is the client's.

    `is_operator` is set by the command line, which may do what admins may.
    """

    services: Services
    actor: Actor | None = None
    request_id: str = ""
    address: str = ""
    consumed: ConsumedLimits = field(default_factory=dict)
    is_operator: bool = False

    def require_actor(self) -> Actor:
        """Return the caller. Raises Unauthorized for anonymous callers."""
        if self.actor is None:
            raise Unauthorized(
                "Authentication required",
                "Send an API token in the header 'Authorization: Bearer YOUR_API_TOKEN'",
                reason="authentication_required",
            )
        return self.actor

    def require(self, scope: Scope) -> Actor:
        """Return the caller, who must have the scope. Raises Unauthorized, MissingScope."""
        actor = self.require_actor()
        self.require_token_scope(scope)
        return actor

    def require_session(self) -> Session:
        """Return the caller's session, for operations closed to tokens. Raises Unauthorized, Forbidden."""
        session = self.require_actor().session
        if session is None:
            raise Forbidden(
                "This requires a session; an API token can't create tokens or change the account",
                reason="session_required",
            )
        return session

    def require_admin(self) -> None:
        """Raise Unauthorized for anonymous callers, Forbidden unless a signed-in admin calls."""
        if self.is_operator:
            return
        if self.require_actor().account.role is not Role.ADMIN:
            raise Forbidden("Only admins can do this", reason="admin_only")
        self.require_session()

    def require_operator(self) -> None:
        """Raise Forbidden unless the command line calls."""
        if not self.is_operator:
            raise Forbidden("Only the command line can do this", reason="command_line_only")

    def require_token_scope(self, scope: Scope) -> None:
        """Check a token's scope for public data, which anonymous callers may read. Raises MissingScope."""
        if self.actor is not None and not self.actor.may(scope):
            raise MissingScope(scope, sorted(self.actor.scopes), wider=WIDER.get(scope))

    async def consume(self, limit: RateLimit, cost: int = 1) -> None:
        """Consume from a rate limit. Raises RateLimited, without counting, if too little is left."""
        try:
            allowance = await self.services.access.limiter.consume(
                self.services.access.policies[limit], self.rate_limit_key(limit), cost
            )
        except RateLimited:
            self._record(limit, await self.peek(limit))
            raise
        self._record(limit, allowance)

    async def peek(self, limit: RateLimit) -> Allowance | None:
        """Return the remaining allowance; None if there is no limit."""
        return await self.services.access.limiter.peek(
            self.services.access.policies[limit], self.rate_limit_key(limit)
        )

    def rate_limit_key(self, limit: RateLimit) -> str:
        """Return the key under which the caller is counted."""
        if self.actor is None or limit.is_per_address:
            return client_address.rate_limit_key(self.address)
        return self.actor.id

    def _record(self, limit: RateLimit, allowance: Allowance | None) -> None:
        if allowance is not None and not limit.is_per_address:
            self.consumed[limit] = allowance

    @property
    def account_id(self) -> str | None:
        """Id of the caller's account, for visibility conditions."""
        return self.actor.id if self.actor else None

    def now(self) -> datetime:
        return self.services.clock()
