"""Event payloads: images and albums at the time of the event, with the fields visible to anyone who may see them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.context import Context
from app.events.catalogue import AlbumCreated, AlbumUpdated, ImageDeleted, ImageUploaded
from app.imaging.formats import Format
from app.models import Album, Image
from app.resolvers import variants


def image_uploaded(ctx: Context, image: Image) -> ImageUploaded:
    return ImageUploaded(image.owner_id, image_document(ctx, image))


def image_deleted(ctx: Context, image: Image) -> ImageDeleted:
    return ImageDeleted(image.owner_id, image_document(ctx, image))


def album_created(album: Album) -> AlbumCreated:
    return AlbumCreated(album.owner_id, album_document(album))


def album_changed(album: Album, before: Mapping[str, Any]) -> list[AlbumUpdated]:
    """Return the event for the differences from the earlier values; none if there are none."""
    changes = [name for name, value in before.items() if getattr(album, name) != value]
    return [AlbumUpdated(album.owner_id, album_document(album), changes)] if changes else []


@dataclass
class AlbumMoves:
    """Images that entered and left albums, by album id."""

    added: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    removed: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def move(self, image_id: str, *, left: str | None = None, entered: str | None = None) -> None:
        """Record that an image moved between albums; None is no album."""
        if left == entered:
            return
        if left is not None:
            self.removed[left].append(image_id)
        if entered is not None:
            self.added[entered].append(image_id)

    async def events(self) -> list[AlbumUpdated]:
        """Return an event for each album concerned, after rows and counters are written."""
        ids = list(dict.fromkeys([*self.removed, *self.added]))
        found = {album.id: album for album in await Album.filter(id__in=ids)} if ids else {}
        return [self._album_updated(found[album_id]) for album_id in ids]

    def _album_updated(self, album: Album) -> AlbumUpdated:
        return AlbumUpdated(
            album.owner_id,
            album_document(album),
            ["images"],
            images_added=self.added.get(album.id, ()),
            images_removed=self.removed.get(album.id, ()),
        )


async def images_deleted(ctx: Context, images: Sequence[Image]) -> list[ImageDeleted | AlbumUpdated]:
    """Return the events for deleted images: one per image, then one per album."""
    moves = AlbumMoves()
    for image in images:
        moves.move(image.id, left=image.album_id)
    return [*(image_deleted(ctx, image) for image in images), *await moves.events()]


def image_document(ctx: Context, row: Image) -> dict[str, Any]:
    """Return the image as shown to anyone who may see it: the base of REST responses, events and webhooks."""
    format = Format(row.format)
    links = variants.markup(ctx, row)
    return {
        "id": row.id,
        "url": links.url,
        "thumbnail_url": variants.thumbnail_url(ctx, row),
        "filename": row.filename,
        "title": row.title,
        "description": row.description,
        "album_id": row.album_id,
        "tags": row.tags,
        "mime_type": format.mime_type,
        "format": format.value,
        "size": row.size,
        "width": row.width,
        "height": row.height,
        "frames": row.frames,
        "sha256": row.sha256,
        "thumbhash": row.thumbhash,
        "dominant_color": row.dominant_color,
        "is_public": row.is_public,
        "links": {
            "url": links.url,
            "html": links.html,
            "markdown": links.markdown,
            "bbcode": links.bbcode,
        },
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def album_document(row: Album) -> dict[str, Any]:
    """Return the album as in the REST API, without its cover."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "is_public": row.is_public,
        "image_count": row.image_count,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
