"""What may stand in addresses: each parameter with what it may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.events.catalogue import EventType
from app.ids import Kind
from app.imaging.formats import Format
from app.imaging.geometry import MAX_DIMENSION, Fit
from app.imaging.params import MAX_DPR, PARAMS, Param
from app.imaging.presets import Presets
from app.models import DeliveryStatus
from app.pagination import DEFAULT_SIZE, MAX_SIZE
from compat_rest import tus
from compat_rest.openapi.schemas import Schema, id_of
from compat_rest.parse import FLAGS, LAST_PAGE, MAX_INT64


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A parameter of a query: its schema, what it means, and what else OpenAPI says of it."""

    schema: Schema
    description: str
    extra: Mapping[str, Any] | None = None
    location: str = "query"

    def to_openapi(self, name: str) -> Schema:
        return {
            "name": name,
            "in": self.location,
            "description": self.description,
            "schema": self.schema,
            **(self.extra or {}),
        }


COMMA_SEPARATED = {"style": "form", "explode": False}
"""Several values in one, separated by commas."""
BOOLEAN_SCHEMA: Schema = {"type": "string", "enum": [*FLAGS]}


def integer_schema(minimum: int, maximum: int, **more: Any) -> Schema:
    return {"type": "integer", "minimum": minimum, "maximum": maximum, **more}


def enum_list_schema(enum: type[Any]) -> Schema:
    return {"type": "array", "items": {"type": "string", "enum": [str(kind) for kind in enum]}}


def _range_bound(about: str) -> ParameterSpec:
    return ParameterSpec(integer_schema(1, MAX_INT64), about)


def _timestamp(about: str) -> ParameterSpec:
    return ParameterSpec({"type": "string", "examples": ["2026-01-31T12:00:00Z", "2026-01-31"]}, about)


PAGING = {
    "page": ParameterSpec(integer_schema(1, LAST_PAGE, default=1), "Which page, from 1."),
    "per_page": ParameterSpec(
        {"type": "integer", "minimum": 1, "default": DEFAULT_SIZE},
        f"How many there are on a page; more than {MAX_SIZE} are cut down to that.",
    ),
}
IMAGE_FILTERS = {
    "album_id": ParameterSpec(id_of(Kind.ALBUM, ""), "Those in this album."),
    "category_id": ParameterSpec(id_of(Kind.CATEGORY, ""), "Those of this category."),
    "tag": ParameterSpec({"type": "string"}, "Those with this tag."),
    "q": ParameterSpec({"type": "string"}, "Those with this text in filename, title or description."),
    "format": ParameterSpec(enum_list_schema(Format), "Those in one of these formats.", COMMA_SEPARATED),
    "created_after": _timestamp("Those of this time or later; without a zone it is UTC."),
    "created_before": _timestamp("Those from before this time."),
    "min_width": _range_bound("Those of this many pixels or more."),
    "max_width": _range_bound("Those of this many pixels or fewer."),
    "min_height": _range_bound("Those of this many pixels or more."),
    "max_height": _range_bound("Those of this many pixels or fewer."),
    "min_size": _range_bound("Those of this many bytes or more."),
    "max_size": _range_bound("Those of this many bytes or fewer."),
    "is_public": ParameterSpec(
        BOOLEAN_SCHEMA, "Those that everyone sees who has the link, or those that only you see."
    ),
}
EVENT_FILTERS = {
    "after": ParameterSpec({"type": "string"}, "The cursor to go on after: `meta.next` of the page before."),
    "types": ParameterSpec(enum_list_schema(EventType), "Only events of these types.", COMMA_SEPARATED),
    "limit": ParameterSpec(integer_schema(1, MAX_SIZE, default=DEFAULT_SIZE), "How many at most."),
}
DELIVERY_FILTERS = {
    "status": ParameterSpec(
        {"type": "string", "enum": [*map(str, DeliveryStatus)]}, "Those that stand there."
    ),
    **PAGING,
}
CHUNK_HEADERS = {
    "Tus-Resumable": ParameterSpec(
        {"const": tus.VERSION, "type": "string"}, "The version of tus.", location="header"
    ),
    "Upload-Offset": ParameterSpec(
        {"type": "integer", "minimum": 0}, "Where the bytes begin: how many came before.", location="header"
    ),
    "Upload-Checksum": ParameterSpec(
        {"type": "string", "examples": ["sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="]},
        f"The digest of these bytes in base64, after its algorithm: {' or '.join(tus.ALGORITHMS)}.",
        location="header",
    ),
}
OVERRIDE_HEADERS = {
    "X-HTTP-Method-Override": ParameterSpec(
        {"type": "string", "enum": ["PATCH", "DELETE"]}, "The method that is meant.", location="header"
    ),
    **CHUNK_HEADERS,
}
DELETE_ALBUM_PARAMETERS = {"delete_images": ParameterSpec(BOOLEAN_SCHEMA, "Whether the images in it go too; else they stay.")}

TRANSFORM_SCHEMAS: Mapping[str, Schema] = {
    "w": integer_schema(1, MAX_DIMENSION),
    "h": integer_schema(1, MAX_DIMENSION),
    "fit": {"type": "string", "enum": [*map(str, Fit), "crop"]},
    "pos": {"type": "string", "examples": ["top", "bottom-right", "0.3,0.25"]},
    "dpr": {"type": "number", "minimum": 1, "maximum": MAX_DPR},
    "fm": {"type": "string", "enum": [*map(str, Format), "jpeg", "auto"]},
    "q": integer_schema(1, 100),
    "bg": {"type": "string", "pattern": "^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$"},
}
DELIVERY_PARAMETERS = {
    "download": ParameterSpec(BOOLEAN_SCHEMA, "Whether browsers save it instead of showing it."),
    "exp": ParameterSpec({"type": "integer"}, "The Unix second in which a signed address ends."),
    "sig": ParameterSpec({"type": "string"}, "The signature of a signed address: it shows what is private."),
}


def image_parameters(presets: Presets) -> dict[str, ParameterSpec]:
    """The parameters of `/img`, with the presets of this server."""
    named = {
        "preset": ParameterSpec(
            {"type": "string", **({"enum": [preset.name for preset in presets]} if presets.named else {})},
            "The name of a transform that this server knows; what stands beside it wins.",
        )
    }
    return {**{row.name: _transform(row) for row in PARAMS}, **named, **DELIVERY_PARAMETERS}


def _transform(row: Param) -> ParameterSpec:
    """With the words of the table for people too."""
    return ParameterSpec(
        TRANSFORM_SCHEMAS[row.name], row.description, {"x-values": row.values, "x-default": row.default}
    )
