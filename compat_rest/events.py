"""Events over REST, for programs that poll."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.errors import InvalidParameter
from app.events.catalogue import EventType
from app.events.envelope import EventEnvelope
from app.pagination import DEFAULT_SIZE, MAX_SIZE, EventCursor
from app.resolvers import events
from app.resolvers.events import EventFilter
from compat_rest import parse, present


async def index(request: Request) -> Response:
    """List the caller's events after a cursor, oldest first. `meta.next` is the cursor of the next request."""
    ctx = await parse.authenticate(request)
    after = request.query_params.get("after") or None
    size = parse.parse_integer(request, "limit", DEFAULT_SIZE, maximum=MAX_SIZE)
    cursor = EventCursor.parse(after) if after else None
    page = await events.page(ctx, EventFilter(types=_types(request)), size=size, after=cursor)
    last = str(page.cursor_of(page.items[-1])) if page.items else after
    meta: dict[str, Any] = {"next": last, "has_more": await page.has_next()}
    return present.EnvelopeResponse(
        {"success": True, "data": [EventEnvelope.of(event) for event in page.items], "meta": meta}
    )


def _types(request: Request) -> list[EventType] | None:
    text = request.query_params.get("types")
    if not text:
        return None
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in set(EventType)]
    if unknown:
        raise InvalidParameter("types", text, f"one or more of {', '.join(EventType)}, separated by commas")
    return [EventType(name) for name in names]
