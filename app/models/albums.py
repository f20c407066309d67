from typing import Self

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.models.accounts import Account
from app.models.columns import id_column


class Album(Model):
    """A group of images. A private album and its images are visible to its owner only.

    Its counter is updated in the transactions that change it.
    """

    id = id_column()
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "pichub.Account", related_name="albums", on_delete=fields.CASCADE
    )
    owner_id: str
    name = fields.CharField(max_length=200)
    description = fields.TextField(null=True)
    is_public = fields.BooleanField(default=True)
    image_count = fields.IntField(default=0)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "albums"
        indexes = (("owner_id", "created_at", "id"),)

    @classmethod
    def owned_by(cls, account_id: str) -> QuerySet[Self]:
        return cls.filter(owner_id=account_id)

    @classmethod
    def visible_to(cls, account_id: str | None) -> QuerySet[Self]:
        """Public albums, and those of the account."""
        return cls.filter(Q(is_public=True) | Q(owner_id=account_id))

    @classmethod
    async def count_images(cls, album_id: str | None, change: int) -> None:
        """Add `change` to the image count of an album, if there is one."""
        if album_id is not None and change:
            await cls.filter(id=album_id).update(image_count=F("image_count") + change)
