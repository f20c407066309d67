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
    """A picture that people see: what was learnt of its bytes at upload, and what its owner says about it.

    The bytes lie in storage under `key` and never change. `width` and `height` are those of the upright picture. `tags`
    are kept here for reading and in ImageTag for finding.
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
        """All of them, each with its album: whether an image is public stands there."""
        return cls.all().select_related("album")

    @classmethod
    def owned_by(cls, account_id: str) -> QuerySet[Self]:
        return cls.with_album().filter(owner_id=account_id)

    @classmethod
    def visible_to(cls, account_id: str | None) -> QuerySet[Self]:
        """Those in no album or in a public one, and those that are the account's own."""
        return cls.with_album().filter(cls.is_public_filter() | Q(owner_id=account_id))

    @classmethod
    def is_public_filter(cls) -> Q:
        """What `is_public` says, as a condition."""
        return Q(album_id=None) | Q(album__is_public=True)

    @classmethod
    def matching(cls, text: str) -> Q:
        """That the text stands in what people read of an image, in whatever case."""
        return Q(filename__icontains=text) | Q(title__icontains=text) | Q(description__icontains=text)

    @property
    def presented(self) -> dict[Any, Any] | None:
        """What faces have made of it, for all whom they show this row to; None where it is remembered for nobody."""
        return row_cache(self)

    @property
    def is_public(self) -> bool:
        """Whether anyone who has the link may see it. The album must have been loaded with the row."""
        return self.album_id is None or (self.album is not None and self.album.is_public)

    def is_visible_to(self, account_id: str | None) -> bool:
        """What `visible_to` asks, of one row. The album must have been loaded with it."""
        return self.is_public or self.owner_id == account_id

    async def add(self) -> None:
        """Writes a new image, its tags, and its share of what its album counts. The account has counted it before."""
        await self.save(force_create=True)
        if self.tags:
            await ImageTag.write(self.id, self.tags)
        await self._require_album(self.album)

    async def move_to(self, album: Album | None) -> None:
        """Changes the album, and what both albums count. The row itself is the caller's to save."""
        if self.album_id != (album.id if album else None):
            await Album.count_images(self.album_id, -1)
            await self._require_album(album)
        self.album = album

    @staticmethod
    async def _require_album(album: Album | None) -> None:
        """Counts one image more in the album, if there is one: in its row, and in what was read of it."""
        if album is not None:
            await Album.count_images(album.id, +1)
            album.image_count += 1

    @classmethod
    async def remove(cls, images: Sequence[Self]) -> None:
        """Deletes rows, and takes them out of what albums and accounts count."""
        await cls.filter(id__in=[image.id for image in images]).delete()
        for album_id, count in Counter(image.album_id for image in images).items():
            await Album.count_images(album_id, -count)
        for owner_id in {image.owner_id for image in images}:
            owned = [image.size for image in images if image.owner_id == owner_id]
            await Account.remove_images(owner_id, images=len(owned), size=sum(owned))


class ImageTag(Model):
    """The index by which images are found by tag."""

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
        """Makes `tags` the image's tags."""
        await cls.filter(image_id=image_id).delete()
        await cls.bulk_create([cls(image_id=image_id, name=tag) for tag in tags])
