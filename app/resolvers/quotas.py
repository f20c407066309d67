"""Quotas: bytes that an account may store."""

from dataclasses import dataclass

from app.context import Context
from app.errors import OverQuota
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
    check(ctx, account, max(1, size - FORM_OVERHEAD_BYTES))


def check(ctx: Context, account: Account, size: int, *, held: int = 0) -> None:
    """Refuse a file that does not fit now beside the `held` bytes of open uploads. Raises OverQuota."""
    usage = account_usage(ctx, account)
    if usage.remaining is not None and size + held > usage.remaining:
        raise _full(usage, size, held)


async def reserve(ctx: Context, account_id: str, size: int) -> None:
    """Count an image of `size` bytes in the transaction that stores it. Raises OverQuota."""
    default = ctx.services.settings.quota
    if not await Account.add_image(account_id, size, default_quota=default):
        raise _full(account_usage(ctx, await Account.get(id=account_id)), size)


def _full(usage: Usage, size: int, held: int = 0) -> OverQuota:
    open_uploads = " Open uploads reserve {held:size}." if held else ""
    return OverQuota(
        "Your account uses {used:size} of its quota of {quota:size}; the upload has {size:size}."
        + open_uploads
        + " Delete something first.",
        reason="over_quota",
        used=usage.bytes,
        quota=usage.quota or 0,
        size=size,
        held=held,
    )
