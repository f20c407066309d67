from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from enum import Enum
from typing import Annotated, Self, TypeAlias

import strawberry
from strawberry import ID
from strawberry.scalars import JSON

from app import models
from app.events import catalogue
from app.graphql.context import Info
from app.graphql.types.connections import After, Connection, First
from app.graphql.types.library import Album, Image
from app.pagination import DEFAULT_SIZE, EventCursor, page_size
from app.resolvers import events
from app.resolvers.events import EventFilter


@strawberry.enum(description="The type of an event.")
class EventType(Enum):
    IMAGE_UPLOADED = strawberry.enum_value(
        "image.uploaded",
        description="An image was uploaded: `image.uploaded` in REST and webhooks.",
    )
    IMAGE_DELETED = strawberry.enum_value(
        "image.deleted", description="An image was deleted: `image.deleted` in REST and webhooks."
    )
    ALBUM_CREATED = strawberry.enum_value(
        "album.created", description="An album was created: `album.created` in REST and webhooks."
    )
    ALBUM_UPDATED = strawberry.enum_value(
        "album.updated",
        description="An album or the list of its images was updated: `album.updated` in REST and webhooks.",
    )
    PING = strawberry.enum_value("ping", description="A test event, sent by `pingWebhook`.")

    def to_domain(self) -> catalogue.EventType:
        return catalogue.EventType(str(self.value))


Types: TypeAlias = Annotated[
    list[EventType] | None,
    strawberry.argument(
        description="Return only events of these types. By default, all types visible to the caller."
    ),
]


@strawberry.interface(description="An event in the caller's account.")
class Event:
    row: strawberry.Private[models.Event]
    id: ID = strawberry.field(description="The ID of the event. The same in REST and webhooks.")
    cursor: str = strawberry.field(description="A cursor for use as `after`.")
    type: EventType = strawberry.field(description="The type of the event.")
    occurred_at: datetime = strawberry.field(
        description="When the event occurred. The field is `created_at` in REST and webhooks."
    )
    data: JSON = strawberry.field(
        description="The object at the time of the event, as in the `data` of REST and webhooks."
    )

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
    @strawberry.field(description="The image in its current state. Null if it has been deleted.")
    async def image(self, info: Info) -> Image | None:
        row = await info.context.loaders.image.load(self.row.subject_id)
        return Image(row, info.context.ctx) if row else None


@strawberry.type(description="An image was deleted. `data` has its last state.")
class ImageDeletedEvent(Event):
    @strawberry.field(description="The ID of the deleted image.")
    def image_id(self) -> ID:
        return ID(self.row.subject_id)


@strawberry.type
class _AlbumEvent(Event):
    @strawberry.field(description="The album in its current state. Null if it has been deleted.")
    async def album(self, info: Info) -> Album | None:
        row = await info.context.loaders.album.load(self.row.subject_id)
        return Album(row) if row else None


@strawberry.type(description="An album was created.")
class AlbumCreatedEvent(_AlbumEvent):
    pass


@strawberry.type(description="An album or the list of its images was updated.")
class AlbumUpdatedEvent(_AlbumEvent):
    @strawberry.field(
        description="The names of the updated properties: `name`, `description`, `is_public`, `images`."
    )
    def changes(self) -> list[str]:
        return list(self.row.data["changes"])

    @strawberry.field(description="The IDs of the images added to the album.")
    def images_added(self) -> list[ID]:
        return [ID(id) for id in self.row.data["images_added"]]

    @strawberry.field(description="The IDs of the images removed from the album.")
    def images_removed(self) -> list[ID]:
        return [ID(id) for id in self.row.data["images_removed"]]


@strawberry.type(description="A test event, sent by `pingWebhook`.")
class PingEvent(Event):
    @strawberry.field(description="The text of the test event.")
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
    """Return the event as the GraphQL type of its event type."""
    return EVENT_TYPES[row.type].of(row)


@strawberry.type
class EventQueries:
    @strawberry.field(
        description="The events in the caller's account, oldest first. A token sees the types that its scopes allow."
    )
    async def events(
        self, info: Info, first: First = None, after: After = None, types: Types = None
    ) -> Connection[Event]:
        page = await events.page(
            info.context.ctx,
            EventFilter(types=_domain(types)),
            size=page_size(DEFAULT_SIZE if first is None else first, name="first"),
            after=_cursor(after),
        )
        return Connection(page=page, present=present_event)


@strawberry.type(description="The subscription root.")
class Subscription:
    @strawberry.subscription(
        description=(
            "Events in the caller's account as they occur, each once and in order. To resume, pass the "
            "`cursor` of the last event as `after`: missed events are sent first."
        )
    )
    async def events(
        self,
        info: Info,
        types: Types = None,
        album_id: Annotated[
            ID | None,
            strawberry.argument(
                description="Return only events about this album of the caller, or about images in it."
            ),
        ] = None,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="Start after this event. By default, the subscription starts with the next event."
            ),
        ] = None,
    ) -> AsyncGenerator[Event, None]:
        following = await events.follow(
            info.context.ctx,
            EventFilter(types=_domain(types), album_id=album_id),
            recognise=info.context.authenticate,
            after=_cursor(after),
        )
        return _presented(following)


async def _presented(following: AsyncGenerator[models.Event, None]) -> AsyncGenerator[Event, None]:
    async with aclosing(following):
        async for row in following:
            yield row.presented.get(Event) or row.presented.setdefault(Event, present_event(row))


def _domain(types: list[EventType] | None) -> list[catalogue.EventType] | None:
    return None if types is None else [event_type.to_domain() for event_type in types]


def _cursor(after: str | None) -> EventCursor | None:
    return EventCursor.parse(after) if after is not None else None
