"""Quotas: how many bytes an account may keep, and who is refused for it."""

from dataclasses import dataclass

from app.context import Context
from app.errors import OverQuota, written_size
from app.models import Account
from app.uploads.multipart import FORM_OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account keeps, in bytes of originals. `quota` is None where there is no bound."""

    bytes: int
    images: int
    quota: int | None

    @property
    def remaining(self) -> int | None:
        """How many bytes more it may keep; None where there is no bound."""
        return None if self.quota is None else max(0, self.quota - self.bytes)


def account_usage(ctx: Context, account: Account) -> Usage:
    quota = account.quota_or(ctx.services.settings.quota)
    return Usage(bytes=account.bytes_used, images=account.image_count, quota=quota)


def check_declared(ctx: Context, account: Account, declared: int | None) -> None:
    """Refuses a body that can't but hold more than there is room for, before it is read. Raises OverQuota.

    `declared` is its length in bytes, of which up to `ALLOWANCE` may be other things than files.
    """
    size = declared or 0
    check(
        ctx,
        account,
        max(1, size - FORM_OVERHEAD_BYTES),
        what=f"upload has {written_size(size)}" if size else "",
    )


def check(ctx: Context, account: Account, size: int, *, what: str | None = None) -> None:
    """Refuses what had no room when the account was read, before work is done on it. Raises OverQuota."""
    usage = account_usage(ctx, account)
    if usage.remaining is not None and size > usage.remaining:
        raise _full(usage, _describe_size(size) if what is None else what)


async def reserve(ctx: Context, account_id: str, size: int) -> None:
    """Counts an image of `size` bytes, in the transaction that keeps it. Raises OverQuota where there is no room."""
    default = ctx.services.settings.quota
    if not await Account.add_image(account_id, size, default_quota=default):
        raise _full(account_usage(ctx, await Account.get(id=account_id)), _describe_size(size))


def _describe_size(size: int) -> str:
    return f"file has {written_size(size)}"


def _full(usage: Usage, what: str) -> OverQuota:
    used, quota = written_size(usage.bytes), written_size(usage.quota or 0)
    yours = f"; your {what}" if what else ""
    return OverQuota(f"Your account uses {used} of its quota of {quota}{yours}. Delete something first.")
