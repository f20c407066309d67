"""JSON Schemas of the resources, with a description of each field and an example of each resource."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from app.events.catalogue import EventType
from app.ids import CROCKFORD_ALPHABET, ULID_LENGTH, Kind
from app.imaging.formats import Format
from app.models import AttemptOutcome, DeliveryStatus, DisabledReason, Role, UploadState
from app.webhooks.examples import ALBUM, CREATED_AT, IMAGE, IMAGE_ID, WEBHOOK_ID
from compat_rest.errors import STATUS

Schema: TypeAlias = dict[str, Any]

API = "https://pictures.example.org/v1"
UPLOAD_ID = "upl_" + "0" * 26
CATEGORY_ID, DELIVERY_ID, EVENT_ID = "cat_" + "0" * 26, "dlv_" + "0" * 26, "evt_" + "0" * 26


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def typed(type: str, description: str, **keywords: Any) -> Schema:
    return {"type": type, **({"description": description} if description else {}), **keywords}


string, integer, boolean = partial(typed, "string"), partial(typed, "integer"), partial(typed, "boolean")
url = partial(string, format="uri")


def timestamp(description: str) -> Schema:
    return string(f"{description} RFC 3339, in UTC.", format="date-time")


def id_schema(kind: Kind, description: str) -> Schema:
    return string(description, pattern=f"^{kind}_[{CROCKFORD_ALPHABET}]{{{ULID_LENGTH}}}$")


def enum_schema(description: str, values: Sequence[str]) -> Schema:
    return string(description, enum=[str(word) for word in values])


def array(items: Schema, description: str) -> Schema:
    return typed("array", description, items=items)


def nullable(schema: Schema) -> Schema:
    nullable = {**schema, "type": [schema["type"], "null"]}
    return nullable | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def object_schema(
    description: str, properties: Mapping[str, Schema], *, optional: Sequence[str] = ()
) -> Schema:
    """Return the schema of an object. Properties are required unless they are in `optional`."""
    required = [name for name in properties if name not in optional]
    return typed("object", description, properties=dict(properties), required=required)


def envelope(data: Schema, **siblings: Schema) -> Schema:
    """Return the schema of a successful response."""
    return object_schema("", {"success": {"const": True}, **siblings, "data": data})


def listing_envelope(item: str) -> Schema:
    return envelope({"type": "array", "items": ref(item)}, meta=ref("PageMeta"))


def deletion_envelope(kind: Kind, **facts: str) -> Schema:
    properties = {"id": id_schema(kind, "Id of the deleted object."), "deleted": {"const": True}}
    return envelope(object_schema("", properties | {name: integer(text) for name, text in facts.items()}))


TIMES = {
    "created_at": timestamp("Time of creation."),
    "updated_at": timestamp("Time of the last change."),
}
LINKS = object_schema(
    "Links to the image, ready to paste.",
    {
        "url": url("URL of the original."),
        "html": string("HTML, for a web page."),
        "markdown": string("Markdown, for a README."),
        "bbcode": string("BBCode, for a forum."),
    },
)
USAGE = object_schema(
    "",
    {
        "bytes": integer("Total size of the account's files, in bytes."),
        "images": integer("Number of the account's images."),
    },
)
LIMITS = object_schema(
    "Limits of this server.",
    {
        "max_upload_size": integer("Maximum size of a file, in bytes."),
        "max_pixels": integer("Maximum of width × height × frames."),
        "max_side": integer("Maximum width and height, in pixels."),
        "requests": string("Rate limit of requests per account, such as 60/minute; or off."),
        "uploads": string("Rate limit of uploads per account, such as 10/minute; or off."),
    },
)
ATTEMPT = object_schema(
    "An attempt to deliver.",
    {
        "time": timestamp("Time of the attempt."),
        "outcome": enum_schema("Outcome of the attempt.", list(AttemptOutcome)),
        "status": nullable(integer("HTTP status of the response; null without one.")),
        "duration_ms": integer("Duration in milliseconds."),
        "reason": nullable(string("Reason of the failure; null if it succeeded.")),
        "response_excerpt": nullable(string("First characters of the response; null without one.")),
    },
)
ERROR_PROPERTIES = {
    "code": string("Error code for programs.", examples=[*STATUS]),
    "message": string("Short message for people."),
    "details": string("Details, with the remedy."),
    "params": {
        "type": "object",
        "description": "Facts of the message, and `reason`: a stable identifier of its sentence.",
        "required": ["reason"],
    },
}
SECRET = string("Secret for verifying payloads. It is returned only once.", pattern="^whsec_")

WEBHOOK = {
    "id": id_schema(Kind.WEBHOOK, "Id of the webhook."),
    "url": url("URL that events are sent to."),
    "description": nullable(string("Description for its owner.")),
    "events": array(enum_schema("", list(EventType)), "Types of events to send."),
    "is_active": boolean("True if events are sent."),
    "disabled_reason": nullable(
        enum_schema("Reason for which PicHub disabled it; null unless it did.", list(DisabledReason))
    ),
    **TIMES,
}

SCHEMAS: Mapping[str, Schema] = {
    "Image": object_schema(
        "An image.",
        {
            "id": id_schema(Kind.IMAGE, "Id of the image, the same in REST, GraphQL, URLs and events."),
            "url": url("URL of the original file."),
            "thumbnail_url": url("URL of a small WebP for lists."),
            "delete_url": url("URL that deletes the image, by DELETE."),
            "filename": string("Name of the file."),
            "title": nullable(string("Title.")),
            "description": nullable(string("Description.")),
            "album_id": nullable(id_schema(Kind.ALBUM, "Id of the album; null if it is in none.")),
            "category_id": nullable(
                id_schema(
                    Kind.CATEGORY, "Id of the category; null if it has none, and for everyone but its owner."
                )
            ),
            "tags": array({"type": "string"}, "Tags."),
            "mime_type": enum_schema("Media type of the file.", [each.mime_type for each in Format]),
            "format": enum_schema("Format of the file, detected from its content.", list(Format)),
            "size": integer("Size of the file, in bytes."),
            "width": integer("Width in pixels, after EXIF rotation."),
            "height": integer("Height in pixels, after EXIF rotation."),
            "frames": integer("Number of frames; 1 unless it is animated."),
            "sha256": string("SHA-256 of the file, in hexadecimal.", pattern="^[0-9a-f]{64}$"),
            "thumbhash": string("ThumbHash: a blurred preview in a few bytes, in base64."),
            "dominant_color": string("Dominant color, such as #2a6f97."),
            "is_public": boolean("True if everyone with the link can see it."),
            "links": LINKS,
            **TIMES,
        },
    ),
    "Upload": object_schema(
        "A resumable upload.",
        {
            "id": id_schema(Kind.UPLOAD, "Id of the upload."),
            "url": url("URL that the file is sent to."),
            "filename": string("Name of the file."),
            "state": enum_schema("Current state.", list(UploadState)),
            "size": integer("Size of the file, in bytes."),
            "offset": integer("Number of bytes received; the next chunk starts here."),
            "image": {
                "anyOf": [ref("Image"), {"type": "null"}],
                "description": "The resulting image; null before that, and after the image is deleted.",
            },
            "error": nullable(object_schema("Error if the image was rejected; else null.", ERROR_PROPERTIES)),
            "created_at": timestamp("Time of creation."),
            "expires_at": timestamp("Time of expiry: 24 hours after the last byte."),
        },
    ),
    "Album": object_schema(
        "An album.",
        {
            "id": id_schema(Kind.ALBUM, "Id of the album."),
            "name": string("Name."),
            "description": nullable(string("Description.")),
            "is_public": boolean("True if everyone with the link can see its images."),
            "cover_url": nullable(url("URL of a small WebP of its newest image; null if it is empty.")),
            "image_count": integer("Number of images in the album."),
            **TIMES,
        },
    ),
    "Category": object_schema(
        "A category.",
        {
            "id": id_schema(Kind.CATEGORY, "Id of the category."),
            "name": string("Name."),
            "description": nullable(string("Description.")),
            **TIMES,
        },
    ),
    "Webhook": object_schema("A URL that receives events.", WEBHOOK),
    "WebhookWithSecret": object_schema("A webhook with its new secret.", {**WEBHOOK, "secret": SECRET}),
    "Delivery": object_schema(
        "The delivery of an event to a webhook.",
        {
            "id": id_schema(Kind.DELIVERY, "Id of the delivery."),
            "webhook_id": id_schema(Kind.WEBHOOK, "Id of the webhook."),
            "event_id": id_schema(Kind.EVENT, "Id of the event."),
            "event": enum_schema("Type of the event.", list(EventType)),
            "status": enum_schema("Current state.", list(DeliveryStatus)),
            "attempts": array(ATTEMPT, "Attempts, oldest first."),
            "next_attempt_at": nullable(timestamp("Time of the next attempt; null if there is none.")),
            "created_at": timestamp("Time of creation."),
        },
    ),
    "Event": object_schema(
        "An event.",
        {
            "id": id_schema(Kind.EVENT, "Id of the event."),
            "type": enum_schema("Type of the event.", list(EventType)),
            "created_at": timestamp("Time of the event."),
            "data": {"type": "object", "description": "The object at that time."},
        },
    ),
    "Account": object_schema(
        "The caller's account.",
        {
            "id": id_schema(Kind.ACCOUNT, "Id of the account."),
            "username": string("Name."),
            "role": enum_schema("Role on this server.", list(Role)),
            "usage": USAGE,
            "quota": nullable(integer("Maximum total size of its files, in bytes; null if unlimited.")),
            "limits": LIMITS,
            "created_at": timestamp("Time of creation."),
        },
    ),
    "PageMeta": object_schema(
        "Position of a page in its list.",
        {
            "current_page": integer("Number of this page."),
            "per_page": integer("Number of items per page."),
            "total": integer("Total number of items."),
            "last_page": integer("Number of the last page."),
        },
    ),
    "Error": object_schema(
        "Body of every error response.",
        {
            "success": {"const": False},
            "message": string("Short message for people; the same as error.message."),
            "error": object_schema(
                "",
                {
                    **ERROR_PROPERTIES,
                    "fields": {
                        "type": "object",
                        "description": "Error messages by invalid field.",
                        "additionalProperties": {"type": "array", "items": {"type": "string"}},
                    },
                },
                optional=["fields"],
            ),
        },
    ),
}

_IMAGE = {**IMAGE, "category_id": None, "delete_url": f"{API}/images/{IMAGE_ID}"}
_ALBUM = {**ALBUM, "cover_url": IMAGE["thumbnail_url"]}
_WEBHOOK = {
    "id": WEBHOOK_ID,
    "url": "https://example.org/hook",
    "description": None,
    "events": ["image.uploaded", "image.deleted"],
    "is_active": True,
    "disabled_reason": None,
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "Image": _IMAGE,
    "Upload": {
        "id": UPLOAD_ID,
        "url": f"{API}/uploads/{UPLOAD_ID}",
        "filename": "sea.jpg",
        "state": UploadState.RECEIVING.value,
        "size": 31_457_280,
        "offset": 8_388_608,
        "image": None,
        "error": None,
        "created_at": CREATED_AT,
        "expires_at": "2026-02-01T12:00:00Z",
    },
    "Album": _ALBUM,
    "Category": {
        "id": CATEGORY_ID,
        "name": "Landscapes",
        "description": None,
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
    },
    "Webhook": _WEBHOOK,
    "WebhookWithSecret": {**_WEBHOOK, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    "Delivery": {
        "id": DELIVERY_ID,
        "webhook_id": WEBHOOK_ID,
        "event_id": EVENT_ID,
        "event": EventType.IMAGE_UPLOADED.value,
        "status": DeliveryStatus.SUCCEEDED.value,
        "attempts": [
            {
                "time": CREATED_AT,
                "outcome": AttemptOutcome.DELIVERED.value,
                "status": 204,
                "duration_ms": 41,
                "reason": None,
                "response_excerpt": "",
            }
        ],
        "next_attempt_at": None,
        "created_at": CREATED_AT,
    },
    "Event": {
        "id": EVENT_ID,
        "type": EventType.IMAGE_UPLOADED.value,
        "created_at": CREATED_AT,
        "data": IMAGE,
    },
    "Account": {
        "id": "acc_" + "0" * 26,
        "username": "ann",
        "role": Role.MEMBER.value,
        "usage": {"bytes": 204_800, "images": 1},
        "quota": None,
        "limits": {
            "max_upload_size": 52_428_800,
            "max_pixels": 50_000_000,
            "max_side": 16_384,
            "requests": "60/minute;1000/hour;10000/day",
            "uploads": "10/minute",
        },
        "created_at": CREATED_AT,
    },
    "PageMeta": {"current_page": 1, "per_page": 20, "total": 1, "last_page": 1},
}
