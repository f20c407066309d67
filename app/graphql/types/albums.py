from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry import ID, Maybe

from app import models
from app.graphql.context import Info
from app.graphql.types.connections import (
    NEWEST_FIRST,
    After,
    Before,
    Connection,
    First,
    Last,
    OrderDirection,
    page_request,
)
from app.graphql.types.inputs import Input, changes_of
from app.graphql.types.node import Node
from app.resolvers import albums
from app.resolvers.albums import AlbumChanges, NewAlbum

if TYPE_CHECKING:
    from app.graphql.types.images import Image

LazyImage = Annotated["Image", strawberry.lazy("app.graphql.types.images")]


@strawberry.type(
    description="Images that belong together. A private album, and what is in it, is its owner's alone."
)
class Album(Node):
    row: strawberry.Private[models.Album]
    name: str = strawberry.field(description="Its name.")
    description: str | None = strawberry.field(description="What it is about; null where nothing was said.")
    is_public: bool = strawberry.field(
        description="Whether those who have a link may see it and what is in it."
    )
    image_count: int = strawberry.field(description="How many images are in it.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def of(cls, row: models.Album) -> Self:
        return cls(
            row=row,
            id=ID(row.id),
            name=row.name,
            description=row.description,
            is_public=row.is_public,
            image_count=row.image_count,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="Its newest image; null where it is empty.")
    async def cover(self, info: Info) -> LazyImage | None:
        from app.graphql.types.images import Image

        row = await info.context.loaders.cover(self.row)
        return Image.of(row, info.context.ctx) if row else None

    @strawberry.field(description="The images in it.")
    async def images(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[LazyImage]:
        from app.graphql.types.images import Image

        request = page_request(first, after, last, before)
        page = await info.context.loaders.album_page(self.row, request)
        return Connection(page=page, present=partial(Image.of, ctx=info.context.ctx))


@strawberry.input(description="The order of albums, by time of creation.")
class AlbumOrder:
    direction: OrderDirection = strawberry.field(default=NEWEST_FIRST, description="Which way.")


@strawberry.type
class AlbumQueries:
    @strawberry.field(
        description="An album: a public one by its link, a private one for its owner; null, with NOT_FOUND, for others."
    )
    async def album(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The album's id.")],
    ) -> Album | None:
        return Album.of(await albums.get(info.context.ctx, id))

    @strawberry.field(description="The caller's own albums, newest first.")
    async def albums(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Annotated[AlbumOrder | None, strawberry.argument(description="Another order.")] = None,
    ) -> Connection[Album]:
        direction = (order_by or AlbumOrder()).direction.to_domain()
        page = await albums.page(info.context.ctx, page_request(first, after, last, before), direction)
        return Connection(page=page, present=Album.of)


@strawberry.input(description="A new album.")
class CreateAlbumInput:
    name: str = strawberry.field(description="Its name, 1 to 200 characters.")
    description: str | None = strawberry.field(default=None, description="What it is about.")
    is_public: bool = strawberry.field(
        default=True, description="Whether those who have a link may see it and what is in it."
    )


@strawberry.input(description="What to change of an album; what is left out stays.")
class UpdateAlbumInput:
    id: ID = strawberry.field(description="The album's id.")
    name: Maybe[str] = strawberry.field(description="A new name.", default=None)
    description: Maybe[str | None] = strawberry.field(
        description="A new description; null empties it.", default=None
    )
    is_public: Maybe[bool] = strawberry.field(
        description="Whether those who have a link may see it and what is in it.", default=None
    )


@strawberry.input(description="Which album to delete.")
class DeleteAlbumInput:
    id: ID = strawberry.field(description="The album's id.")
    delete_images: bool = strawberry.field(
        default=False, description="Whether its images go too. Otherwise they stay, in no album."
    )


@strawberry.input(description="Images to put into an album.")
class AddImagesToAlbumInput:
    album_id: ID = strawberry.field(description="The album's id.")
    image_ids: list[ID] = strawberry.field(description="The images' ids, 1 to 100.")


@strawberry.input(description="Images to take out of an album.")
class RemoveImagesFromAlbumInput:
    album_id: ID = strawberry.field(description="The album's id.")
    image_ids: list[ID] = strawberry.field(description="The images' ids, 1 to 100.")


@strawberry.type(description="What createAlbum did.")
class CreateAlbumPayload:
    album: Album = strawberry.field(description="The new album.")


@strawberry.type(description="What updateAlbum did.")
class UpdateAlbumPayload:
    album: Album = strawberry.field(description="The album as it is now.")


@strawberry.type(description="What deleteAlbum did.")
class DeleteAlbumPayload:
    deleted_album_id: ID = strawberry.field(description="The id that the album had.")
    images_deleted: int = strawberry.field(description="How many images went with it.")


@strawberry.type(description="What addImagesToAlbum did.")
class AddImagesToAlbumPayload:
    album: Album = strawberry.field(description="The album as it is now.")


@strawberry.type(description="What removeImagesFromAlbum did.")
class RemoveImagesFromAlbumPayload:
    album: Album = strawberry.field(description="The album as it is now.")


@strawberry.type
class AlbumMutations:
    @strawberry.mutation(description="Makes an album.")
    async def create_album(self, info: Info, input: Input[CreateAlbumInput]) -> CreateAlbumPayload:
        new = NewAlbum(name=input.name, description=input.description, is_public=input.is_public)
        return CreateAlbumPayload(album=Album.of(await albums.create(info.context.ctx, new)))

    @strawberry.mutation(description="Changes an album.")
    async def update_album(self, info: Info, input: Input[UpdateAlbumInput]) -> UpdateAlbumPayload:
        row = await albums.update(info.context.ctx, input.id, changes_of(input, AlbumChanges))
        return UpdateAlbumPayload(album=Album.of(row))

    @strawberry.mutation(description="Deletes an album.")
    async def delete_album(self, info: Info, input: Input[DeleteAlbumInput]) -> DeleteAlbumPayload:
        done = await albums.delete(info.context.ctx, input.id, delete_images=input.delete_images)
        return DeleteAlbumPayload(deleted_album_id=ID(done.id), images_deleted=done.images_deleted)

    @strawberry.mutation(description="Puts images into an album. Each leaves the album it was in.")
    async def add_images_to_album(
        self, info: Info, input: Input[AddImagesToAlbumInput]
    ) -> AddImagesToAlbumPayload:
        row = await albums.add_images(info.context.ctx, input.album_id, input.image_ids)
        return AddImagesToAlbumPayload(album=Album.of(row))

    @strawberry.mutation(description="Takes images out of an album. They stay, in no album.")
    async def remove_images_from_album(
        self,
        info: Info,
        input: Input[RemoveImagesFromAlbumInput],
    ) -> RemoveImagesFromAlbumPayload:
        row = await albums.remove_images(info.context.ctx, input.album_id, input.image_ids)
        return RemoveImagesFromAlbumPayload(album=Album.of(row))
