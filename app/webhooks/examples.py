"""Events as they might have happened, for those who try a receiver out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.events.catalogue import (
    AlbumCreated,
    AlbumUpdated,
    EventType,
    Happening,
    ImageDeleted,
    ImageUploaded,
    Ping,
)
from app.events.envelope import Envelope
from app.ids import Kind, new_id

NOBODY = "acc_" + "0" * 26
IMAGE_ID = "img_" + "0" * 26
ALBUM_ID = "alb_" + "0" * 26
WEBHOOK_ID = "whk_" + "0" * 26
ADDRESS = f"https://pictures.example.org/img/{IMAGE_ID}.jpg"
MOMENT = "2026-01-31T12:00:00Z"

IMAGE: Mapping[str, Any] = {
    "id": IMAGE_ID,
    "url": ADDRESS,
    "thumbnail_url": f"https://pictures.example.org/img/{IMAGE_ID}.webp?w=400&h=400&fit=inside",
    "filename": "sea.jpg",
    "title": "The sea",
    "description": None,
    "album_id": ALBUM_ID,
    "tags": ["sea", "blue"],
    "mime_type": "image/jpeg",
    "format": "jpg",
    "size": 204_800,
    "width": 1_600,
    "height": 1_200,
    "frames": 1,
    "sha256": "0" * 64,
    "thumbhash": "1QcSHQRnh493V4dIh4eXh1h4kJUI",
    "dominant_color": "#2a6f97",
    "is_public": True,
    "links": {
        "url": ADDRESS,
        "html": f'<img src="{ADDRESS}" alt="The sea">',
        "markdown": f"![The sea]({ADDRESS})",
        "bbcode": f"[img]{ADDRESS}[/img]",
    },
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
ALBUM: Mapping[str, Any] = {
    "id": ALBUM_ID,
    "name": "Holidays",
    "description": None,
    "is_public": True,
    "image_count": 1,
    "created_at": MOMENT,
    "updated_at": MOMENT,
}

HAPPENINGS: Mapping[EventType, Happening] = {
    EventType.IMAGE_UPLOADED: ImageUploaded(NOBODY, IMAGE),
    EventType.IMAGE_DELETED: ImageDeleted(NOBODY, IMAGE),
    EventType.ALBUM_CREATED: AlbumCreated(NOBODY, ALBUM),
    EventType.ALBUM_UPDATED: AlbumUpdated(NOBODY, ALBUM, ["images"], images_added=[IMAGE_ID]),
    EventType.PING: Ping(NOBODY, WEBHOOK_ID),
}


def example(type: EventType, now: datetime) -> Envelope:
    """An event of this type that happened now."""
    return Envelope(new_id(Kind.EVENT, now), type.value, now, HAPPENINGS[type].data)
