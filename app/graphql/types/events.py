from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Self, TypeAlias

import strawberry
from strawberry import ID
from strawberry.scalars import JSON

from app import models
from app.events import catalogue
from app.graphql.context import Info
from app.graphql.types.albums import Album
from app.graphql.types.connections import After, Connection, First
from app.graphql.types.images import Image
from app.pagination import DEFAULT_SIZE, EventCursor, page_size
from app.resolvers import events
from app.resolvers.events import EventFilter


@strawberry.enum(description="What kind of thing happened.")
class EventType(Enum):
    IMAGE_UPLOADED = strawberry.enum_value(
        "image.uploaded", description="An image was uploaded: `image.uploaded` outside GraphQL."
    )
    IMAGE_DELETED = strawberry.enum_value(
        "image.deleted", description="An image was deleted: `image.deleted` outside GraphQL."
    )
    ALBUM_CREATED = strawberry.enum_value(
        "album.created", description="An album was made: `album.created` outside GraphQL."
    )
    ALBUM_UPDATED = strawberry.enum_value(
        "album.updated",
        description="An album was changed, or which images are in it: `album.updated` outside GraphQL.",
    )
    PING = strawberry.enum_value("ping", description="Someone asked whether a webhook is reached.")

    def to_domain(self) -> catalogue.EventType:
        return catalogue.EventType(str(self.value))


Types: TypeAlias = Annotated[
    list[EventType] | None,
    strawberry.argument(description="Only events of these types; all that the caller may see by default."),
]


@strawberry.interface(description="Something that happened to the caller's things.")
class Event:
    row: strawberry.Private[models.Event]
    id: ID = strawberry.field(description="The event's id, the same in webhooks and in REST.")
    cursor: str = strawberry.field(
        description="Its place among all events: give it as `after` to go on from here."
    )
    type: EventType = strawberry.field(description="What kind of thing happened.")
    occurred_at: datetime = strawberry.field(description="When it happened: `created_at` outside GraphQL.")
    data: JSON = strawberry.field(description="The thing as it was then: the `data` of webhooks and of REST.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls(
            row=row,
            id=ID(row.id),
            cursor=str(EventCursor(row.position)),
            type=EventType(row.type),
            occurred_at=row.created_at,
            data=row.data,
        )


@strawberry.type(description="An image was uploaded.")
class ImageUploadedEvent(Event):
    @strawberry.field(description="The image as it is now; null once it is gone.")
    async def image(self, info: Info) -> Image | None:
        row = await info.context.loaders.image.load(self.row.subject_id)
        return Image.of(row, info.context.ctx) if row else None


@strawberry.type(description="An image was deleted. What it was stands in `data`.")
class ImageDeletedEvent(Event):
    @strawberry.field(description="The id that the image had.")
    def image_id(self) -> ID:
        return ID(self.row.subject_id)


async def _album(event: Event, info: Info) -> Album | None:
    row = await info.context.loaders.album.load(event.row.subject_id)
    return Album.of(row) if row else None


@strawberry.type(description="An album was made.")
class AlbumCreatedEvent(Event):
    @strawberry.field(description="The album as it is now; null once it is gone.")
    async def album(self, info: Info) -> Album | None:
        return await _album(self, info)


@strawberry.type(description="An album was changed, or which images are in it.")
class AlbumUpdatedEvent(Event):
    @strawberry.field(description="The album as it is now; null once it is gone.")
    async def album(self, info: Info) -> Album | None:
        return await _album(self, info)

    @strawberry.field(description="What changed: `name`, `description`, `is_public`, `images`.")
    def changes(self) -> list[str]:
        return _texts(self.row.data["changes"])

    @strawberry.field(description="The ids of the images that came into it.")
    def images_added(self) -> list[ID]:
        return [ID(id) for id in _texts(self.row.data["images_added"])]

    @strawberry.field(description="The ids of the images that left it.")
    def images_removed(self) -> list[ID]:
        return [ID(id) for id in _texts(self.row.data["images_removed"])]


@strawberry.type(description="Someone asked whether a webhook is reached.")
class PingEvent(Event):
    @strawberry.field(description="What was said.")
    def message(self) -> str:
        return str(self.row.data["message"])


EVENT_TYPES: dict[str, type[Event]] = {
    catalogue.EventType.IMAGE_UPLOADED: ImageUploadedEvent,
    catalogue.EventType.IMAGE_DELETED: ImageDeletedEvent,
    catalogue.EventType.ALBUM_CREATED: AlbumCreatedEvent,
    catalogue.EventType.ALBUM_UPDATED: AlbumUpdatedEvent,
    catalogue.EventType.PING: PingEvent,
}


def present_event(row: models.Event) -> Event:
    """The event as the type that its kind has here."""
    return EVENT_TYPES[row.type].of(row)


@strawberry.type
class EventQueries:
    @strawberry.field(
        description="What happened to the caller's things, oldest first. A token sees the types that its scopes cover."
    )
    async def events(
        self, info: Info, first: First = None, after: After = None, types: Types = None
    ) -> Connection[Event]:
        page = await events.page(
            info.context.ctx,
            EventFilter(types=_domain(types)),
            size=page_size(DEFAULT_SIZE if first is None else first, name="first"),
            after=_place(after),
        )
        return Connection(page=page, present=present_event)


@strawberry.type(description="What can be followed as it happens.")
class Subscription:
    @strawberry.subscription(
        description="""What happens to the caller's things, each thing once and in order.
Who gives the `cursor` of the last event they had as `after` is first told what they missed since."""
    )
    async def events(
        self,
        info: Info,
        types: Types = None,
        album_id: Annotated[
            ID | None,
            strawberry.argument(
                description="Only what concerns this album of the caller's, or an image in it."
            ),
        ] = None,
        after: Annotated[
            str | None,
            strawberry.argument(description="Begin after this event; with the next one by default."),
        ] = None,
    ) -> AsyncGenerator[Event, None]:
        following = await events.follow(
            info.context.ctx,
            EventFilter(types=_domain(types), album_id=album_id),
            recognise=info.context.authenticate,
            after=_place(after),
        )
        return _presented(following)


async def _presented(following: AsyncGenerator[models.Event, None]) -> AsyncGenerator[Event, None]:
    async with aclosing(following):
        async for row in following:
            yield row.presented.get(Event) or row.presented.setdefault(Event, present_event(row))


def _domain(types: list[EventType] | None) -> list[catalogue.EventType] | None:
    return None if types is None else [kind.to_domain() for kind in types]


def _place(after: str | None) -> EventCursor | None:
    return EventCursor.parse(after) if after is not None else None


def _texts(values: Any) -> list[str]:
    return [str(value) for value in values]
