from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from tortoise import fields
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.models.accounts import Account
from app.models.columns import id_column
from app.models.images import Image


class UploadState(StrEnum):
    """State of a resumable upload."""

    RECEIVING = "receiving"
    DONE = "done"
    REFUSED = "refused"


class UploadTicket(Model):
    """A resumable upload: a file sent in pieces over any number of connections, and the metadata of its image.

    The bytes before `offset` are in storage: `pieces` has their names and sizes in order. `offset` only grows, and
    changes only from the value that the writer has seen. `metadata` is the tus client's, verbatim. `error` has the
    error that refused the image.
    """

    id = id_column()
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "pichub.Account", related_name="upload_tickets", on_delete=fields.CASCADE
    )
    owner_id: str
    state = fields.CharEnumField(UploadState, max_length=16, default=UploadState.RECEIVING)
    size = fields.BigIntField()
    offset = fields.BigIntField(default=0)
    pieces: Any = fields.JSONField()

    filename = fields.CharField(max_length=255)
    title = fields.CharField(max_length=200, null=True)
    description = fields.TextField(null=True)
    tags: Any = fields.JSONField()
    album_id = fields.CharField(max_length=32, null=True)
    category_id = fields.CharField(max_length=32, null=True)
    metadata = fields.TextField(null=True)

    image: fields.ForeignKeyNullableRelation[Image] = fields.ForeignKeyField(
        "pichub.Image", related_name="upload_tickets", on_delete=fields.SET_NULL, null=True, db_index=True
    )
    image_id: str | None
    error: Any = fields.JSONField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "upload_tickets"
        indexes = (("owner_id", "state"),)

    @classmethod
    def owned_by(cls, account_id: str | None) -> QuerySet[Self]:
        """An account's uploads, with their images and albums."""
        return cls.filter(owner_id=account_id).select_related("image__album")

    @classmethod
    def receiving(cls, now: datetime) -> QuerySet[Self]:
        """Uploads that still accept bytes."""
        return cls.filter(state=UploadState.RECEIVING, expires_at__gt=now)

    @property
    def is_receiving(self) -> bool:
        return self.state is UploadState.RECEIVING

    @property
    def is_whole(self) -> bool:
        """True if all bytes have arrived."""
        whole: bool = self.offset == self.size
        return whole

    def has_expired(self, now: datetime) -> bool:
        expired: bool = self.is_receiving and self.expires_at <= now
        return expired
