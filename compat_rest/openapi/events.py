"""Webhook payloads, by event type."""

from functools import partial

from app.events.catalogue import CATALOGUE, EventType
from app.ids import Kind
from app.webhooks.examples import CREATED_AT, EXAMPLE_PAYLOADS
from compat_rest.openapi.parameters import named, parameter
from compat_rest.openapi.schemas import EVENT_ID, Schema, id_schema, object_schema, timestamp


def webhooks() -> dict[str, Schema]:
    """Return the OpenAPI webhooks, by event type."""
    return {kind.value: _webhook(kind, of.__doc__ or "") for kind, of in CATALOGUE.items()}


def _webhook(kind: EventType, description: str) -> Schema:
    example = {
        "id": EVENT_ID,
        "type": kind.value,
        "event": kind.value,
        "timestamp": CREATED_AT,
        "data": EXAMPLE_PAYLOADS[kind].data,
    }
    properties = {
        "id": id_schema(Kind.EVENT, "Id of the event, the same in each attempt."),
        "type": {"const": kind.value},
        "event": {"const": kind.value, "description": "The same as `type`, for existing receivers."},
        "timestamp": timestamp("Time of the event."),
        "data": {"type": "object", "description": "The object at that time."},
    }
    header = partial(parameter, {"type": "string"}, location="header", required=True)
    headers = {
        "webhook-id": header("Id of the event. Use it to ignore duplicates."),
        "webhook-timestamp": header("Time of this attempt, in Unix seconds."),
        "webhook-signature": header("`v1,` and the HMAC-SHA-256 of id, timestamp and body, in base64."),
    }
    return {
        "post": {
            "operationId": f"on{kind.value.title().replace('.', '')}",
            "tags": ["Webhooks"],
            "summary": kind.value,
            "description": " ".join(description.split()),
            "security": [],
            "parameters": named(headers),
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": object_schema("", properties), "example": example}
                },
            },
            "responses": {
                "2XX": {"description": "Delivered. After any other response the delivery is retried."}
            },
        }
    }
