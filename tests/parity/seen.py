"""What a scenario sees, whatever the face: the same values, and the same refusals."""

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class SeenImage:
    id: str
    url: str
    filename: str
    title: str | None
    description: str | None
    album_id: str | None
    category_id: str | None
    tags: tuple[str, ...]
    format: str
    mime_type: str
    width: int
    height: int
    frames: int
    size: int
    sha256: str
    thumbhash: str
    dominant_color: str
    is_public: bool


@dataclass(frozen=True)
class SeenPicture:
    """What the transform of a URL query comes to."""

    format: str
    width: int
    height: int


@dataclass(frozen=True)
class SeenAlbum:
    id: str
    name: str
    description: str | None
    is_public: bool
    image_count: int
    cover: str | None


@dataclass(frozen=True)
class SeenCategory:
    id: str
    name: str
    description: str | None


@dataclass(frozen=True)
class SeenAccount:
    id: str
    username: str
    role: str
    bytes: int
    images: int
    quota: int | None


@dataclass(frozen=True)
class SeenWebhook:
    id: str
    url: str
    description: str | None
    events: tuple[str, ...]
    is_active: bool
    disabled_reason: str | None


@dataclass(frozen=True)
class SeenDelivery:
    """`attempts` are outcomes with the statuses that were answered."""

    id: str
    event_id: str
    event: str
    status: str
    attempts: tuple[tuple[str, int | None], ...]
    is_waiting: bool


@dataclass
class Refused(Exception):
    """The domain's error, as it was read from the face's own form."""

    code: str
    message: str
    details: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class Face(Protocol):
    """One way into the house, as one caller: `token` None is nobody."""

    def of(self, token: str | None) -> "Face": ...

    async def upload(self, data: bytes, filename: str, **words: Any) -> SeenImage: ...
    async def image(self, id: str) -> SeenImage: ...
    async def images(self, **which: Any) -> list[SeenImage]: ...
    async def picture(self, id: str, query: str) -> SeenPicture: ...
    async def update_image(self, id: str, **changes: Any) -> SeenImage: ...
    async def delete_image(self, id: str) -> int: ...

    async def create_album(self, **words: Any) -> SeenAlbum: ...
    async def album(self, id: str) -> SeenAlbum: ...
    async def albums(self) -> list[SeenAlbum]: ...
    async def update_album(self, id: str, **changes: Any) -> SeenAlbum: ...
    async def delete_album(self, id: str, *, delete_images: bool = False) -> None: ...

    async def create_category(self, **words: Any) -> SeenCategory: ...
    async def category(self, id: str) -> SeenCategory: ...
    async def categories(self) -> list[SeenCategory]: ...
    async def update_category(self, id: str, **changes: Any) -> SeenCategory: ...
    async def delete_category(self, id: str) -> None: ...

    async def account(self) -> SeenAccount: ...

    async def create_webhook(self, **words: Any) -> tuple[SeenWebhook, str]: ...
    async def webhook(self, id: str) -> SeenWebhook: ...
    async def webhooks(self) -> list[SeenWebhook]: ...
    async def update_webhook(self, id: str, **changes: Any) -> SeenWebhook: ...
    async def delete_webhook(self, id: str) -> None: ...
    async def rotate_webhook_secret(self, id: str) -> str: ...
    async def ping_webhook(self, id: str) -> None: ...
    async def deliveries(self, id: str, status: str | None = None) -> list[SeenDelivery]: ...
    async def redeliver(self, webhook_id: str, delivery_id: str) -> SeenDelivery: ...
