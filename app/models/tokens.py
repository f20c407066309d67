from datetime import datetime
from typing import Any, Self

from tortoise import fields
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.models.accounts import Account
from app.models.albums import Album
from app.models.columns import id_column


class ApiToken(Model):
    """An API token of an account. Only the digest of its text and a hint for lists are stored.

    Uploads with it go to `album` by default.
    """

    id = id_column()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "pichub.Account", related_name="tokens", on_delete=fields.CASCADE
    )
    account_id: str
    album: fields.ForeignKeyNullableRelation[Album] = fields.ForeignKeyField(
        "pichub.Album", related_name="tokens", on_delete=fields.SET_NULL, null=True
    )
    album_id: str | None
    name = fields.CharField(max_length=100)
    digest = fields.CharField(max_length=64, unique=True)
    hint = fields.CharField(max_length=32)
    scopes: Any = fields.JSONField()
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_tokens"
        indexes = (("account_id", "created_at", "id"), ("album_id",))

    @classmethod
    def owned_by(cls, account_id: str) -> QuerySet[Self]:
        """An account's tokens that were not revoked, with their albums; expired ones are included."""
        return cls.filter(account_id=account_id, revoked_at=None).select_related("album")

    def is_active(self, now: datetime) -> bool:
        """True if the token is valid now. The account must be loaded."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not expired and not self.account.is_disabled
