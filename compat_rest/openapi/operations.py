"""Operations of the REST API: one for each method of each route."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
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
    CHUNK_HEADERS,
    DELETE_ALBUM_PARAMETERS,
    DELIVERY_FILTERS,
    EVENT_FILTERS,
    IMAGE_FILTERS,
    OVERRIDE_HEADERS,
    PAGING,
)
from compat_rest.openapi.schemas import (
    EXAMPLES,
    SCHEMAS,
    Schema,
    deletion_envelope,
    envelope,
    listing_envelope,
    object_schema,
    ref,
    string,
)


@dataclass(frozen=True, slots=True)
class SuccessResponse:
    """A successful response: its status, and the schema and an example of its body. 201 has the header Location."""

    description: str
    schema: Schema = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200

    headers: Mapping[str, str] = field(default_factory=dict)
    """Descriptions of further headers, by name."""
    media_types: Sequence[str] = ()
    """Media types, if the response is a file; `schema` is that of its text."""


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """An operation. Without a `scope` it is public. `errors` are codes in addition to those of its kind."""

    id: str
    summary: str
    _: KW_ONLY
    success: SuccessResponse
    scope: Scope | None
    description: str = ""
    parameters: dict[str, Schema] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    errors: Sequence[str] = ()


def item_response(name: str, description: str, *, status: int = 200) -> SuccessResponse:
    """Return a response with one object."""
    example = {"success": True, "data": EXAMPLES[name]}
    return SuccessResponse(description, envelope(ref(name)), example, status)


def page_response(name: str, description: str) -> SuccessResponse:
    """Return a response with a page of objects."""
    example = {"success": True, "data": [EXAMPLES[name]], "meta": EXAMPLES["PageMeta"]}
    return SuccessResponse(description, listing_envelope(name), example)


def deleted_response(kind: Kind, name: str, **facts: str) -> SuccessResponse:
    """Return the response to a deletion. `facts` are descriptions of further numbers."""
    example = {"id": EXAMPLES[name]["id"], "deleted": True, **dict.fromkeys(facts, 1)}
    return SuccessResponse("Deleted.", deletion_envelope(kind, **facts), {"success": True, "data": example})


def json_body(
    fields: Mapping[str, BodyField], resource: str, example: Schema, *, required: Sequence[str] = ()
) -> Schema:
    """Return a JSON body of these fields, with their descriptions in the schema of `resource`."""
    properties = {
        name: {
            **each.schema,
            "description": SCHEMAS[resource]["properties"][name]["description"],
            **LIMITS[resource].get(name, {}),
        }
        for name, each in fields.items()
    }
    schema = {"type": "object", "properties": properties, "required": [*required]}
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


def _upload_form() -> Schema:
    """Return the upload form. It needs one of the file fields; empty fields are ignored."""
    name, alias = FILE_NAMES
    image = SCHEMAS["Image"]["properties"]
    properties = {
        name: string("The image file: JPG, PNG, WebP or GIF.", contentMediaType="application/octet-stream"),
        **{
            text: string(image[text]["description"], **LIMITS["Image"].get(text, {}), default="")
            for text in FORM_TEXTS
        },
        "tags": {
            "description": "Tags: one per field, or several in one field, separated by commas.",
            "type": "array",
            **LIMITS["Image"]["tags"],
            "default": [],
        },
        alias: string(f"Alias of {name}.", contentMediaType="application/octet-stream"),
    }
    schema = {"type": "object", "properties": properties, "anyOf": [{"required": [n]} for n in FILE_NAMES]}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


LIMITS: Mapping[str, Mapping[str, Schema]] = {
    "Image": {
        "filename": {"minLength": 1, "maxLength": image_rules.MAX_FILENAME_LENGTH},
        "title": {"maxLength": image_rules.MAX_TITLE_LENGTH},
        "description": {"maxLength": image_rules.MAX_DESCRIPTION_LENGTH},
        "tags": {"maxItems": MAX_TAGS, "items": {"type": "string", "maxLength": MAX_TAG_LENGTH}},
    },
    "Album": {
        "name": {"minLength": 1, "maxLength": album_rules.MAX_NAME_LENGTH},
        "description": {"maxLength": album_rules.MAX_DESCRIPTION_LENGTH},
    },
    "Category": {
        "name": {"minLength": 1, "maxLength": category_rules.MAX_NAME_LENGTH},
        "description": {"maxLength": category_rules.MAX_DESCRIPTION_LENGTH},
    },
    "Webhook": {
        "events": {"minItems": 1, "items": {"type": "string", "enum": [*map(str, EventType)]}},
        "description": {"maxLength": webhook_rules.MAX_DESCRIPTION_LENGTH},
    },
}
"""Further keywords of the fields of request bodies, by resource."""

UPLOAD_RESPONSE = SuccessResponse(
    "The image.",
    envelope(
        ref("Image"),
        message=string("Message for people."),
        url=string("URL of the original, for existing upload clients.", format="uri"),
    ),
    {
        "success": True,
        "message": "Image uploaded",
        "url": EXAMPLES["Image"]["url"],
        "data": EXAMPLES["Image"],
    },
)
UPLOAD_HEADERS = {
    "Upload-Offset": "Number of bytes received.",
    "Upload-Expires": "Time of expiry, unless more bytes are received.",
}
CHUNK_RESPONSE = SuccessResponse(
    "The chunk is stored. After the last chunk the image is created.",
    status=204,
    headers={**UPLOAD_HEADERS, "Upload-Image": "Id of the image, once it is created."},
)
CHUNK_BODY: Schema = {"required": True, "content": {tus.OFFSET_MEDIA_TYPE: {"schema": {}}}}
FILE_BODY: Schema = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
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
EVENTS_RESPONSE = SuccessResponse(
    "The events, oldest first.",
    envelope(
        {"type": "array", "items": ref("Event")},
        meta=object_schema(
            "",
            {
                "next": {"type": ["string", "null"], "description": "Cursor of the next request."},
                "has_more": {"type": "boolean", "description": "True if there are more events now."},
            },
        ),
    ),
    {"success": True, "data": [EXAMPLES["Event"]], "meta": {"next": "MDFrM2Y", "has_more": False}},
)
OPENAPI_DOCUMENT = SuccessResponse("This document.", {"type": "object"}, {"openapi": "3.1.0"})

IMAGES_READ, IMAGES_WRITE = Scope.IMAGES_READ, Scope.IMAGES_WRITE
ALBUMS_READ, ALBUMS_WRITE = Scope.ALBUMS_READ, Scope.ALBUMS_WRITE
WEBHOOKS_READ, WEBHOOKS_WRITE = Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE

OPERATIONS: Mapping[str, OperationSpec] = {
    "POST /upload": OperationSpec(
        "uploadImage",
        "Upload an image",
        description="A multipart form with one file. The format is detected from the content, not from the filename.",
        scope=Scope.IMAGES_UPLOAD,
        body=_upload_form(),
        success=UPLOAD_RESPONSE,
        errors=("UNSUPPORTED_MEDIA_TYPE", "BUSY", "INSUFFICIENT_STORAGE"),
    ),
    "POST /uploads": OperationSpec(
        "createUpload",
        "Create a resumable upload",
        description="Returns the URL for the file. Clients of tus send headers instead of a body.",
        scope=Scope.IMAGES_UPLOAD,
        body=json_body(
            uploads.CREATE_FIELDS,
            "Image",
            {"filename": "sea.jpg", "size": 31_457_280},
            required=uploads.REQUIRED_FIELDS,
        ),
        success=SuccessResponse(
            "The new upload.",
            envelope(ref("Upload")),
            {"success": True, "data": {**EXAMPLES["Upload"], "offset": 0}},
            201,
            headers=UPLOAD_HEADERS,
        ),
        errors=("PRECONDITION_FAILED", "INSUFFICIENT_STORAGE"),
    ),
    "OPTIONS /uploads": OperationSpec(
        "getUploadOptions",
        "Get the supported features of tus",
        scope=None,
        success=SuccessResponse(
            "Supported versions and extensions, and the maximum size.",
            status=204,
            headers={
                "Tus-Version": "Supported versions of tus.",
                "Tus-Extension": "Supported extensions of tus.",
                "Tus-Max-Size": "Maximum size of a file, in bytes.",
                "Tus-Checksum-Algorithm": "Supported algorithms of Upload-Checksum.",
            },
        ),
    ),
    "GET /uploads/{id}": OperationSpec(
        "getUpload",
        "Get an upload",
        description="The state of the upload, and its image. HEAD returns the state in headers, as in tus.",
        scope=Scope.IMAGES_UPLOAD,
        success=item_response("Upload", "The upload."),
        errors=("GONE", "PRECONDITION_FAILED"),
    ),
    "PATCH /uploads/{id}": OperationSpec(
        "appendToUpload",
        "Upload a chunk",
        description="Appends bytes at Upload-Offset. If the connection is lost, received bytes are kept: HEAD returns"
        " the offset.",
        scope=Scope.IMAGES_UPLOAD,
        parameters=CHUNK_HEADERS,
        body=CHUNK_BODY,
        success=CHUNK_RESPONSE,
        errors=UPLOAD_ERRORS,
    ),
    "PUT /uploads/{id}": OperationSpec(
        "putUpload",
        "Upload the whole file",
        description="Sends the file in one request, replacing the bytes received before.",
        scope=Scope.IMAGES_UPLOAD,
        body=FILE_BODY,
        success=UPLOAD_RESPONSE,
        errors=UPLOAD_ERRORS,
    ),
    "DELETE /uploads/{id}": OperationSpec(
        "deleteUpload",
        "Delete an upload",
        description="Deletes the received bytes; a created image stays. The response to clients of tus is 204.",
        scope=Scope.IMAGES_UPLOAD,
        success=deleted_response(Kind.UPLOAD, "Upload"),
        errors=("PRECONDITION_FAILED",),
    ),
    "POST /uploads/{id}": OperationSpec(
        "overrideUpload",
        "Upload a chunk by POST",
        description="Executes the method in X-HTTP-Method-Override, for networks that block PATCH or DELETE.",
        scope=Scope.IMAGES_UPLOAD,
        parameters=OVERRIDE_HEADERS,
        body=CHUNK_BODY,
        success=CHUNK_RESPONSE,
        errors=("METHOD_NOT_ALLOWED", *UPLOAD_ERRORS),
    ),
    "GET /images": OperationSpec(
        "listImages",
        "List images",
        description="Your images, newest first, or those of an album. Filters are combined with AND.",
        scope=IMAGES_READ,
        parameters={**PAGING, **IMAGE_FILTERS},
        success=page_response("Image", "A page of images."),
        errors=("NOT_FOUND", "VALIDATION_ERROR"),
    ),
    "GET /images/{id}": OperationSpec(
        "getImage", "Get an image", scope=IMAGES_READ, success=item_response("Image", "The image.")
    ),
    "PATCH /images/{id}": OperationSpec(
        "updateImage",
        "Update an image",
        description="Updates the given fields. Null clears a field; for album_id it removes the image from its album.",
        scope=IMAGES_WRITE,
        body=json_body(images.UPDATE_FIELDS, "Image", {"title": "The sea", "tags": ["sea"]}),
        success=item_response("Image", "The updated image."),
    ),
    "DELETE /images/{id}": OperationSpec(
        "deleteImage",
        "Delete an image",
        description="Permanently deletes the original and its variants, before the response is sent.",
        scope=IMAGES_WRITE,
        success=deleted_response(Kind.IMAGE, "Image", variants_removed="Number of deleted variants."),
    ),
    "POST /albums": OperationSpec(
        "createAlbum",
        "Create an album",
        description="Albums are public unless is_public is false.",
        scope=ALBUMS_WRITE,
        body=json_body(
            albums.FIELDS,
            "Album",
            {"name": "Holidays", "description": "By the sea", "is_public": True},
            required=albums.REQUIRED_FIELDS,
        ),
        success=item_response("Album", "The new album.", status=201),
    ),
    "GET /albums": OperationSpec(
        "listAlbums",
        "List albums",
        description="Newest first.",
        scope=ALBUMS_READ,
        parameters=PAGING,
        success=page_response("Album", "A page of albums."),
    ),
    "GET /albums/{id}": OperationSpec(
        "getAlbum", "Get an album", scope=ALBUMS_READ, success=item_response("Album", "The album.")
    ),
    "PATCH /albums/{id}": OperationSpec(
        "updateAlbum",
        "Update an album",
        description="Updates the given fields. Images in a private album are visible only to you.",
        scope=ALBUMS_WRITE,
        body=json_body(albums.FIELDS, "Album", {"is_public": False}),
        success=item_response("Album", "The updated album."),
    ),
    "DELETE /albums/{id}": OperationSpec(
        "deleteAlbum",
        "Delete an album",
        description="Keeps its images unless delete_images is true, which also requires the scope images:write.",
        scope=ALBUMS_WRITE,
        parameters=DELETE_ALBUM_PARAMETERS,
        success=deleted_response(Kind.ALBUM, "Album", images_deleted="Number of deleted images."),
    ),
    "POST /categories": OperationSpec(
        "createCategory",
        "Create a category",
        scope=ALBUMS_WRITE,
        body=json_body(
            categories.FIELDS,
            "Category",
            {"name": "Landscapes"},
            required=categories.REQUIRED_FIELDS,
        ),
        success=item_response("Category", "The new category.", status=201),
    ),
    "GET /categories": OperationSpec(
        "listCategories",
        "List categories",
        description="Newest first.",
        scope=ALBUMS_READ,
        parameters=PAGING,
        success=page_response("Category", "A page of categories."),
    ),
    "GET /categories/{id}": OperationSpec(
        "getCategory", "Get a category", scope=ALBUMS_READ, success=item_response("Category", "The category.")
    ),
    "PATCH /categories/{id}": OperationSpec(
        "updateCategory",
        "Update a category",
        description="Updates the given fields.",
        scope=ALBUMS_WRITE,
        body=json_body(categories.FIELDS, "Category", {"name": "Seascapes"}),
        success=item_response("Category", "The updated category."),
    ),
    "DELETE /categories/{id}": OperationSpec(
        "deleteCategory",
        "Delete a category",
        description="Keeps its images.",
        scope=ALBUMS_WRITE,
        success=deleted_response(Kind.CATEGORY, "Category"),
    ),
    "POST /webhooks": OperationSpec(
        "createWebhook",
        "Create a webhook",
        description="The response has the secret for verifying payloads, which is returned only once.",
        scope=WEBHOOKS_WRITE,
        body=json_body(
            webhooks.CREATE_FIELDS,
            "Webhook",
            {"url": "https://example.org/hook", "events": ["image.uploaded", "image.deleted"]},
            required=webhooks.REQUIRED_FIELDS,
        ),
        success=item_response("WebhookWithSecret", "The new webhook, with its secret.", status=201),
    ),
    "GET /webhooks": OperationSpec(
        "listWebhooks",
        "List webhooks",
        scope=WEBHOOKS_READ,
        parameters=PAGING,
        success=page_response("Webhook", "A page of webhooks."),
    ),
    "GET /webhooks/{id}": OperationSpec(
        "getWebhook", "Get a webhook", scope=WEBHOOKS_READ, success=item_response("Webhook", "The webhook.")
    ),
    "PATCH /webhooks/{id}": OperationSpec(
        "updateWebhook",
        "Update a webhook",
        description="Updates the given fields. Set is_active to enable a disabled webhook.",
        scope=WEBHOOKS_WRITE,
        body=json_body(webhooks.UPDATE_FIELDS, "Webhook", {"is_active": False}),
        success=item_response("Webhook", "The updated webhook."),
    ),
    "DELETE /webhooks/{id}": OperationSpec(
        "deleteWebhook",
        "Delete a webhook",
        scope=WEBHOOKS_WRITE,
        success=deleted_response(Kind.WEBHOOK, "Webhook"),
    ),
    "POST /webhooks/{id}/test": OperationSpec(
        "pingWebhook",
        "Send a ping",
        description="Sends a ping like any event; its result is listed in the deliveries.",
        scope=WEBHOOKS_WRITE,
        success=item_response("Webhook", "Accepted: it will be sent shortly.", status=202),
    ),
    "POST /webhooks/{id}/rotate-secret": OperationSpec(
        "rotateWebhookSecret",
        "Rotate the secret",
        description="The old secret remains valid for 24 hours.",
        scope=WEBHOOKS_WRITE,
        success=item_response("WebhookWithSecret", "The webhook, with its new secret."),
    ),
    "GET /webhooks/{id}/deliveries": OperationSpec(
        "listDeliveries",
        "List deliveries",
        description="Deliveries with their attempts, newest first.",
        scope=WEBHOOKS_READ,
        parameters=DELIVERY_FILTERS,
        success=page_response("Delivery", "A page of deliveries."),
    ),
    "POST /webhooks/{id}/deliveries/{delivery_id}/redeliver": OperationSpec(
        "redeliver",
        "Redeliver",
        description="Starts the delivery again, even if it has succeeded.",
        scope=WEBHOOKS_WRITE,
        success=item_response("Delivery", "Accepted: it will be sent shortly.", status=202),
    ),
    "GET /events": OperationSpec(
        "listEvents",
        "List events",
        description="Events after a cursor, oldest first. A token sees the events that its scopes cover.",
        scope=IMAGES_READ,
        parameters=EVENT_FILTERS,
        success=EVENTS_RESPONSE,
    ),
    "GET /account": OperationSpec(
        "getAccount",
        "Get your account",
        description="Your account, with its usage and limits.",
        scope=Scope.ACCOUNT_READ,
        success=item_response("Account", "The account."),
    ),
    "GET /uploaders/{name}": OperationSpec(
        "getUploader",
        "Get the configuration of an upload client",
        description="A configuration file for uploading to this server. It includes the token of the request.",
        scope=Scope.IMAGES_UPLOAD,
        success=SuccessResponse(
            "The configuration file.",
            {"type": "string"},
            media_types=sorted({tool.media_type for tool in UPLOAD_CLIENTS.values()}),
        ),
    ),
    "GET /openapi.json": OperationSpec(
        "getOpenApi", "Get this document", scope=None, success=OPENAPI_DOCUMENT
    ),
}
