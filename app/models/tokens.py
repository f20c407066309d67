from datetime import datetime
from typing import Any, Self

from tortoise import fields
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.models.accounts import Account
from app.models.albums import Album
from app.models.columns import id_column


class ApiToken(Model):
    """A key that acts for an account. Of its text only the digest is kept, and a hint that lists may show.

    What is uploaded with it lands in `album`, unless the upload says otherwise.
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
        """Those of an account that were not revoked, each with its album; expired ones are among them."""
        return cls.filter(account_id=account_id, revoked_at=None).select_related("album")

    def is_active(self, now: datetime) -> bool:
        """Whether it still opens anything. The account must have been loaded with it."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not expired and not self.account.is_disabled
