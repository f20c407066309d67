from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.models.accounts import Account
from app.models.columns import id_column

MAX_SESSIONS = 100


class Session(Model):
    """A signed-in browser. Only the digest of its cookie is stored."""

    id = id_column()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "pichub.Account", related_name="sessions", on_delete=fields.CASCADE
    )
    account_id: str
    digest = fields.CharField(max_length=64, unique=True)
    user_agent = fields.CharField(max_length=200)
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sessions"
        indexes = (("account_id", "created_at", "id"),)

    @classmethod
    def active_of(cls, account_id: str, now: datetime) -> QuerySet[Self]:
        """Active sessions of an account, newest first."""
        held = cls.filter(account_id=account_id, revoked_at=None, expires_at__gt=now)
        return held.order_by("-created_at", "-id")

    @classmethod
    async def end_all(cls, account_id: str, now: datetime, *, but: str | None = None) -> None:
        """End all sessions of an account, except the one with the id `but`."""
        ended = cls.filter(account_id=account_id, revoked_at=None)
        await (ended.exclude(id=but) if but else ended).update(revoked_at=now)

    @classmethod
    async def prune(cls, account_id: str, now: datetime) -> None:
        """Delete an account's expired sessions, and the oldest beyond `MAX_SESSIONS`."""
        await cls.filter(account_id=account_id, expires_at__lte=now).delete()
        surplus = await cls.active_of(account_id, now).offset(MAX_SESSIONS).values_list("id", flat=True)
        if surplus:
            await cls.filter(id__in=list(surplus)).update(revoked_at=now)

    def is_active(self, now: datetime) -> bool:
        """True if the session is valid now. The account must be loaded."""
        return self.revoked_at is None and now < self.expires_at and not self.account.is_disabled
