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
class QueryParameter:
    """A parameter of a query: its schema, what it means, and what else OpenAPI says of it."""

    schema: Schema
    about: str
    more: Mapping[str, Any] | None = None
    place: str = "query"

    def written(self, name: str) -> Schema:
        return {
            "name": name,
            "in": self.place,
            "description": self.about,
            "schema": self.schema,
            **(self.more or {}),
        }


COMMAS = {"style": "form", "explode": False}
"""Several values in one, separated by commas."""
SWITCH: Schema = {"type": "string", "enum": [*FLAGS]}


def whole(least: int, most: int, **more: Any) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, **more}


def words(kinds: type[Any]) -> Schema:
    return {"type": "array", "items": {"type": "string", "enum": [str(kind) for kind in kinds]}}


def _bound(about: str) -> QueryParameter:
    return QueryParameter(whole(1, MAX_INT64), about)


def _moment(about: str) -> QueryParameter:
    return QueryParameter({"type": "string", "examples": ["2026-01-31T12:00:00Z", "2026-01-31"]}, about)


PAGING = {
    "page": QueryParameter(whole(1, LAST_PAGE, default=1), "Which page, from 1."),
    "per_page": QueryParameter(
        {"type": "integer", "minimum": 1, "default": DEFAULT_SIZE},
        f"How many there are on a page; more than {MAX_SIZE} are cut down to that.",
    ),
}
OF_IMAGES = {
    "album_id": QueryParameter(id_of(Kind.ALBUM, ""), "Those in this album."),
    "category_id": QueryParameter(id_of(Kind.CATEGORY, ""), "Those of this category."),
    "tag": QueryParameter({"type": "string"}, "Those with this tag."),
    "q": QueryParameter({"type": "string"}, "Those with this text in filename, title or description."),
    "format": QueryParameter(words(Format), "Those in one of these formats.", COMMAS),
    "created_after": _moment("Those of this time or later; without a zone it is UTC."),
    "created_before": _moment("Those from before this time."),
    "min_width": _bound("Those of this many pixels or more."),
    "max_width": _bound("Those of this many pixels or fewer."),
    "min_height": _bound("Those of this many pixels or more."),
    "max_height": _bound("Those of this many pixels or fewer."),
    "min_size": _bound("Those of this many bytes or more."),
    "max_size": _bound("Those of this many bytes or fewer."),
    "is_public": QueryParameter(
        SWITCH, "Those that everyone sees who has the link, or those that only you see."
    ),
}
OF_EVENTS = {
    "after": QueryParameter({"type": "string"}, "The cursor to go on after: `meta.next` of the page before."),
    "types": QueryParameter(words(EventType), "Only events of these types.", COMMAS),
    "limit": QueryParameter(whole(1, MAX_SIZE, default=DEFAULT_SIZE), "How many at most."),
}
OF_DELIVERIES = {
    "status": QueryParameter(
        {"type": "string", "enum": [*map(str, DeliveryStatus)]}, "Those that stand there."
    ),
    **PAGING,
}
OF_PIECES = {
    "Tus-Resumable": QueryParameter(
        {"const": tus.VERSION, "type": "string"}, "The version of tus.", place="header"
    ),
    "Upload-Offset": QueryParameter(
        {"type": "integer", "minimum": 0}, "Where the bytes begin: how many came before.", place="header"
    ),
    "Upload-Checksum": QueryParameter(
        {"type": "string", "examples": ["sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="]},
        f"The digest of these bytes in base64, after its algorithm: {' or '.join(tus.ALGORITHMS)}.",
        place="header",
    ),
}
OF_OVERRIDES = {
    "X-HTTP-Method-Override": QueryParameter(
        {"type": "string", "enum": ["PATCH", "DELETE"]}, "The method that is meant.", place="header"
    ),
    **OF_PIECES,
}
OF_DELETION = {"delete_images": QueryParameter(SWITCH, "Whether the images in it go too; else they stay.")}

TRANSFORMS: Mapping[str, Schema] = {
    "w": whole(1, MAX_DIMENSION),
    "h": whole(1, MAX_DIMENSION),
    "fit": {"type": "string", "enum": [*map(str, Fit), "crop"]},
    "pos": {"type": "string", "examples": ["top", "bottom-right", "0.3,0.25"]},
    "dpr": {"type": "number", "minimum": 1, "maximum": MAX_DPR},
    "fm": {"type": "string", "enum": [*map(str, Format), "jpeg", "auto"]},
    "q": whole(1, 100),
    "bg": {"type": "string", "pattern": "^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$"},
}
DELIVERED = {
    "download": QueryParameter(SWITCH, "Whether browsers save it instead of showing it."),
    "exp": QueryParameter({"type": "integer"}, "The Unix second in which a signed address ends."),
    "sig": QueryParameter({"type": "string"}, "The signature of a signed address: it shows what is private."),
}


def of_pictures(presets: Presets) -> dict[str, QueryParameter]:
    """The parameters of `/img`, with the presets of this server."""
    named = {
        "preset": QueryParameter(
            {"type": "string", **({"enum": [preset.name for preset in presets]} if presets.named else {})},
            "The name of a transform that this server knows; what stands beside it wins.",
        )
    }
    return {**{row.name: _transform(row) for row in PARAMS}, **named, **DELIVERED}


def _transform(row: Param) -> QueryParameter:
    """With the words of the table for people too."""
    return QueryParameter(
        TRANSFORMS[row.name], row.description, {"x-values": row.values, "x-default": row.default}
    )
