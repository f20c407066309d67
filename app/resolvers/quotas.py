"""Quotas: bytes that an account may store."""

from dataclasses import dataclass

from app.context import Context
from app.errors import OverQuota, format_size
from app.models import Account
from app.uploads.multipart import FORM_OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class Usage:
    """Stored bytes of originals, and the quota; None is unlimited."""

    bytes: int
    images: int
    quota: int | None

    @property
    def remaining(self) -> int | None:
        """Bytes that may still be stored; None if unlimited."""
        return None if self.quota is None else max(0, self.quota - self.bytes)


def account_usage(ctx: Context, account: Account) -> Usage:
    quota = account.quota_or(ctx.services.settings.quota)
    return Usage(bytes=account.bytes_used, images=account.image_count, quota=quota)


def check_declared(ctx: Context, account: Account, declared: int | None) -> None:
    """Refuse a body that can't fit, before reading it. Raises OverQuota.

    `declared` is its length in bytes, up to `FORM_OVERHEAD_BYTES` of which may not be files.
    """
    size = declared or 0
    check(
        ctx,
        account,
        max(1, size - FORM_OVERHEAD_BYTES),
        what=f"upload has {format_size(size)}" if size else "",
    )


def check(ctx: Context, account: Account, size: int, *, what: str | None = None) -> None:
    """Refuse a file that does not fit now, before processing it. Raises OverQuota."""
    usage = account_usage(ctx, account)
    if usage.remaining is not None and size > usage.remaining:
        raise _full(usage, _describe_size(size) if what is None else what)


async def reserve(ctx: Context, account_id: str, size: int) -> None:
    """Count an image of `size` bytes in the transaction that stores it. Raises OverQuota."""
    default = ctx.services.settings.quota
    if not await Account.add_image(account_id, size, default_quota=default):
        raise _full(account_usage(ctx, await Account.get(id=account_id)), _describe_size(size))


def _describe_size(size: int) -> str:
    return f"file has {format_size(size)}"


def _full(usage: Usage, what: str) -> OverQuota:
    used, quota = format_size(usage.bytes), format_size(usage.quota or 0)
    yours = f"; your {what}" if what else ""
    error = OverQuota(f"Your account uses {used} of its quota of {quota}{yours}. Delete something first.")
    error.params |= {"used": usage.bytes, "quota": usage.quota}
    return error
