from collections import Counter
from collections.abc import Sequence
from typing import Any, Self

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.db.prepared import row_cache
from app.models.accounts import Account
from app.models.albums import Album
from app.models.categories import Category
from app.models.columns import id_column


class Image(Model):
    """An image: facts determined at upload, and metadata from its owner.

    Its bytes are in storage under `key` and never change. `width` and `height` are those of the upright image.
    `tags` are stored here for reading and in ImageTag for filtering.
    """

    id = id_column()
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "pichub.Account", related_name="images", on_delete=fields.CASCADE
    )
    owner_id: str
    album: fields.ForeignKeyNullableRelation[Album] = fields.ForeignKeyField(
        "pichub.Album", related_name="images", on_delete=fields.SET_NULL, null=True
    )
    album_id: str | None
    category: fields.ForeignKeyNullableRelation[Category] = fields.ForeignKeyField(
        "pichub.Category", related_name="images", on_delete=fields.SET_NULL, null=True
    )
    category_id: str | None

    filename = fields.CharField(max_length=255)
    title = fields.CharField(max_length=200, null=True)
    description = fields.TextField(null=True)
    tags: Any = fields.JSONField()

    key = fields.CharField(max_length=255)
    size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    format = fields.CharField(max_length=8)
    width = fields.IntField()
    height = fields.IntField()
    frames = fields.IntField()
    has_alpha = fields.BooleanField()
    thumbhash = fields.CharField(max_length=64)
    dominant_color = fields.CharField(max_length=7)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "images"
        indexes = (
            ("owner_id", "created_at", "id"),
            ("owner_id", "filename", "id"),
            ("owner_id", "size", "id"),
            ("album_id", "created_at", "id"),
            ("category_id", "created_at", "id"),
        )

    @classmethod
    def with_album(cls) -> QuerySet[Self]:
        """Images with their albums, which decide whether an image is public."""
        return cls.all().select_related("album")

    @classmethod
    def owned_by(cls, account_id: str) -> QuerySet[Self]:
        return cls.with_album().filter(owner_id=account_id)

    @classmethod
    def visible_to(cls, account_id: str | None) -> QuerySet[Self]:
        """Images without an album or in a public one, and those of the account."""
        return cls.with_album().filter(cls.is_public_filter() | Q(owner_id=account_id))

    @classmethod
    def is_public_filter(cls) -> Q:
        """The condition of `is_public`."""
        return Q(album_id=None) | Q(album__is_public=True)

    @classmethod
    def matching(cls, text: str) -> Q:
        """The condition that an image's texts contain this text, ignoring case."""
        return Q(filename__icontains=text) | Q(title__icontains=text) | Q(description__icontains=text)

    @property
    def presented(self) -> dict[Any, Any] | None:
        """Cached presentations of this row, by interface; None if the row is not cached."""
        return row_cache(self)

    @property
    def is_public(self) -> bool:
        """True if anyone with the link may see the image. The album must be loaded."""
        return self.album_id is None or (self.album is not None and self.album.is_public)

    def is_visible_to(self, account_id: str | None) -> bool:
        """The condition of `visible_to` for this row. The album must be loaded."""
        return self.is_public or self.owner_id == account_id

    async def add(self) -> None:
        """Insert a new image and its tags, and update its album's counter. The account has counted it already."""
        await self.save(force_create=True)
        if self.tags:
            await ImageTag.write(self.id, self.tags)
        await self._require_album(self.album)

    async def move_to(self, album: Album | None) -> None:
        """Change the album and the counters of both albums. The caller saves the row."""
        if self.album_id != (album.id if album else None):
            await Album.count_images(self.album_id, -1)
            await self._require_album(album)
        self.album = album

    @staticmethod
    async def _require_album(album: Album | None) -> None:
        """Add one image to the album's counter, in its row and in the loaded model."""
        if album is not None:
            await Album.count_images(album.id, +1)
            album.image_count += 1

    @classmethod
    async def remove(cls, images: Sequence[Self]) -> None:
        """Delete images, and subtract them from the counters of albums and accounts."""
        await cls.filter(id__in=[image.id for image in images]).delete()
        for album_id, count in Counter(image.album_id for image in images).items():
            await Album.count_images(album_id, -count)
        for owner_id in {image.owner_id for image in images}:
            owned = [image.size for image in images if image.owner_id == owner_id]
            await Account.remove_images(owner_id, images=len(owned), size=sum(owned))


class ImageTag(Model):
    """Index of images by tag."""

    id = fields.BigIntField(primary_key=True)
    image: fields.ForeignKeyRelation[Image] = fields.ForeignKeyField(
        "pichub.Image", related_name="tag_rows", on_delete=fields.CASCADE
    )
    image_id: str
    name = fields.CharField(max_length=50)

    class Meta:
        table = "image_tags"
        unique_together = (("image", "name"),)
        indexes = (("name", "image_id"),)

    @classmethod
    async def write(cls, image_id: str, tags: list[str]) -> None:
        """Replace the image's tags."""
        await cls.filter(image_id=image_id).delete()
        await cls.bulk_create([cls(image_id=image_id, name=tag) for tag in tags])
