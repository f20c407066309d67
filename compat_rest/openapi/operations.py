"""What each operation of the API is for, what it takes, and what it answers: one row for each row of the routes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.auth.actor import Scope
from app.events.catalogue import EventType
from app.ids import Kind
from app.resolvers import albums as album_rules
from app.resolvers import categories as category_rules
from app.resolvers import images as image_rules
from app.resolvers import webhooks as webhook_rules
from app.resolvers.validation import MAX_TAG_LENGTH, MAX_TAGS
from app.uploads.clients.catalogue import UPLOAD_CLIENTS
from compat_rest import albums, categories, images, tus, uploads, webhooks
from compat_rest.bodies import FILE_NAMES, FORM_TEXTS, BodyField
from compat_rest.openapi.parameters import (
    DELETE_ALBUM_PARAMETERS,
    DELIVERY_FILTERS,
    EVENT_FILTERS,
    IMAGE_FILTERS,
    OVERRIDE_HEADERS,
    CHUNK_HEADERS,
    PAGING,
    ParameterSpec,
)
from compat_rest.openapi.schemas import (
    EXAMPLES,
    SCHEMAS,
    Schema,
    envelope,
    listing,
    object_schema,
    ref,
    string,
)
from compat_rest.openapi.schemas import (
    deleted as deleted_schema,
)


@dataclass(frozen=True, slots=True)
class SuccessResponse:
    """A success: its status, what it means, the shape of its body and an example of it."""

    description: str
    schema: Schema
    example: Mapping[str, Any]
    status: int = 200
    has_location: bool = False
    """Whether the header Location says where the new thing is."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What else stands in its headers, and what that means."""
    media_types: Sequence[str] = ()
    """The media types that it has where it is a file; the schema is that of its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationSpec:
    """One row. `scope` is None where nobody need sign in; `errors` are codes beside those that such operations have."""

    id: str
    tag: str
    summary: str
    success: SuccessResponse
    scope: Scope | None
    description: str = ""
    query: Mapping[str, ParameterSpec] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    errors: Sequence[str] = ()


def item_response(name: str, about: str, *, status: int = 200, is_located: bool = False) -> SuccessResponse:
    """One thing."""
    example = {"success": True, "data": EXAMPLES[name]}
    return SuccessResponse(about, envelope(ref(name)), example, status, is_located)


def page_response(name: str, about: str) -> SuccessResponse:
    """Several things, and where in the list they are."""
    example = {"success": True, "data": [EXAMPLES[name]], "meta": EXAMPLES["PageMeta"]}
    return SuccessResponse(about, listing(name), example)


def deleted_response(kind: Kind, name: str, **facts: str) -> SuccessResponse:
    """What is said of a thing that was deleted."""
    example = {"id": EXAMPLES[name]["id"], "deleted": True, **dict.fromkeys(facts, 1)}
    return SuccessResponse("It is gone.", deleted_schema(kind, **facts), {"success": True, "data": example})


def json_body(
    fields: Mapping[str, BodyField],
    resource: str,
    example: Mapping[str, Any],
    *,
    required: Sequence[str] = (),
    bounds: Mapping[str, Schema],
) -> Schema:
    """A JSON object of these fields. What they mean is what they mean where they are shown."""
    properties = {
        name: {
            **each.schema,
            "description": SCHEMAS[resource]["properties"][name]["description"],
            **bounds.get(name, {}),
        }
        for name, each in fields.items()
    }
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = [*required]
    return {"required": True, "content": {"application/json": {"schema": schema, "example": dict(example)}}}


def _upload_form() -> Schema:
    """The upload form. One of the names of the file must be there; nothing in a field is as good as no field."""
    file = string("The picture: JPG, PNG, WebP or GIF.", contentMediaType="application/octet-stream")
    also = string(f"Another name for {FILE_NAMES[0]}.", contentMediaType="application/octet-stream")
    of_image = SCHEMAS["Image"]["properties"]
    texts = {
        name: string(of_image[name]["description"], **IMAGE_BOUNDS.get(name, {}), default="")
        for name in FORM_TEXTS
    }
    tags = {"type": "array", "items": {"type": "string"}, **IMAGE_BOUNDS["tags"], "default": []}
    tags["description"] = "Tags, one a field, or several in one field separated by commas."
    names = {FILE_NAMES[0]: file, **texts, "tags": tags, **dict.fromkeys(FILE_NAMES[1:], also)}
    schema = {
        "type": "object",
        "properties": names,
        "anyOf": [{"required": [name]} for name in FILE_NAMES],
    }
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


IMAGE_BOUNDS: Mapping[str, Schema] = {
    "filename": {"minLength": 1, "maxLength": image_rules.MAX_FILENAME_LENGTH},
    "title": {"maxLength": image_rules.MAX_TITLE_LENGTH},
    "description": {"maxLength": image_rules.MAX_DESCRIPTION_LENGTH},
    "tags": {"maxItems": MAX_TAGS, "items": {"type": "string", "maxLength": MAX_TAG_LENGTH}},
}
ALBUM_BOUNDS: Mapping[str, Schema] = {
    "name": {"minLength": 1, "maxLength": album_rules.MAX_NAME_LENGTH},
    "description": {"maxLength": album_rules.MAX_DESCRIPTION_LENGTH},
}
CATEGORY_BOUNDS: Mapping[str, Schema] = {
    "name": {"minLength": 1, "maxLength": category_rules.MAX_NAME_LENGTH},
    "description": {"maxLength": category_rules.MAX_DESCRIPTION_LENGTH},
}
WEBHOOK_BOUNDS: Mapping[str, Schema] = {
    "events": {"minItems": 1, "items": {"type": "string", "enum": [*map(str, EventType)]}},
    "description": {"maxLength": webhook_rules.MAX_DESCRIPTION_LENGTH},
}

UPLOADED = SuccessResponse(
    "The image.",
    envelope(
        ref("Image"),
        message=string("A few words."),
        url=string("The address of the original, where old uploader tools look for it.", format="uri"),
    ),
    {
        "success": True,
        "message": "Image uploaded",
        "url": EXAMPLES["Image"]["url"],
        "data": EXAMPLES["Image"],
    },
)
UPLOAD_HEADERS = {
    "Upload-Offset": "How many bytes are here.",
    "Upload-Expires": "When the upload ends, unless more bytes come.",
}
RECEIVED = SuccessResponse(
    "The bytes are kept; with the last, the file has become an image.",
    {},
    {},
    status=204,
    headers={**UPLOAD_HEADERS, "Upload-Image": "The id of the image, once there is one."},
)
OFFSET_BODY: Schema = {"required": True, "content": {tus.OFFSET_MEDIA_TYPE: {"schema": {}}}}
WHOLE_FILE: Schema = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
UPLOAD_ERRORS = (
    "CONFLICT",
    "GONE",
    "PRECONDITION_FAILED",
    "UNSUPPORTED_MEDIA_TYPE",
    "LOCKED",
    "CHECKSUM_MISMATCH",
    "BUSY",
    "INSUFFICIENT_STORAGE",
)
EVENTS = SuccessResponse(
    "The events, oldest first.",
    envelope(
        {"type": "array", "items": ref("Event")},
        meta=object_schema(
            "",
            {
                "next": {"type": ["string", "null"], "description": "The cursor to ask after next time."},
                "has_more": {"type": "boolean", "description": "Whether there are more now."},
            },
        ),
    ),
    {"success": True, "data": [EXAMPLES["Event"]], "meta": {"next": "MDFrM2Y", "has_more": False}},
)
OPENAPI_DOCUMENT = SuccessResponse("This document.", {"type": "object"}, {"openapi": "3.1.0"})

READ, WRITE = Scope.IMAGES_READ, Scope.IMAGES_WRITE
ALBUMS_READ, ALBUMS_WRITE = Scope.ALBUMS_READ, Scope.ALBUMS_WRITE
HOOKS_READ, HOOKS_WRITE = Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE

OPERATIONS: Mapping[str, OperationSpec] = {
    "POST /upload": OperationSpec(
        id="uploadImage",
        tag="Images",
        summary="Upload an image",
        description="A multipart form with one file. What the file is, its bytes say, not its name.",
        scope=Scope.IMAGES_UPLOAD,
        body=_upload_form(),
        success=UPLOADED,
        errors=("UNSUPPORTED_MEDIA_TYPE", "BUSY", "INSUFFICIENT_STORAGE"),
    ),
    "POST /uploads": OperationSpec(
        id="createUpload",
        tag="Uploads",
        summary="Begin an upload in pieces",
        description="Gives the address for the bytes. A client of tus sends no body, and says the same by its headers.",
        scope=Scope.IMAGES_UPLOAD,
        body=json_body(
            uploads.CREATE_FIELDS,
            "Image",
            {"filename": "sea.jpg", "size": 31_457_280},
            required=uploads.REQUIRED_FIELDS,
            bounds=IMAGE_BOUNDS,
        ),
        success=SuccessResponse(
            "The upload, which has no bytes yet.",
            envelope(ref("Upload")),
            {"success": True, "data": {**EXAMPLES["Upload"], "offset": 0}},
            201,
            has_location=True,
            headers=UPLOAD_HEADERS,
        ),
        errors=("PRECONDITION_FAILED", "INSUFFICIENT_STORAGE"),
    ),
    "OPTIONS /uploads": OperationSpec(
        id="getUploadOptions",
        tag="Uploads",
        summary="Ask what of tus is spoken here",
        scope=None,
        success=SuccessResponse(
            "The versions, the extensions, and the largest file.",
            {},
            {},
            status=204,
            headers={
                "Tus-Version": "The versions of tus.",
                "Tus-Extension": "Its extensions.",
                "Tus-Max-Size": "The largest file, in bytes.",
                "Tus-Checksum-Algorithm": "What Upload-Checksum may begin with.",
            },
        ),
    ),
    "GET /uploads/{id}": OperationSpec(
        id="getUpload",
        tag="Uploads",
        summary="Get an upload",
        description="Where it stands, and what it became. HEAD tells the same in the headers of tus.",
        scope=Scope.IMAGES_UPLOAD,
        success=item_response("Upload", "The upload."),
        errors=("GONE", "PRECONDITION_FAILED"),
    ),
    "PATCH /uploads/{id}": OperationSpec(
        id="appendToUpload",
        tag="Uploads",
        summary="Send a piece of the file",
        description="Bytes from Upload-Offset on. What came before a connection breaks is kept; HEAD tells how much.",
        scope=Scope.IMAGES_UPLOAD,
        query=CHUNK_HEADERS,
        body=OFFSET_BODY,
        success=RECEIVED,
        errors=UPLOAD_ERRORS,
    ),
    "PUT /uploads/{id}": OperationSpec(
        id="putUpload",
        tag="Uploads",
        summary="Send the whole file",
        description="All bytes in one request, whatever came before.",
        scope=Scope.IMAGES_UPLOAD,
        body=WHOLE_FILE,
        success=UPLOADED,
        errors=UPLOAD_ERRORS,
    ),
    "DELETE /uploads/{id}": OperationSpec(
        id="deleteUpload",
        tag="Uploads",
        summary="End an upload",
        description="What came of it goes; an image that it became stays. To a client of tus the answer is 204.",
        scope=Scope.IMAGES_UPLOAD,
        success=deleted_response(Kind.UPLOAD, "Upload"),
        errors=("PRECONDITION_FAILED",),
    ),
    "POST /uploads/{id}": OperationSpec(
        id="overrideUpload",
        tag="Uploads",
        summary="Send a piece where PATCH does not get through",
        description="Does what the method in X-HTTP-Method-Override does.",
        scope=Scope.IMAGES_UPLOAD,
        query=OVERRIDE_HEADERS,
        body=OFFSET_BODY,
        success=RECEIVED,
        errors=("METHOD_NOT_ALLOWED", *UPLOAD_ERRORS),
    ),
    "GET /images": OperationSpec(
        id="listImages",
        tag="Images",
        summary="List images",
        description="Your own, newest first, or those of an album. All filters that are given must hold.",
        scope=READ,
        query={**PAGING, **IMAGE_FILTERS},
        success=page_response("Image", "A page of images."),
        errors=("NOT_FOUND", "VALIDATION_ERROR"),
    ),
    "GET /images/{id}": OperationSpec(
        id="getImage",
        tag="Images",
        summary="Get an image",
        scope=READ,
        success=item_response("Image", "The image."),
    ),
    "PATCH /images/{id}": OperationSpec(
        id="updateImage",
        tag="Images",
        summary="Change an image",
        description="Changes what the body names. Null empties a field, or takes the image out of its album.",
        scope=WRITE,
        body=json_body(images.UPDATE_FIELDS, "Image", {"title": "The sea", "tags": ["sea"]}, bounds=IMAGE_BOUNDS),
        success=item_response("Image", "The image as it is now."),
    ),
    "DELETE /images/{id}": OperationSpec(
        id="deleteImage",
        tag="Images",
        summary="Delete an image",
        description="For ever: the original and all that was made of it are gone before the answer is sent.",
        scope=WRITE,
        success=deleted_response(
            Kind.IMAGE, "Image", variants_removed="How many files that were made of it went with it."
        ),
    ),
    "POST /albums": OperationSpec(
        id="createAlbum",
        tag="Albums",
        summary="Create an album",
        description="Public, unless is_public says otherwise.",
        scope=ALBUMS_WRITE,
        body=json_body(
            albums.FIELDS,
            "Album",
            {"name": "Holidays", "description": "By the sea", "is_public": True},
            required=albums.REQUIRED_FIELDS,
            bounds=ALBUM_BOUNDS,
        ),
        success=item_response("Album", "The new album.", status=201, is_located=True),
    ),
    "GET /albums": OperationSpec(
        id="listAlbums",
        tag="Albums",
        summary="List albums",
        description="Your own, newest first.",
        scope=ALBUMS_READ,
        query=PAGING,
        success=page_response("Album", "A page of albums."),
    ),
    "GET /albums/{id}": OperationSpec(
        id="getAlbum",
        tag="Albums",
        summary="Get an album",
        scope=ALBUMS_READ,
        success=item_response("Album", "The album."),
    ),
    "PATCH /albums/{id}": OperationSpec(
        id="updateAlbum",
        tag="Albums",
        summary="Change an album",
        description="Changes what the body names. A private album hides its images from all but you.",
        scope=ALBUMS_WRITE,
        body=json_body(albums.FIELDS, "Album", {"is_public": False}, bounds=ALBUM_BOUNDS),
        success=item_response("Album", "The album as it is now."),
    ),
    "DELETE /albums/{id}": OperationSpec(
        id="deleteAlbum",
        tag="Albums",
        summary="Delete an album",
        description="Its images stay, unless delete_images says otherwise; then images:write is needed too.",
        scope=ALBUMS_WRITE,
        query=DELETE_ALBUM_PARAMETERS,
        success=deleted_response(Kind.ALBUM, "Album", images_deleted="How many images went with it."),
    ),
    "POST /categories": OperationSpec(
        id="createCategory",
        tag="Categories",
        summary="Create a category",
        scope=ALBUMS_WRITE,
        body=json_body(
            categories.FIELDS,
            "Category",
            {"name": "Landscapes"},
            required=categories.REQUIRED_FIELDS,
            bounds=CATEGORY_BOUNDS,
        ),
        success=item_response("Category", "The new category.", status=201, is_located=True),
    ),
    "GET /categories": OperationSpec(
        id="listCategories",
        tag="Categories",
        summary="List categories",
        description="Your own, newest first.",
        scope=ALBUMS_READ,
        query=PAGING,
        success=page_response("Category", "A page of categories."),
    ),
    "GET /categories/{id}": OperationSpec(
        id="getCategory",
        tag="Categories",
        summary="Get a category",
        scope=ALBUMS_READ,
        success=item_response("Category", "The category."),
    ),
    "PATCH /categories/{id}": OperationSpec(
        id="updateCategory",
        tag="Categories",
        summary="Change a category",
        description="Changes what the body names.",
        scope=ALBUMS_WRITE,
        body=json_body(categories.FIELDS, "Category", {"name": "Seascapes"}, bounds=CATEGORY_BOUNDS),
        success=item_response("Category", "The category as it is now."),
    ),
    "DELETE /categories/{id}": OperationSpec(
        id="deleteCategory",
        tag="Categories",
        summary="Delete a category",
        description="Its images stay.",
        scope=ALBUMS_WRITE,
        success=deleted_response(Kind.CATEGORY, "Category"),
    ),
    "POST /webhooks": OperationSpec(
        id="createWebhook",
        tag="Webhooks",
        summary="Create a webhook",
        description="The answer has the secret that verifies what is sent. It is shown this once.",
        scope=HOOKS_WRITE,
        body=json_body(
            webhooks.CREATE_FIELDS,
            "Webhook",
            {"url": "https://example.org/hook", "events": ["image.uploaded", "image.deleted"]},
            required=webhooks.REQUIRED_FIELDS,
            bounds=WEBHOOK_BOUNDS,
        ),
        success=item_response("WebhookWithSecret", "The new webhook, with its secret.", status=201, is_located=True),
    ),
    "GET /webhooks": OperationSpec(
        id="listWebhooks",
        tag="Webhooks",
        summary="List webhooks",
        scope=HOOKS_READ,
        query=PAGING,
        success=page_response("Webhook", "A page of webhooks."),
    ),
    "GET /webhooks/{id}": OperationSpec(
        id="getWebhook",
        tag="Webhooks",
        summary="Get a webhook",
        scope=HOOKS_READ,
        success=item_response("Webhook", "The webhook."),
    ),
    "PATCH /webhooks/{id}": OperationSpec(
        id="updateWebhook",
        tag="Webhooks",
        summary="Change a webhook",
        description="Changes what the body names. One that was disabled is made active again by is_active.",
        scope=HOOKS_WRITE,
        body=json_body(webhooks.UPDATE_FIELDS, "Webhook", {"is_active": False}, bounds=WEBHOOK_BOUNDS),
        success=item_response("Webhook", "The webhook as it is now."),
    ),
    "DELETE /webhooks/{id}": OperationSpec(
        id="deleteWebhook",
        tag="Webhooks",
        summary="Delete a webhook",
        scope=HOOKS_WRITE,
        success=deleted_response(Kind.WEBHOOK, "Webhook"),
    ),
    "POST /webhooks/{id}/test": OperationSpec(
        id="pingWebhook",
        tag="Webhooks",
        summary="Send a ping",
        description="A ping takes the whole way that events take; what came of it stands in the deliveries.",
        scope=HOOKS_WRITE,
        success=item_response("Webhook", "It will be sent in a moment.", status=202),
    ),
    "POST /webhooks/{id}/rotate-secret": OperationSpec(
        id="rotateWebhookSecret",
        tag="Webhooks",
        summary="Change the secret",
        description="The old secret signs too for 24 hours.",
        scope=HOOKS_WRITE,
        success=item_response("WebhookWithSecret", "The webhook, with its new secret."),
    ),
    "GET /webhooks/{id}/deliveries": OperationSpec(
        id="listDeliveries",
        tag="Webhooks",
        summary="List deliveries",
        description="What was sent, and what came of each attempt, newest first.",
        scope=HOOKS_READ,
        query=DELIVERY_FILTERS,
        success=page_response("Delivery", "A page of deliveries."),
    ),
    "POST /webhooks/{id}/deliveries/{delivery_id}/redeliver": OperationSpec(
        id="redeliver",
        tag="Webhooks",
        summary="Deliver again",
        description="Starts anew, also with what succeeded.",
        scope=HOOKS_WRITE,
        success=item_response("Delivery", "It will be sent in a moment.", status=202),
    ),
    "GET /events": OperationSpec(
        id="listEvents",
        tag="Events",
        summary="List events",
        description="What happened, oldest first, from a cursor on. A token sees the events that its scopes cover.",
        scope=READ,
        query=EVENT_FILTERS,
        success=EVENTS,
    ),
    "GET /account": OperationSpec(
        id="getAccount",
        tag="Account",
        summary="Get your account",
        description="What it uses, and what it may.",
        scope=Scope.ACCOUNT_READ,
        success=item_response("Account", "The account."),
    ),
    "GET /uploaders/{name}": OperationSpec(
        id="getUploader",
        tag="Account",
        summary="Get a configuration of a tool that uploads",
        description="A file that makes the tool upload to this server, with the token in it that asks for it.",
        scope=Scope.IMAGES_UPLOAD,
        success=SuccessResponse(
            "The file.",
            {"type": "string"},
            {},
            media_types=sorted({tool.media_type for tool in UPLOAD_CLIENTS.values()}),
        ),
    ),
    "GET /openapi.json": OperationSpec(
        id="getOpenApi",
        tag="Account",
        summary="Get this document",
        scope=None,
        success=OPENAPI_DOCUMENT,
    ),
}
