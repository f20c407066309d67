"""The house without a face: the resolvers themselves."""

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
from tests.parity.seen import (
    Refused,
    SeenAccount,
    SeenAlbum,
    SeenCategory,
    SeenDelivery,
    SeenImage,
    SeenPicture,
    SeenWebhook,
)


class ByResolvers:
    def __init__(self, services: Services, token: str | None = None) -> None:
        self.services = services
        self.token = token

    def of(self, token: str | None) -> "ByResolvers":
        return ByResolvers(self.services, token)

    async def upload(self, data: bytes, filename: str, **words: Any) -> SeenImage:
        async with self._ctx() as ctx:
            path = self.services.storage.incoming / secrets.token_hex(8)
            limit = self.services.settings.max_upload_size
            file = Upload(path, filename=filename, headers=Headers(), max_size=limit)
            try:
                await file.write(data)
                await file.seek(0)
                return _image(ctx, await images.upload(ctx, images.NewImage(file=file, **words)))
            finally:
                await file.close()

    async def image(self, id: str) -> SeenImage:
        async with self._ctx() as ctx:
            return _image(ctx, await images.get(ctx, id))

    async def images(self, **which: Any) -> list[SeenImage]:
        async with self._ctx() as ctx:
            page = await images.numbered(ctx, ImageFilter(**which), NumberedRequest())
            return [_image(ctx, row) for row in page.items]

    async def picture(self, id: str, query: str) -> SeenPicture:
        async with self._ctx() as ctx:
            transform = ctx.services.images.presets.transform(dict(parse_qsl(query)))
            made = variants.variant(ctx, await images.get(ctx, id), transform)
            return SeenPicture(made.format, made.width, made.height)

    async def update_image(self, id: str, **changes: Any) -> SeenImage:
        async with self._ctx() as ctx:
            return _image(ctx, await images.update(ctx, id, images.ImageChanges(**changes)))

    async def delete_image(self, id: str) -> int:
        async with self._ctx() as ctx:
            return (await images.delete(ctx, id)).variants_removed

    async def create_album(self, **words: Any) -> SeenAlbum:
        async with self._ctx() as ctx:
            return await _album(ctx, await albums.create(ctx, albums.NewAlbum(**words)))

    async def album(self, id: str) -> SeenAlbum:
        async with self._ctx() as ctx:
            return await _album(ctx, await albums.get(ctx, id))

    async def albums(self) -> list[SeenAlbum]:
        async with self._ctx() as ctx:
            return [await _album(ctx, row) for row in (await albums.numbered(ctx, NumberedRequest())).items]

    async def update_album(self, id: str, **changes: Any) -> SeenAlbum:
        async with self._ctx() as ctx:
            return await _album(ctx, await albums.update(ctx, id, albums.AlbumChanges(**changes)))

    async def delete_album(self, id: str, *, delete_images: bool = False) -> None:
        async with self._ctx() as ctx:
            await albums.delete(ctx, id, delete_images=delete_images)

    async def create_category(self, **words: Any) -> SeenCategory:
        async with self._ctx() as ctx:
            return _category(await categories.create(ctx, categories.NewCategory(**words)))

    async def category(self, id: str) -> SeenCategory:
        async with self._ctx() as ctx:
            return _category(await categories.get(ctx, id))

    async def categories(self) -> list[SeenCategory]:
        async with self._ctx() as ctx:
            return [_category(row) for row in (await categories.numbered(ctx, NumberedRequest())).items]

    async def update_category(self, id: str, **changes: Any) -> SeenCategory:
        async with self._ctx() as ctx:
            return _category(await categories.update(ctx, id, categories.CategoryChanges(**changes)))

    async def delete_category(self, id: str) -> None:
        async with self._ctx() as ctx:
            await categories.delete(ctx, id)

    async def account(self) -> SeenAccount:
        async with self._ctx() as ctx:
            row = await account.get(ctx)
            usage = quotas.account_usage(ctx, row)
            return SeenAccount(
                id=row.id,
                username=row.username,
                role=row.role.value,
                bytes=usage.bytes,
                images=usage.images,
                quota=usage.quota,
            )

    async def create_webhook(self, **words: Any) -> tuple[SeenWebhook, str]:
        async with self._ctx() as ctx:
            made = await webhooks.create(ctx, webhooks.NewWebhook(**words))
            return _webhook(made.webhook), made.secret

    async def webhook(self, id: str) -> SeenWebhook:
        async with self._ctx() as ctx:
            return _webhook(await webhooks.get(ctx, id))

    async def webhooks(self) -> list[SeenWebhook]:
        async with self._ctx() as ctx:
            return [_webhook(row) for row in (await webhooks.numbered(ctx, NumberedRequest())).items]

    async def update_webhook(self, id: str, **changes: Any) -> SeenWebhook:
        async with self._ctx() as ctx:
            return _webhook(await webhooks.update(ctx, id, webhooks.WebhookChanges(**changes)))

    async def delete_webhook(self, id: str) -> None:
        async with self._ctx() as ctx:
            await webhooks.delete(ctx, id)

    async def rotate_webhook_secret(self, id: str) -> str:
        async with self._ctx() as ctx:
            return (await webhooks.rotate_secret(ctx, id)).secret

    async def ping_webhook(self, id: str) -> None:
        async with self._ctx() as ctx:
            await webhooks.ping(ctx, id)

    async def deliveries(self, id: str, status: str | None = None) -> list[SeenDelivery]:
        async with self._ctx() as ctx:
            which = models.DeliveryStatus(status) if status else None
            page = await webhooks.deliveries(ctx, id, which, NumberedRequest())
            return [await _delivery(ctx, row) for row in page.items]

    async def redeliver(self, webhook_id: str, delivery_id: str) -> SeenDelivery:
        async with self._ctx() as ctx:
            return await _delivery(ctx, await webhooks.redeliver(ctx, delivery_id))

    @asynccontextmanager
    async def _ctx(self) -> AsyncIterator[Context]:
        try:
            header = None if self.token is None else f"Bearer {self.token}"
            yield await account.authenticate_and_count(Context(self.services), Credentials(header))
        except PicHubError as error:
            raise Refused(error.code, error.message, error.details, error.fields) from error


def _image(ctx: Context, row: models.Image) -> SeenImage:
    return SeenImage(
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


async def _album(ctx: Context, row: models.Album) -> SeenAlbum:
    cover = await Loaders(ctx).cover(row)
    return SeenAlbum(
        id=row.id,
        name=row.name,
        description=row.description,
        is_public=row.is_public,
        image_count=row.image_count,
        cover=cover.id if cover else None,
    )


def _category(row: models.Category) -> SeenCategory:
    return SeenCategory(id=row.id, name=row.name, description=row.description)


def _webhook(row: models.Webhook) -> SeenWebhook:
    return SeenWebhook(
        row.id, row.url, row.description, tuple(row.events), row.is_active, row.disabled_reason
    )


async def _delivery(ctx: Context, row: models.Delivery) -> SeenDelivery:
    attempts = (await webhooks.attempts_of(ctx, [row.id]))[row.id]
    return SeenDelivery(
        id=row.id,
        event_id=row.event_id,
        event=row.event.type,
        status=row.status,
        attempts=tuple((each.outcome, each.status_code) for each in attempts),
        is_waiting=row.next_attempt_at is not None,
    )
