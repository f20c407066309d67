"""The caller's remaining allowances."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.context import Context, RateLimit
from app.ratelimits.base import WindowStats, most_restrictive


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """`most_restrictive` is the window in this request's headers; None if nothing is limited."""

    most_restrictive: WindowStats | None
    windows: Sequence[WindowStats]


async def status(ctx: Context) -> RateLimitStatus:
    """Return the windows of requests and, for signed-in callers, uploads, including this request."""
    budgets = (RateLimit.API, RateLimit.UPLOAD) if ctx.actor else (RateLimit.API,)
    allowances = [ctx.consumed.get(budget) or await ctx.peek(budget) for budget in budgets]
    windows = [left for allowance in allowances if allowance for left in allowance.windows]
    told = [left for allowance in ctx.consumed.values() for left in allowance.windows]
    return RateLimitStatus(most_restrictive(told) if told else None, windows)
