"""Data loaders: they batch the rows that many fields need into one query.

They live for one operation, so rows are never out of date.
"""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

from app.context import Context
from app.models import Album, Attempt, Category, Delivery, DeliveryStatus, Image, Webhook
from app.pagination import Direction, Page, PageRequest
from app.resolvers import albums, categories, images, variants, webhooks

T = TypeVar("T")
COVER_PAGE = PageRequest(size=1)


class Loaders:
    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._pages: dict[tuple[PageRequest, Direction], DataLoader[Album, Page[Image]]] = {}
        self.album: DataLoader[str, Album | None] = DataLoader(load_fn=self._albums)
        self.image: DataLoader[str, Image | None] = DataLoader(load_fn=self._images)
        self.placeholder: DataLoader[str, str] = DataLoader(load_fn=variants.placeholders)
        self._deliveries: dict[
            tuple[DeliveryStatus | None, PageRequest], DataLoader[Webhook, Page[Delivery]]
        ] = {}
        self.attempts: DataLoader[str, list[Attempt]] = DataLoader(load_fn=self._attempts)
        self.category: DataLoader[str, Category | None] = DataLoader(load_fn=self._categories)

    def album_page(
        self, album: Album, request: PageRequest, direction: Direction = Direction.NEWEST_FIRST
    ) -> Awaitable[Page[Image]]:
        """Return a page of an album's images. The same page of other albums is loaded with it."""

        async def load(batch: list[Album]) -> Sequence[Page[Image]]:
            return await images.in_albums(self._ctx, batch, request, direction)

        loader = self._pages.get((request, direction))
        if loader is None:
            loader = self._pages[request, direction] = DataLoader(load_fn=load)
        return loader.load(album)

    def delivery_page(
        self, webhook: Webhook, status: DeliveryStatus | None, request: PageRequest
    ) -> Awaitable[Page[Delivery]]:
        """Return a page of a webhook's deliveries. The same page of other webhooks is loaded with it."""

        async def load(batch: list[Webhook]) -> Sequence[Page[Delivery]]:
            return await webhooks.deliveries_of_each(self._ctx, batch, status, request)

        loader = self._deliveries.get((status, request))
        if loader is None:
            loader = self._deliveries[status, request] = DataLoader(load_fn=load)
        return loader.load(webhook)

    async def cover(self, album: Album) -> Image | None:
        """Return the newest image of an album."""
        page = await self.album_page(album, COVER_PAGE)
        return page.items[0] if page.items else None

    async def _albums(self, ids: list[str]) -> list[Album | None]:
        rows = await albums.get_many(self._ctx, ids)
        return [rows.get(id_) for id_ in ids]

    async def _images(self, ids: list[str]) -> list[Image | None]:
        rows = await images.get_many(self._ctx, ids)
        return [rows.get(id_) for id_ in ids]

    async def _attempts(self, delivery_ids: list[str]) -> list[list[Attempt]]:
        rows = await webhooks.attempts_of(self._ctx, delivery_ids)
        return [rows[id_] for id_ in delivery_ids]

    async def _categories(self, ids: list[str]) -> list[Category | None]:
        rows = await categories.of_images(self._ctx, ids)
        return [rows.get(id_) for id_ in ids]
