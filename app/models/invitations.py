from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.models.accounts import Account
from app.models.columns import id_column


class Invitation(Model):
    """A code for creating one account. Only its digest is stored.

    Used and revoked invitations are deleted.
    """

    id = id_column()
    creator: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "pichub.Account", related_name="invitations", on_delete=fields.CASCADE
    )
    creator_id: str
    note = fields.CharField(max_length=200, null=True)
    digest = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "invitations"

    @classmethod
    def open(cls, now: datetime) -> QuerySet[Self]:
        """Invitations that can still be used, newest first."""
        return cls.filter(expires_at__gt=now).order_by("-created_at", "-id")
