"""Example events for testing receivers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.events.catalogue import (
    AlbumCreated,
    AlbumUpdated,
    EventPayload,
    EventType,
    ImageDeleted,
    ImageUploaded,
    PingSent,
)
from app.events.envelope import EventEnvelope
from app.ids import Kind, new_id

ACCOUNT_ID = "acc_" + "0" * 26
IMAGE_ID = "img_" + "0" * 26
ALBUM_ID = "alb_" + "0" * 26
WEBHOOK_ID = "whk_" + "0" * 26
IMAGE_URL = f"https://pictures.example.org/img/{IMAGE_ID}.jpg"
CREATED_AT = "2026-01-31T12:00:00Z"

IMAGE: Mapping[str, Any] = {
    "id": IMAGE_ID,
    "url": IMAGE_URL,
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
        "url": IMAGE_URL,
        "html": f'<img src="{IMAGE_URL}" alt="The sea">',
        "markdown": f"![The sea]({IMAGE_URL})",
        "bbcode": f"[img]{IMAGE_URL}[/img]",
    },
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
}
ALBUM: Mapping[str, Any] = {
    "id": ALBUM_ID,
    "name": "Holidays",
    "description": None,
    "is_public": True,
    "image_count": 1,
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
}

EXAMPLE_PAYLOADS: Mapping[EventType, EventPayload] = {
    EventType.IMAGE_UPLOADED: ImageUploaded(ACCOUNT_ID, IMAGE),
    EventType.IMAGE_DELETED: ImageDeleted(ACCOUNT_ID, IMAGE),
    EventType.ALBUM_CREATED: AlbumCreated(ACCOUNT_ID, ALBUM),
    EventType.ALBUM_UPDATED: AlbumUpdated(ACCOUNT_ID, ALBUM, ["images"], images_added=[IMAGE_ID]),
    EventType.PING: PingSent(ACCOUNT_ID, WEBHOOK_ID),
}


def example(type: EventType, now: datetime) -> EventEnvelope:
    """Return an example event of this type, dated now."""
    return EventEnvelope(new_id(Kind.EVENT, now), type.value, now, EXAMPLE_PAYLOADS[type].data)
