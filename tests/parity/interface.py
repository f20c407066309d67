"""The interface of parity scenarios: the same operations, results and errors through each implementation."""

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class ImageResult:
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
class VariantResult:
    """The result of the transform of a URL query."""

    format: str
    width: int
    height: int


@dataclass(frozen=True)
class AlbumResult:
    id: str
    name: str
    description: str | None
    is_public: bool
    image_count: int
    cover: str | None


@dataclass(frozen=True)
class CategoryResult:
    id: str
    name: str
    description: str | None


@dataclass(frozen=True)
class AccountResult:
    id: str
    username: str
    role: str
    bytes: int
    images: int
    quota: int | None


@dataclass(frozen=True)
class WebhookResult:
    id: str
    url: str
    description: str | None
    events: tuple[str, ...]
    is_active: bool
    disabled_reason: str | None


@dataclass(frozen=True)
class DeliveryResult:
    """`attempts` are pairs of the outcome and the response status."""

    id: str
    event_id: str
    event: str
    status: str
    attempts: tuple[tuple[str, int | None], ...]
    is_waiting: bool


@dataclass
class InterfaceError(Exception):
    """An error, parsed from the form it has in the interface."""

    code: str
    message: str
    details: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class Interface(Protocol):
    """One interface, called with one token; None is anonymous."""

    def with_token(self, token: str | None) -> "Interface": ...

    async def upload(self, data: bytes, filename: str, **fields: Any) -> ImageResult: ...
    async def image(self, id: str) -> ImageResult: ...
    async def images(self, **conditions: Any) -> list[ImageResult]: ...
    async def variant(self, id: str, query: str) -> VariantResult: ...
    async def update_image(self, id: str, **changes: Any) -> ImageResult: ...
    async def delete_image(self, id: str) -> int: ...

    async def create_album(self, **fields: Any) -> AlbumResult: ...
    async def album(self, id: str) -> AlbumResult: ...
    async def albums(self) -> list[AlbumResult]: ...
    async def update_album(self, id: str, **changes: Any) -> AlbumResult: ...
    async def delete_album(self, id: str, *, delete_images: bool = False) -> None: ...

    async def create_category(self, **fields: Any) -> CategoryResult: ...
    async def category(self, id: str) -> CategoryResult: ...
    async def categories(self) -> list[CategoryResult]: ...
    async def update_category(self, id: str, **changes: Any) -> CategoryResult: ...
    async def delete_category(self, id: str) -> None: ...

    async def account(self) -> AccountResult: ...

    async def create_webhook(self, **fields: Any) -> tuple[WebhookResult, str]: ...
    async def webhook(self, id: str) -> WebhookResult: ...
    async def webhooks(self) -> list[WebhookResult]: ...
    async def update_webhook(self, id: str, **changes: Any) -> WebhookResult: ...
    async def delete_webhook(self, id: str) -> None: ...
    async def rotate_webhook_secret(self, id: str) -> str: ...
    async def ping_webhook(self, id: str) -> None: ...
    async def deliveries(self, id: str, status: str | None = None) -> list[DeliveryResult]: ...
    async def redeliver(self, webhook_id: str, delivery_id: str) -> DeliveryResult: ...
