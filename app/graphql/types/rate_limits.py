from datetime import datetime
from typing import Self

import strawberry

from app.graphql.context import Info
from app.ratelimits.base import WindowStats
from app.resolvers import limits


@strawberry.type(description="So much in so many seconds.")
class RateLimitWindow:
    policy: str = strawberry.field(description="What is counted: `api` requests, or `upload` files.")
    limit: int = strawberry.field(description="How many there may be in a period.")
    remaining: int = strawberry.field(description="How many more there may be in this one.")
    period: int = strawberry.field(description="Its length in seconds. It begins with the first of them.")
    reset_at: datetime = strawberry.field(description="When all of them are back.")

    @classmethod
    def of(cls, left: WindowStats) -> Self:
        return cls(
            policy=left.policy.name,
            limit=left.window.amount,
            remaining=left.remaining,
            period=left.window.period,
            reset_at=left.resets_at,
        )


@strawberry.type(
    description="What the caller may still do: of what this operation spent, the window with the least left."
)
class RateLimit:
    limit: int | None = strawberry.field(
        description="As the header X-RateLimit-Limit; null where nothing is limited."
    )
    remaining: int | None = strawberry.field(
        description="As the header X-RateLimit-Remaining, with this operation counted; null where nothing is limited."
    )
    reset_at: datetime | None = strawberry.field(
        description="As the header X-RateLimit-Reset; null where nothing is limited."
    )
    windows: list[RateLimitWindow] = strawberry.field(
        description="All windows: of requests, and of uploads where somebody is signed in."
    )

    cost: int = strawberry.field(
        description="What this operation costs: the objects that it may have to find, by its page sizes."
    )
    max_cost: int = strawberry.field(
        description="What an operation may cost; one that costs more is not run."
    )

    @classmethod
    def of(cls, standing: limits.RateLimitStatus, *, cost: int, max_cost: int) -> Self:
        left = standing.most_restrictive
        return cls(
            limit=left.window.amount if left else None,
            remaining=left.remaining if left else None,
            reset_at=left.resets_at if left else None,
            windows=[RateLimitWindow.of(each) for each in standing.windows],
            cost=cost,
            max_cost=max_cost,
        )


@strawberry.type
class RateLimitQueries:
    @strawberry.field(
        description="What the caller may still do: what the headers of the answer say, as data."
    )
    async def rate_limit(self, info: Info) -> RateLimit:
        ctx = info.context.ctx
        return RateLimit.of(
            await limits.status(ctx),
            cost=info.context.cost,
            max_cost=ctx.services.settings.graphql_max_cost,
        )
