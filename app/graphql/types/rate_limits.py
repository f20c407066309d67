from datetime import datetime
from typing import Self

import strawberry

from app.graphql.context import Info
from app.ratelimits.base import WindowStats
from app.resolvers import limits


@strawberry.type(description="A rate limit and its current window.")
class RateLimitWindow:
    policy: str = strawberry.field(
        description="The policy: `api` limits requests, `upload` limits uploaded files."
    )
    limit: int = strawberry.field(description="The maximum number in a window.")
    remaining: int = strawberry.field(description="The number left in the current window.")
    period: int = strawberry.field(
        description="The length of the window in seconds. It starts with the first request or upload."
    )
    reset_at: datetime = strawberry.field(description="When the window resets.")

    @classmethod
    def of(cls, stats: WindowStats) -> Self:
        return cls(
            policy=stats.policy.name,
            limit=stats.window.amount,
            remaining=stats.remaining,
            period=stats.window.period,
            reset_at=stats.resets_at,
        )


@strawberry.type(
    description=(
        "The caller's rate limits. `limit`, `remaining` and `resetAt` describe the most restrictive "
        "window that this operation counts against."
    )
)
class RateLimit:
    limit: int | None = strawberry.field(
        description="The limit, as in X-RateLimit-Limit. Null if there are no limits."
    )
    remaining: int | None = strawberry.field(
        description="The number left after this operation, as in X-RateLimit-Remaining. Null if there are no limits."
    )
    reset_at: datetime | None = strawberry.field(
        description="When the window resets, as in X-RateLimit-Reset. Null if there are no limits."
    )
    windows: list[RateLimitWindow] = strawberry.field(
        description="All windows of requests and, for authenticated callers, of uploads."
    )

    cost: int = strawberry.field(
        description="The cost of this operation: the maximum number of objects it may return, by its page sizes."
    )
    max_cost: int = strawberry.field(
        description="The maximum cost of an operation. Operations above it are rejected."
    )

    @classmethod
    def of(cls, status: limits.RateLimitStatus, *, cost: int, max_cost: int) -> Self:
        strictest = status.most_restrictive
        return cls(
            limit=strictest.window.amount if strictest else None,
            remaining=strictest.remaining if strictest else None,
            reset_at=strictest.resets_at if strictest else None,
            windows=[RateLimitWindow.of(window) for window in status.windows],
            cost=cost,
            max_cost=max_cost,
        )


@strawberry.type
class RateLimitQueries:
    @strawberry.field(description="The caller's rate limits, as in the response headers.")
    async def rate_limit(self, info: Info) -> RateLimit:
        ctx = info.context.ctx
        return RateLimit.of(
            await limits.status(ctx),
            cost=info.context.cost,
            max_cost=ctx.services.settings.graphql_max_cost,
        )
