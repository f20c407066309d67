"""What the caller may still do."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.context import Context, RateLimit
from app.ratelimits.base import WindowStats, most_restrictive


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """`least` is the window that this request's headers speak of; None where nothing is limited."""

    most_restrictive: WindowStats | None
    windows: Sequence[WindowStats]


async def status(ctx: Context) -> RateLimitStatus:
    """Requests, and uploads of whoever signed in, with what this request has spent counted."""
    budgets = (RateLimit.API, RateLimit.UPLOAD) if ctx.actor else (RateLimit.API,)
    allowances = [ctx.consumed.get(budget) or await ctx.peek(budget) for budget in budgets]
    windows = [left for allowance in allowances if allowance for left in allowance.windows]
    told = [left for allowance in ctx.consumed.values() for left in allowance.windows]
    return RateLimitStatus(most_restrictive(told) if told else None, windows)
