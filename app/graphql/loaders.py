"""Loaders gather what many fields ask for into one question. They live for one operation: nothing grows stale."""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

from app.context import Context
from app.models import Album, Attempt, Category, Delivery, DeliveryStatus, Image, Webhook
from app.pagination import Direction, Page, PageRequest
from app.resolvers import albums, categories, images, variants, webhooks

T = TypeVar("T")
COVER = PageRequest(size=1)


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
        """A page of an album's images, read together with the same page of the other albums."""

        async def load(found: list[Album]) -> Sequence[Page[Image]]:
            return await images.in_albums(self._ctx, found, request, direction)

        loader = self._pages.get((request, direction))
        if loader is None:
            loader = self._pages[request, direction] = DataLoader(load_fn=load)
        return loader.load(album)

    def delivery_page(
        self, webhook: Webhook, status: DeliveryStatus | None, request: PageRequest
    ) -> Awaitable[Page[Delivery]]:
        """A page of what a webhook is owed, read together with the same page of the other webhooks."""

        async def load(found: list[Webhook]) -> Sequence[Page[Delivery]]:
            return await webhooks.deliveries_of_each(self._ctx, found, status, request)

        loader = self._deliveries.get((status, request))
        if loader is None:
            loader = self._deliveries[status, request] = DataLoader(load_fn=load)
        return loader.load(webhook)

    async def cover(self, album: Album) -> Image | None:
        """The newest image of an album."""
        page = await self.album_page(album, COVER)
        return page.items[0] if page.items else None

    async def _albums(self, ids: list[str]) -> list[Album | None]:
        found = await albums.get_many(self._ctx, ids)
        return [found.get(id_) for id_ in ids]

    async def _images(self, ids: list[str]) -> list[Image | None]:
        found = await images.get_many(self._ctx, ids)
        return [found.get(id_) for id_ in ids]

    async def _attempts(self, delivery_ids: list[str]) -> list[list[Attempt]]:
        found = await webhooks.attempts_of(self._ctx, delivery_ids)
        return [found[id_] for id_ in delivery_ids]

    async def _categories(self, ids: list[str]) -> list[Category | None]:
        found = await categories.of_images(self._ctx, ids)
        return [found.get(id_) for id_ in ids]
