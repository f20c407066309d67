"""What is sent: the event as subscriptions show it, in the words that receivers of webhooks know."""

import orjson

from app.events.envelope import Envelope

CONTENT_TYPE = "application/json"


def body_of(envelope: Envelope) -> bytes:
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
