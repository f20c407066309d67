"""Operations of image URLs: `/img` and the short form."""

from functools import partial

from app.ids import Kind
from app.imaging.formats import Format
from app.imaging.presets import Presets
from app.settings import Settings
from app.webhooks.examples import IMAGE_ID
from compat_rest.openapi import responses
from compat_rest.openapi.parameters import image_parameters, named, parameter
from compat_rest.openapi.schemas import Schema, enum_schema, id_schema, ref, string

ERROR_CODES = (
    "BAD_REQUEST",
    "FORBIDDEN",
    "NOT_FOUND",
    "VALIDATION_ERROR",
    "RATE_LIMIT_EXCEEDED",
    "INTERNAL_ERROR",
    "BUSY",
)
DESCRIPTION = """\
Returns the original file, or a variant if there are parameters or another extension. Unknown parameters are ignored.
Images in private albums are visible to their owner, and by signed URL.
"""

HEADERS = {
    "ETag": "Identifier of this version of the image.",
    "Last-Modified": "Time of the upload.",
    "Cache-Control": "A year for public images; private images must be revalidated.",
    "Content-Disposition": "Filename for saving the image.",
}
REDIRECT = {
    "302": {
        "description": "The image is served by the storage.",
        "headers": responses.text_headers({"Location": "URL of the image in the storage."}),
    }
}


def paths(settings: Settings) -> Schema:
    """Return the operations of both image URLs, by path."""
    in_path = partial(parameter, location="path", required=True)
    path = in_path(
        string("", examples=[f"{IMAGE_ID}.webp"]),
        "`{id}` or `{id}.{ext}`, with the image's id. The extension is the format, unless `fm` is set. Further "
        "segments, such as `/harbour.webp`, are ignored.",
    )
    extension = in_path(enum_schema("", [*Format, "jpeg"]), "Format, unless `fm` is set.")
    long = {"path": path}
    short = {"image_id": in_path(id_schema(Kind.IMAGE, ""), "Id of the image."), "extension": extension}
    operation = partial(_operation, settings)
    return {
        "/img/{path}": {"get": operation("getPicture", long), "head": operation("headPicture", long)},
        "/{image_id}.{extension}": {
            "get": operation("getPictureInShort", short),
            "head": operation("headPictureInShort", short),
        },
    }


def _operation(settings: Settings, id: str, path: dict[str, Schema]) -> Schema:
    is_head = id.startswith("head")
    success: Schema = {"headers": responses.text_headers(HEADERS)}
    if not is_head:
        success["content"] = {each.mime_type: {} for each in Format}
    range_error = {
        "description": "The requested range begins after the end of the image.",
        "content": {"application/json": {"schema": ref("Error")}},
    }
    return {
        "operationId": id,
        "tags": ["Pictures"],
        "summary": "Get the headers of an image" if is_head else "Get an image file",
        "description": DESCRIPTION,
        "security": [{}, {"token": ["images:read"]}, {"session": []}],
        "parameters": named(path | image_parameters(Presets.parse(settings.presets))),
        "responses": {
            "200": {"description": "The image.", **success},
            "206": {"description": "The requested range of the image.", **success},
            **({} if is_head or settings.img_redirect == "off" else REDIRECT),
            "304": {"description": "Not modified: the client's copy is current."},
            "416": range_error,
            **responses.error_refs(ERROR_CODES),
        },
    }
