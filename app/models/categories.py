from typing import Self

from tortoise import fields
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.models.accounts import Account
from app.models.columns import id_column


class Category(Model):
    """A private, account-level category. An image is in one category at most."""

    id = id_column()
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "pichub.Account", related_name="categories", on_delete=fields.CASCADE
    )
    owner_id: str
    name = fields.CharField(max_length=100)
    description = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "categories"
        unique_together = (("owner", "name"),)
        indexes = (("owner_id", "created_at", "id"),)

    @classmethod
    def owned_by(cls, account_id: str) -> QuerySet[Self]:
        return cls.filter(owner_id=account_id)
