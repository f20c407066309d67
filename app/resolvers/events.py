"""Events of the caller's account: history pages and subscriptions."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from tortoise.queryset import QuerySet

from app.auth.actor import Scope
from app.context import Context
from app.errors import InvalidParameter, NotFound
from app.events.catalogue import EventType
from app.events.feed import Subscriber
from app.ids import Kind, kind_of
from app.models import Album, Event
from app.pagination import EventCursor, Page

SCOPES = {
    EventType.IMAGE_UPLOADED: Scope.IMAGES_READ,
    EventType.IMAGE_DELETED: Scope.IMAGES_READ,
    EventType.ALBUM_CREATED: Scope.ALBUMS_READ,
    EventType.ALBUM_UPDATED: Scope.ALBUMS_READ,
    EventType.PING: Scope.WEBHOOKS_READ,
}
"""Scope that a token needs for each event type."""

RECHECK_INTERVAL = timedelta(seconds=30)
"""Interval at which a subscriber's credentials are checked again."""
BATCH_SIZE = 100

Authenticate = Callable[[], Awaitable[Context]]
"""Return the context for the caller's credentials. Raises Unauthorized if they are no longer valid."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Filter for an account's events. Each condition that is not None must hold."""

    types: Collection[EventType] | None = None
    album_id: str | None = None


@dataclass(frozen=True, slots=True)
class _EventScope:
    """Events that one caller may see and has requested."""

    account_id: str
    types: frozenset[str]
    album_id: str | None

    def shows(self, event: Event) -> bool:
        return event.type in self.types and (self.album_id is None or event.album_id == self.album_id)

    def rows(self) -> QuerySet[Event]:
        query = Event.filter(account_id=self.account_id, type__in=sorted(self.types))
        return query if self.album_id is None else query.filter(album_id=self.album_id)


async def page(
    ctx: Context, which: EventFilter, *, size: int, after: EventCursor | None = None
) -> Page[Event]:
    """Return a page of the caller's events after a cursor, oldest first.

    Raises Unauthorized, MissingScope, and InvalidParameter for a position that does not exist yet.
    """
    query = _event_scope(ctx, which).rows()
    start = await _start(after)
    rows = await query.filter(position__gt=start).order_by("position").limit(size + 1)
    items = rows[:size]

    async def has_previous() -> bool:
        return start > 0 and await query.filter(position__lte=start).exists()

    async def total() -> int:
        return await query.count()

    return Page(items, lambda event: EventCursor(event.position), len(rows) > size, has_previous, total)


async def get_many(ctx: Context, event_ids: Sequence[str]) -> dict[str, Event]:
    """Return those of the events that are visible to the caller, by id."""
    rows = await _event_scope(ctx, EventFilter()).rows().filter(id__in=list(event_ids))
    return {event.id: event for event in rows}


async def follow(
    ctx: Context, which: EventFilter, *, recognise: Authenticate, after: EventCursor | None = None
) -> AsyncGenerator[Event, None]:
    """Yield the caller's events after a cursor, or from now on: first the history, then live events, endlessly.

    Errors of the request are raised by the call: Unauthorized, MissingScope, NotFound, InvalidParameter. Later
    errors are Unauthorized if the credentials become invalid, and SlowConsumer if events are read too slowly.
    """
    sight = _event_scope(ctx, which)
    if sight.album_id is not None:
        await _require_album(sight.account_id, sight.album_id)
    start = await _start(after) if after is not None else await Event.last_position()
    return _follow(ctx, which, sight, start, recognise)


async def _follow(
    ctx: Context, which: EventFilter, sight: _EventScope, seen: int, recognise: Authenticate
) -> AsyncGenerator[Event, None]:
    asked = ctx.now()
    # Most of the history is read before live events are queued, so that a long one does not look like a slow reader.
    while len(rows := await _history(sight, seen)) == BATCH_SIZE:
        for row in rows:
            yield row
            seen = row.position
    async with (
        ctx.services.events.feed.subscribe(sight.account_id) as follower,
        aclosing(_history_then_live(sight, seen, follower)) as events,
    ):
        async for event in events:
            if ctx.now() - asked >= RECHECK_INTERVAL:
                sight, asked = _event_scope(await recognise(), which), ctx.now()
            if event is not None and sight.shows(event):
                yield event


async def _history_then_live(
    sight: _EventScope, seen: int, follower: Subscriber
) -> AsyncGenerator[Event | None, None]:
    """Yield events up to the feed's position from the table, then from the feed.

    None if nothing happens for a while.
    """
    while rows := await _history(sight, seen, upto=follower.start):
        for row in rows:
            yield row
            seen = row.position
    while True:
        event = await follower.next()
        if event is None or event.position > seen:
            yield event


async def _history(sight: _EventScope, seen: int, *, upto: int | None = None) -> list[Event]:
    query = sight.rows().filter(position__gt=seen)
    if upto is not None:
        query = query.filter(position__lte=upto)
    return await query.order_by("position").limit(BATCH_SIZE)


def _event_scope(ctx: Context, which: EventFilter) -> _EventScope:
    """Return the events visible to the caller. Raises Unauthorized, MissingScope, InvalidParameter."""
    actor = ctx.require_actor()
    allowed = frozenset(kind for kind, scope in SCOPES.items() if scope in actor.scopes)
    if which.types is None:
        if not allowed:
            ctx.require_token_scope(Scope.IMAGES_READ)
        return _EventScope(actor.id, frozenset(allowed), which.album_id)
    if not which.types:
        raise InvalidParameter("types", [], f"one or more of {', '.join(EventType)}")
    for kind in which.types:
        ctx.require_token_scope(SCOPES[kind])
    return _EventScope(actor.id, frozenset(which.types), which.album_id)


async def _start(after: EventCursor | None) -> int:
    if after is None:
        return 0
    if after.position > await Event.last_position():
        raise InvalidParameter("after", str(after), "the cursor of an event")
    return after.position


async def _require_album(account_id: str, album_id: str) -> None:
    """Require an album of the account, or one that events still mention. Raises NotFound."""
    if kind_of(album_id) is Kind.ALBUM and (
        await Album.owned_by(account_id).filter(id=album_id).exists()
        or await Event.filter(account_id=account_id, album_id=album_id).exists()
    ):
        return
    raise NotFound("album", album_id)
