"""What is sent: the event as subscriptions show it, in the words that receivers of webhooks know, signed."""

from collections.abc import Iterable
from datetime import datetime

import orjson

from app.events.envelope import EventEnvelope
from app.webhooks.signatures import signed_headers


def serialize(envelope: EventEnvelope) -> bytes:
    """The body of a request: the same bytes at each attempt. `event` repeats `type`, for readers of the older kind."""
    return orjson.dumps(
        {
            "id": envelope.id,
            "type": envelope.type,
            "event": envelope.type,
            "timestamp": envelope.created_at,
            "data": envelope.data,
        },
        option=orjson.OPT_UTC_Z,
    )


def headers(id: str, body: bytes, now: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """The headers of an attempt that is made now. Raises BadSecret."""
    return {
        "content-type": "application/json",
        **signed_headers(id, int(now.timestamp()), body, secrets),
    }
