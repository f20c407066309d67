from datetime import datetime
from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.expressions import F
from tortoise.models import Model

from app.models.columns import id_column


class Role(StrEnum):
    """What an account may do beyond its own things."""

    ADMIN = "admin"
    MEMBER = "member"


class Account(Model):
    """Someone who owns images. What it counts is kept in the transactions that change it."""

    id = id_column()
    username = fields.CharField(max_length=64, unique=True)
    password_hash = fields.CharField(max_length=255)
    role = fields.CharEnumField(Role, max_length=16, default=Role.MEMBER)
    bytes_used = fields.BigIntField(default=0)
    image_count = fields.IntField(default=0)
    created_at = fields.DatetimeField()

    class Meta:
        table = "accounts"

    @classmethod
    async def count_images(cls, account_id: str, *, images: int, size: int) -> None:
        """Adds to the number of images that an account has, and to the bytes of their originals."""
        await cls.filter(id=account_id).update(
            image_count=F("image_count") + images, bytes_used=F("bytes_used") + size
        )


class ApiToken(Model):
    """A key that acts for an account. Of its text only the digest is kept, and a hint that lists may show."""

    id = id_column()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "pichub.Account", related_name="tokens", on_delete=fields.CASCADE
    )
    account_id: str
    name = fields.CharField(max_length=100)
    digest = fields.CharField(max_length=64, unique=True)
    hint = fields.CharField(max_length=32)
    scopes: Any = fields.JSONField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_tokens"

    def holds(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
