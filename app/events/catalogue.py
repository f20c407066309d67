"""Event types, one class each. docs/events.md prints the docstrings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol, TypeAlias

Snapshot: TypeAlias = Mapping[str, Any]
"""An object at the time of the event, as JSON values."""


class EventType(StrEnum):
    """Event type, as it appears on the wire."""

    IMAGE_UPLOADED = "image.uploaded"
    IMAGE_DELETED = "image.deleted"
    ALBUM_CREATED = "album.created"
    ALBUM_UPDATED = "album.updated"
    PING = "ping"


class EventPayload(Protocol):
    """Payload of an event: its subject, the album concerned, and its data."""

    type: ClassVar[EventType]

    @property
    def account_id(self) -> str: ...
    @property
    def subject_id(self) -> str: ...
    @property
    def album_id(self) -> str | None: ...
    @property
    def data(self) -> Snapshot: ...


@dataclass(frozen=True, slots=True)
class _ImageEvent:
    account_id: str
    image: Snapshot

    @property
    def subject_id(self) -> str:
        return str(self.image["id"])

    @property
    def album_id(self) -> str | None:
        album_id: str | None = self.image["album_id"]
        return album_id

    @property
    def data(self) -> Snapshot:
        return self.image


@dataclass(frozen=True, slots=True)
class _AlbumEvent:
    account_id: str
    album: Snapshot

    @property
    def subject_id(self) -> str:
        return str(self.album["id"])

    @property
    def album_id(self) -> str | None:
        return self.subject_id

    @property
    def data(self) -> Snapshot:
        return self.album


@dataclass(frozen=True, slots=True)
class ImageUploaded(_ImageEvent):
    """An image was uploaded. `data` is the image as in the REST API, without `delete_url` and `category_id`."""

    type: ClassVar[EventType] = EventType.IMAGE_UPLOADED


@dataclass(frozen=True, slots=True)
class ImageDeleted(_ImageEvent):
    """An image was deleted. `data` is the image as it was; its URLs return 404 from now on."""

    type: ClassVar[EventType] = EventType.IMAGE_DELETED


@dataclass(frozen=True, slots=True)
class AlbumCreated(_AlbumEvent):
    """An album was created. `data` is the album as in the REST API, without `cover_url`."""

    type: ClassVar[EventType] = EventType.ALBUM_CREATED


@dataclass(frozen=True, slots=True)
class AlbumUpdated(_AlbumEvent):
    """An album or its images changed.

    `data` is the current album, with `changes`, the names of what changed (`name`, `description`, `is_public`,
    `images`), and the ids `images_added` and `images_removed`: by a move, an upload or a deletion. Images leave an
    album before it is deleted.
    """

    type: ClassVar[EventType] = EventType.ALBUM_UPDATED
    changes: Sequence[str] = ()
    images_added: Sequence[str] = ()
    images_removed: Sequence[str] = ()

    @property
    def data(self) -> Snapshot:
        return {
            **self.album,
            "changes": [*self.changes],
            "images_added": [*self.images_added],
            "images_removed": [*self.images_removed],
        }


@dataclass(frozen=True, slots=True)
class PingSent:
    """A webhook was tested. `data` has `webhook_id` and a `message`."""

    type: ClassVar[EventType] = EventType.PING
    account_id: str
    webhook_id: str
    message: str = "It works."

    @property
    def subject_id(self) -> str:
        return self.webhook_id

    @property
    def album_id(self) -> str | None:
        return None

    @property
    def data(self) -> Snapshot:
        return {"webhook_id": self.webhook_id, "message": self.message}


CATALOGUE: Mapping[EventType, type[EventPayload]] = {
    kind.type: kind for kind in (ImageUploaded, ImageDeleted, AlbumCreated, AlbumUpdated, PingSent)
}
