"""What is said of the events that webhooks are sent."""

from app.events.catalogue import CATALOGUE, EventType
from app.ids import Kind
from app.webhooks.examples import CREATED_AT, EXAMPLE_PAYLOADS
from compat_rest.openapi.schemas import EVENT_ID, Schema, id_of, object_schema, string


def webhooks() -> dict[str, Schema]:
    """What a webhook is sent of each kind of event."""
    return {kind.value: _webhook(kind, of.__doc__ or "") for kind, of in CATALOGUE.items()}


def _webhook(kind: EventType, about: str) -> Schema:
    example = {
        "id": EVENT_ID,
        "type": kind.value,
        "event": kind.value,
        "timestamp": CREATED_AT,
        "data": EXAMPLE_PAYLOADS[kind].data,
    }
    properties = {
        "id": id_of(Kind.EVENT, "The event; the same at each attempt."),
        "type": {"const": kind.value},
        "event": {"const": kind.value, "description": "The same, for older readers."},
        "timestamp": string("When it happened.", format="date-time"),
        "data": {"type": "object", "description": "The thing as it was then."},
    }
    headers = {
        "webhook-id": "The event's id: keep those that you have seen.",
        "webhook-timestamp": "When this attempt was made, in Unix seconds.",
        "webhook-signature": "`v1,` and the base64 of HMAC-SHA-256 over id, timestamp and body.",
    }
    return {
        "post": {
            "operationId": f"on{kind.value.title().replace('.', '')}",
            "tags": ["Webhooks"],
            "summary": kind.value,
            "description": " ".join(about.split()),
            "security": [],
            "parameters": [
                {
                    "name": name,
                    "in": "header",
                    "required": True,
                    "description": means,
                    "schema": {"type": "string"},
                }
                for name, means in headers.items()
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": object_schema("", properties), "example": example}
                },
            },
            "responses": {"2XX": {"description": "It came through; anything else is tried again."}},
        }
    }
