"""The parity interface over the resolvers."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers

from app import models
from app.auth.credentials import Credentials
from app.context import Context, Services
from app.errors import PicHubError
from app.graphql.loaders import Loaders
from app.imaging.formats import Format
from app.pagination import NumberedRequest
from app.resolvers import account, albums, categories, images, quotas, variants, webhooks
from app.resolvers.filters import ImageFilter
from app.uploads.multipart import Upload
from tests.parity.interface import (
    AccountResult,
    AlbumResult,
    CategoryResult,
    DeliveryResult,
    ImageResult,
    InterfaceError,
    VariantResult,
    WebhookResult,
)


class ResolverInterface:
    def __init__(self, services: Services, token: str | None = None) -> None:
        self.services = services
        self.token = token

    def with_token(self, token: str | None) -> "ResolverInterface":
        return ResolverInterface(self.services, token)

    async def upload(self, data: bytes, filename: str, **fields: Any) -> ImageResult:
        async with self._context() as ctx:
            path = self.services.storage.incoming / secrets.token_hex(8)
            limit = self.services.settings.max_upload_size
            file = Upload(path, filename=filename, headers=Headers(), max_size=limit)
            try:
                await file.write(data)
                await file.seek(0)
                return _image(ctx, await images.upload(ctx, images.NewImage(file=file, **fields)))
            finally:
                await file.close()

    async def image(self, id: str) -> ImageResult:
        async with self._context() as ctx:
            return _image(ctx, await images.get(ctx, id))

    async def images(self, **conditions: Any) -> list[ImageResult]:
        async with self._context() as ctx:
            page = await images.numbered(ctx, ImageFilter(**conditions), NumberedRequest())
            return [_image(ctx, row) for row in page.items]

    async def variant(self, id: str, query: str) -> VariantResult:
        async with self._context() as ctx:
            transform = ctx.services.images.presets.transform(dict(parse_qsl(query)))
            result = variants.variant(ctx, await images.get(ctx, id), transform)
            return VariantResult(result.format, result.width, result.height)

    async def update_image(self, id: str, **changes: Any) -> ImageResult:
        async with self._context() as ctx:
            return _image(ctx, await images.update(ctx, id, images.ImageChanges(**changes)))

    async def delete_image(self, id: str) -> int:
        async with self._context() as ctx:
            return (await images.delete(ctx, id)).variants_removed

    async def create_album(self, **fields: Any) -> AlbumResult:
        async with self._context() as ctx:
            return await _album(ctx, await albums.create(ctx, albums.NewAlbum(**fields)))

    async def album(self, id: str) -> AlbumResult:
        async with self._context() as ctx:
            return await _album(ctx, await albums.get(ctx, id))

    async def albums(self) -> list[AlbumResult]:
        async with self._context() as ctx:
            return [await _album(ctx, row) for row in (await albums.numbered(ctx, NumberedRequest())).items]

    async def update_album(self, id: str, **changes: Any) -> AlbumResult:
        async with self._context() as ctx:
            return await _album(ctx, await albums.update(ctx, id, albums.AlbumChanges(**changes)))

    async def delete_album(self, id: str, *, delete_images: bool = False) -> None:
        async with self._context() as ctx:
            await albums.delete(ctx, id, delete_images=delete_images)

    async def create_category(self, **fields: Any) -> CategoryResult:
        async with self._context() as ctx:
            return _category(await categories.create(ctx, categories.NewCategory(**fields)))

    async def category(self, id: str) -> CategoryResult:
        async with self._context() as ctx:
            return _category(await categories.get(ctx, id))

    async def categories(self) -> list[CategoryResult]:
        async with self._context() as ctx:
            return [_category(row) for row in (await categories.numbered(ctx, NumberedRequest())).items]

    async def update_category(self, id: str, **changes: Any) -> CategoryResult:
        async with self._context() as ctx:
            return _category(await categories.update(ctx, id, categories.CategoryChanges(**changes)))

    async def delete_category(self, id: str) -> None:
        async with self._context() as ctx:
            await categories.delete(ctx, id)

    async def account(self) -> AccountResult:
        async with self._context() as ctx:
            row = await account.get(ctx)
            usage = quotas.account_usage(ctx, row)
            return AccountResult(
                id=row.id,
                username=row.username,
                role=row.role.value,
                bytes=usage.bytes,
                images=usage.images,
                quota=usage.quota,
            )

    async def create_webhook(self, **fields: Any) -> tuple[WebhookResult, str]:
        async with self._context() as ctx:
            created = await webhooks.create(ctx, webhooks.NewWebhook(**fields))
            return _webhook(created.webhook), created.secret

    async def webhook(self, id: str) -> WebhookResult:
        async with self._context() as ctx:
            return _webhook(await webhooks.get(ctx, id))

    async def webhooks(self) -> list[WebhookResult]:
        async with self._context() as ctx:
            return [_webhook(row) for row in (await webhooks.numbered(ctx, NumberedRequest())).items]

    async def update_webhook(self, id: str, **changes: Any) -> WebhookResult:
        async with self._context() as ctx:
            return _webhook(await webhooks.update(ctx, id, webhooks.WebhookChanges(**changes)))

    async def delete_webhook(self, id: str) -> None:
        async with self._context() as ctx:
            await webhooks.delete(ctx, id)

    async def rotate_webhook_secret(self, id: str) -> str:
        async with self._context() as ctx:
            return (await webhooks.rotate_secret(ctx, id)).secret

    async def ping_webhook(self, id: str) -> None:
        async with self._context() as ctx:
            await webhooks.ping(ctx, id)

    async def deliveries(self, id: str, status: str | None = None) -> list[DeliveryResult]:
        async with self._context() as ctx:
            filter_status = models.DeliveryStatus(status) if status else None
            page = await webhooks.deliveries(ctx, id, filter_status, NumberedRequest())
            return [await _delivery(ctx, row) for row in page.items]

    async def redeliver(self, webhook_id: str, delivery_id: str) -> DeliveryResult:
        async with self._context() as ctx:
            return await _delivery(ctx, await webhooks.redeliver(ctx, delivery_id))

    @asynccontextmanager
    async def _context(self) -> AsyncIterator[Context]:
        try:
            header = None if self.token is None else f"Bearer {self.token}"
            yield await account.authenticate_and_count(Context(self.services), Credentials(header))
        except PicHubError as error:
            raise InterfaceError(error.code, error.message, error.details, error.fields) from error


def _image(ctx: Context, row: models.Image) -> ImageResult:
    return ImageResult(
        id=row.id,
        url=variants.url_of(ctx, row),
        filename=row.filename,
        title=row.title,
        description=row.description,
        album_id=row.album_id,
        category_id=row.category_id,
        tags=tuple(row.tags),
        format=row.format,
        mime_type=Format(row.format).mime_type,
        width=row.width,
        height=row.height,
        frames=row.frames,
        size=row.size,
        sha256=row.sha256,
        thumbhash=row.thumbhash,
        dominant_color=row.dominant_color,
        is_public=row.is_public,
    )


async def _album(ctx: Context, row: models.Album) -> AlbumResult:
    cover = await Loaders(ctx).cover(row)
    return AlbumResult(
        id=row.id,
        name=row.name,
        description=row.description,
        is_public=row.is_public,
        image_count=row.image_count,
        cover=cover.id if cover else None,
    )


def _category(row: models.Category) -> CategoryResult:
    return CategoryResult(id=row.id, name=row.name, description=row.description)


def _webhook(row: models.Webhook) -> WebhookResult:
    return WebhookResult(
        row.id, row.url, row.description, tuple(row.events), row.is_active, row.disabled_reason
    )


async def _delivery(ctx: Context, row: models.Delivery) -> DeliveryResult:
    attempts = (await webhooks.attempts_of(ctx, [row.id]))[row.id]
    return DeliveryResult(
        id=row.id,
        event_id=row.event_id,
        event=row.event.type,
        status=row.status,
        attempts=tuple((each.outcome, each.status_code) for each in attempts),
        is_waiting=row.next_attempt_at is not None,
    )
