from typing import Annotated

import strawberry
from strawberry import ID, Maybe

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
from app.graphql.types.library import Album
from app.resolvers import albums
from app.resolvers.albums import AlbumChanges, NewAlbum


@strawberry.input(description="Ordering of albums by creation time.")
class AlbumOrder:
    direction: OrderDirection = strawberry.field(default=NEWEST_FIRST, description="The ordering direction.")


@strawberry.type
class AlbumQueries:
    @strawberry.field(
        description="Look up an album by ID. Null, with NOT_FOUND, if there is none or the caller can't view it."
    )
    async def album(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The ID of the album.")],
    ) -> Album | None:
        return Album(await albums.get(info.context.ctx, id))

    @strawberry.field(description="The caller's own albums, newest first by default.")
    async def albums(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Annotated[
            AlbumOrder | None, strawberry.argument(description="Ordering of the albums.")
        ] = None,
    ) -> Connection[Album]:
        direction = (order_by or AlbumOrder()).direction.to_domain()
        page = await albums.page(info.context.ctx, page_request(first, after, last, before), direction)
        return Connection(page=page, present=Album)


@strawberry.input(description="Input of `createAlbum`.")
class CreateAlbumInput:
    name: str = strawberry.field(description="The name, 1 to 200 characters.")
    description: str | None = strawberry.field(default=None, description="The description.")
    is_public: bool = strawberry.field(
        default=True, description="True if anyone with the link can view the album and its images."
    )


@strawberry.input(description="Input of `updateAlbum`. Omitted fields are not changed.")
class UpdateAlbumInput:
    id: ID = strawberry.field(description="The ID of the album.")
    name: Maybe[str] = strawberry.field(description="The new name, 1 to 200 characters.", default=None)
    description: Maybe[str | None] = strawberry.field(
        description="The new description. Null removes it.", default=None
    )
    is_public: Maybe[bool] = strawberry.field(
        description="True if anyone with the link can view the album and its images.", default=None
    )


@strawberry.input(description="Input of `deleteAlbum`.")
class DeleteAlbumInput:
    id: ID = strawberry.field(description="The ID of the album.")
    delete_images: bool = strawberry.field(
        default=False,
        description="True to delete the images of the album too. Otherwise they are kept without an album.",
    )


@strawberry.input(description="Input of `addImagesToAlbum`.")
class AddImagesToAlbumInput:
    album_id: ID = strawberry.field(description="The ID of the album.")
    image_ids: list[ID] = strawberry.field(description="The IDs of 1 to 100 images.")


@strawberry.input(description="Input of `removeImagesFromAlbum`.")
class RemoveImagesFromAlbumInput:
    album_id: ID = strawberry.field(description="The ID of the album.")
    image_ids: list[ID] = strawberry.field(description="The IDs of 1 to 100 images.")


@strawberry.type(description="Return type of `createAlbum`.")
class CreateAlbumPayload:
    album: Album = strawberry.field(description="The new album.")


@strawberry.type(description="Return type of `updateAlbum`.")
class UpdateAlbumPayload:
    album: Album = strawberry.field(description="The updated album.")


@strawberry.type(description="Return type of `deleteAlbum`.")
class DeleteAlbumPayload:
    deleted_album_id: ID = strawberry.field(description="The ID of the deleted album.")
    images_deleted: int = strawberry.field(description="The number of images deleted with the album.")


@strawberry.type(description="Return type of `addImagesToAlbum`.")
class AddImagesToAlbumPayload:
    album: Album = strawberry.field(description="The updated album.")


@strawberry.type(description="Return type of `removeImagesFromAlbum`.")
class RemoveImagesFromAlbumPayload:
    album: Album = strawberry.field(description="The updated album.")


@strawberry.type
class AlbumMutations:
    @strawberry.mutation(description="Create an album.")
    async def create_album(self, info: Info, input: Input[CreateAlbumInput]) -> CreateAlbumPayload:
        new = NewAlbum(name=input.name, description=input.description, is_public=input.is_public)
        return CreateAlbumPayload(album=Album(await albums.create(info.context.ctx, new)))

    @strawberry.mutation(description="Update an album.")
    async def update_album(self, info: Info, input: Input[UpdateAlbumInput]) -> UpdateAlbumPayload:
        row = await albums.update(info.context.ctx, input.id, changes_of(input, AlbumChanges))
        return UpdateAlbumPayload(album=Album(row))

    @strawberry.mutation(description="Delete an album.")
    async def delete_album(self, info: Info, input: Input[DeleteAlbumInput]) -> DeleteAlbumPayload:
        deleted = await albums.delete(info.context.ctx, input.id, delete_images=input.delete_images)
        return DeleteAlbumPayload(deleted_album_id=ID(deleted.id), images_deleted=deleted.images_deleted)

    @strawberry.mutation(description="Add images to an album. Images in another album are moved.")
    async def add_images_to_album(
        self, info: Info, input: Input[AddImagesToAlbumInput]
    ) -> AddImagesToAlbumPayload:
        row = await albums.add_images(info.context.ctx, input.album_id, input.image_ids)
        return AddImagesToAlbumPayload(album=Album(row))

    @strawberry.mutation(description="Remove images from an album. The images are kept without an album.")
    async def remove_images_from_album(
        self,
        info: Info,
        input: Input[RemoveImagesFromAlbumInput],
    ) -> RemoveImagesFromAlbumPayload:
        row = await albums.remove_images(info.context.ctx, input.album_id, input.image_ids)
        return RemoveImagesFromAlbumPayload(album=Album(row))
