"""The shapes of what the API shows, with what each field means and an example of the whole."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from app.events.catalogue import EventType
from app.ids import ALPHABET, LENGTH, Kind
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


def typed(type: str, about: str, **more: Any) -> Schema:
    return {"type": type, **({"description": about} if about else {}), **more}


def string(about: str, **more: Any) -> Schema:
    return typed("string", about, **more)


def integer(about: str, **more: Any) -> Schema:
    return typed("integer", about, **more)


def boolean(about: str) -> Schema:
    return typed("boolean", about)


def timestamp(about: str) -> Schema:
    return string(f"{about} RFC 3339, in UTC.", format="date-time")


def url(about: str) -> Schema:
    return string(about, format="uri")


def id_of(kind: Kind, about: str) -> Schema:
    return string(about, pattern=f"^{kind}_[{ALPHABET}]{{{LENGTH}}}$")


def enum(about: str, words: Sequence[str]) -> Schema:
    return string(about, enum=[str(word) for word in words])


def array(items: Schema, about: str) -> Schema:
    return typed("array", about, items=items)


def nullable(schema: Schema) -> Schema:
    nullable = {**schema, "type": [schema["type"], "null"]}
    return nullable | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def object_schema(about: str, properties: Mapping[str, Schema], *, optional: Sequence[str] = ()) -> Schema:
    """An object that has all of these, but for those that are optional."""
    required = [name for name in properties if name not in optional]
    return typed("object", about, properties=dict(properties), required=required)


def envelope(data: Schema, **beside: Schema) -> Schema:
    """What every success is wrapped in."""
    return object_schema("", {"success": {"const": True}, **beside, "data": data})


def listing(item: str) -> Schema:
    return envelope({"type": "array", "items": ref(item)}, meta=ref("PageMeta"))


def deleted(kind: Kind, **facts: str) -> Schema:
    properties = {"id": id_of(kind, "What was deleted."), "deleted": {"const": True}}
    return envelope(object_schema("", properties | {name: integer(about) for name, about in facts.items()}))


TIMES = {
    "created_at": timestamp("When it was made."),
    "updated_at": timestamp("When it was last changed."),
}
LINKS = object_schema(
    "The address, ready to paste.",
    {
        "url": url("As it is."),
        "html": string("For a page."),
        "markdown": string("For a README."),
        "bbcode": string("For a forum."),
    },
)
USAGE = object_schema(
    "", {"bytes": integer("What its files take."), "images": integer("How many images it has.")}
)
LIMITS = object_schema(
    "What this server allows.",
    {
        "max_upload_size": integer("The largest file, in bytes."),
        "max_pixels": integer("Width × height × frames."),
        "max_side": integer("Width or height, in pixels."),
        "requests": string("Requests of the account, such as 60/minute; or off."),
        "uploads": string("Files of the account, such as 10/minute; or off."),
    },
)
ATTEMPT = object_schema(
    "One try over the network.",
    {
        "time": timestamp("When it was made."),
        "outcome": enum("How it ended.", list(AttemptOutcome)),
        "status": nullable(integer("The status of the answer, where there was one.")),
        "duration_ms": integer("How long it took."),
        "reason": nullable(string("What went wrong, in a few words.")),
        "response_excerpt": nullable(string("The first characters of the answer.")),
    },
)
SECRET = string("Verifies what is sent. It is shown this once.", pattern="^whsec_")

WEBHOOK = {
    "id": id_of(Kind.WEBHOOK, "The webhook."),
    "url": url("Where events are sent."),
    "description": nullable(string("Whatever its owner wants to say of it.")),
    "events": array(enum("", list(EventType)), "Which events are sent."),
    "is_active": boolean("Whether anything is sent."),
    "disabled_reason": nullable(enum("Why PicHub disabled it.", list(DisabledReason))),
    **TIMES,
}

SCHEMAS: Mapping[str, Schema] = {
    "Image": object_schema(
        "An image.",
        {
            "id": id_of(Kind.IMAGE, "The image. It is the same in REST, GraphQL, addresses and events."),
            "url": url("The original, byte for byte."),
            "thumbnail_url": url("A small WebP for lists."),
            "delete_url": url("The address that DELETE is sent to."),
            "filename": string("What the file was called."),
            "title": nullable(string("Its title.")),
            "description": nullable(string("What it shows.")),
            "album_id": nullable(id_of(Kind.ALBUM, "The album that it is in.")),
            "category_id": nullable(id_of(Kind.CATEGORY, "Its category; only its owner is told.")),
            "tags": array({"type": "string"}, "Its tags."),
            "mime_type": enum("The type of its bytes.", [each.mime_type for each in Format]),
            "format": enum("The format of its bytes, whatever the file was called.", list(Format)),
            "size": integer("Bytes."),
            "width": integer("Pixels, as it stands upright."),
            "height": integer("Pixels, as it stands upright."),
            "frames": integer("1 for what does not move."),
            "sha256": string("The digest of its bytes.", pattern="^[0-9a-f]{64}$"),
            "thumbhash": string("A blurred picture of it in a few bytes: ThumbHash, in base64."),
            "dominant_color": string("The colour that it has most of, such as #2a6f97."),
            "is_public": boolean("Whether everyone who has the link sees it."),
            "links": LINKS,
            **TIMES,
        },
    ),
    "Upload": object_schema(
        "A file that comes in pieces.",
        {
            "id": id_of(Kind.UPLOAD, "The upload."),
            "url": url("Where its bytes go."),
            "filename": string("The name that the image will have."),
            "state": enum("Where it stands.", list(UploadState)),
            "size": integer("Bytes that the file has."),
            "offset": integer("Bytes that are here: the next is sent from there on."),
            "image": {
                "anyOf": [ref("Image"), {"type": "null"}],
                "description": "What it became; null until then, and once that image is deleted.",
            },
            "error": nullable(
                object_schema(
                    "Why the picture was refused; null unless it was.",
                    {
                        "code": string("A word for programs."),
                        "message": string("A few words for people."),
                        "details": string("A sentence that says what to do about it."),
                    },
                )
            ),
            "created_at": timestamp("When it began."),
            "expires_at": timestamp("When it ends: 24 hours after its last byte."),
        },
    ),
    "Album": object_schema(
        "An album.",
        {
            "id": id_of(Kind.ALBUM, "The album."),
            "name": string("Its name."),
            "description": nullable(string("What is in it.")),
            "is_public": boolean("Whether everyone who has the link sees its images."),
            "cover_url": nullable(url("A small WebP of its newest image.")),
            "image_count": integer("How many images are in it."),
            **TIMES,
        },
    ),
    "Category": object_schema(
        "A category.",
        {
            "id": id_of(Kind.CATEGORY, "The category."),
            "name": string("Its name."),
            "description": nullable(string("What belongs to it.")),
            **TIMES,
        },
    ),
    "Webhook": object_schema("An address that is told what happens.", WEBHOOK),
    "WebhookWithSecret": object_schema("A webhook with its new secret.", {**WEBHOOK, "secret": SECRET}),
    "Delivery": object_schema(
        "One event owed to one webhook.",
        {
            "id": id_of(Kind.DELIVERY, "The delivery."),
            "webhook_id": id_of(Kind.WEBHOOK, "Whom it is for."),
            "event_id": id_of(Kind.EVENT, "What it tells."),
            "event": enum("The event's type.", list(EventType)),
            "status": enum("Where it stands.", list(DeliveryStatus)),
            "attempts": array(ATTEMPT, "What was tried, oldest first."),
            "next_attempt_at": nullable(timestamp("When it is tried again.")),
            "created_at": timestamp("When it was made."),
        },
    ),
    "Event": object_schema(
        "Something that happened.",
        {
            "id": id_of(Kind.EVENT, "The event."),
            "type": enum("What kind of thing happened.", list(EventType)),
            "created_at": timestamp("When it happened."),
            "data": {"type": "object", "description": "The thing as it was then."},
        },
    ),
    "Account": object_schema(
        "The account that asks.",
        {
            "id": id_of(Kind.ACCOUNT, "The account."),
            "username": string("Its name."),
            "role": enum("What it may do on this server.", list(Role)),
            "usage": USAGE,
            "quota": nullable(integer("Bytes that it may keep; null where there is no bound.")),
            "limits": LIMITS,
            "created_at": timestamp("When it was made."),
        },
    ),
    "PageMeta": object_schema(
        "Where in the list this page is.",
        {
            "current_page": integer("This page."),
            "per_page": integer("How many there are on a page."),
            "total": integer("How many there are in all."),
            "last_page": integer("The last page."),
        },
    ),
    "Error": object_schema(
        "Every answer that is no success has this body.",
        {
            "success": {"const": False},
            "message": string("A few words for people; the same as error.message."),
            "error": object_schema(
                "",
                {
                    "code": string("A word for programs.", examples=[*STATUS]),
                    "message": string("A few words for people."),
                    "details": string("A sentence that says what to do about it."),
                    "fields": {
                        "type": "object",
                        "description": "The wrong fields of a body, each with its complaints.",
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
