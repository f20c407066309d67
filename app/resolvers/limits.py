"""What the caller may still do."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.context import Budget, Context
from app.ratelimits.base import WindowStats, most_restrictive


@dataclass(frozen=True, slots=True)
class Standing:
    """`least` is the window that this request's headers speak of; None where nothing is limited."""

    least: WindowStats | None
    windows: Sequence[WindowStats]


async def standing(ctx: Context) -> Standing:
    """Requests, and uploads of whoever signed in, with what this request has spent counted."""
    budgets = (Budget.API, Budget.UPLOAD) if ctx.actor else (Budget.API,)
    allowances = [ctx.spent.get(budget) or await ctx.look(budget) for budget in budgets]
    windows = [left for allowance in allowances if allowance for left in allowance.windows]
    told = [left for allowance in ctx.spent.values() for left in allowance.windows]
    return Standing(most_restrictive(told) if told else None, windows)
