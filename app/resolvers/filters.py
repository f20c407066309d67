"""Filters and orders of image lists."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Any

from tortoise.queryset import QuerySet

from app.imaging.formats import Format
from app.models import Image
from app.pagination import Direction, Order
from app.resolvers.validation import Validator

MAX_INT64 = 2**63 - 1
"""Largest integer that databases compare."""
MAX_INT32 = 2**31 - 1
"""Largest integer for widths and heights, which are far smaller."""


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Filter for an account's images. Each condition that is not None must hold.

    Ranges include both ends, except `created_before`.
    """

    album_id: str | None = None
    category_id: str | None = None
    tag: str | None = None
    search: str | None = None
    formats: Sequence[Format] | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    min_width: int | None = None
    max_width: int | None = None
    min_height: int | None = None
    max_height: int | None = None
    min_size: int | None = None
    max_size: int | None = None
    is_public: bool | None = None

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The given conditions, ordered by name."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return sorted((name, str(value)) for name, value in said.items() if value is not None)


class ImageKey(Enum):
    """Column to sort by, and its type."""

    CREATED_AT = ("created_at", datetime)
    FILENAME = ("filename", str)
    SIZE = ("size", int)


@dataclass(frozen=True, slots=True)
class ImageOrder:
    """Default: newest first. Filenames are sorted by Unicode code points."""

    key: ImageKey = ImageKey.CREATED_AT
    direction: Direction = Direction.NEWEST_FIRST

    def of(self, which: ImageFilter) -> Order:
        """Return the order, named after itself and the filter: a cursor is valid for one such list."""
        column, kind = self.key.value
        parts = [column, self.direction.value, which.parts]
        if self == NEWEST_FIRST and not which.parts:
            return Order()
        digest = sha256(json.dumps(parts).encode()).hexdigest()
        return Order(column, kind, self.direction, f"i{digest[:8]}")


NEWEST_FIRST = ImageOrder()


def apply_filter(query: QuerySet[Image], which: ImageFilter) -> QuerySet[Image]:
    """Apply the filter to `query`, except its album and category. Raises Invalid."""
    rules = Validator()
    if which.tag is not None:
        query = query.filter(tag_rows__name=rules.search_text("tag", which.tag))
    if which.search is not None:
        query = query.filter(Image.matching(rules.search_text("search", which.search)))
    if which.is_public is not None:
        query = query.filter(Image.is_public_filter() if which.is_public else ~Image.is_public_filter())
    comparisons = {
        **_format_conditions(rules, which),
        **_time_conditions(rules, which),
        **_size_conditions(rules, which),
    }
    rules.raise_if_errors()
    return query.filter(**{name: value for name, value in comparisons.items() if value is not None})


def _format_conditions(rules: Validator, which: ImageFilter) -> dict[str, Any]:
    if which.formats is None:
        return {}
    if not which.formats:
        rules.add_error(
            "formats", "choose_one", "Choose at least one of {allowed}.", allowed=", ".join(Format)
        )
    return {"format__in": [format.value for format in which.formats]}


def _time_conditions(rules: Validator, which: ImageFilter) -> dict[str, Any]:
    after = rules.utc_datetime("created_after", which.created_after)
    before = rules.utc_datetime("created_before", which.created_before)
    rules.range(("created_after", after), ("created_before", before))
    return {"created_at__gte": after, "created_at__lt": before}


def _size_conditions(rules: Validator, which: ImageFilter) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    for column in ("width", "height", "size"):
        least, most = getattr(which, f"min_{column}"), getattr(which, f"max_{column}")
        rules.integer(f"min_{column}", least, maximum=MAX_INT64)
        rules.integer(f"max_{column}", most, maximum=MAX_INT64)
        rules.range((f"min_{column}", least), (f"max_{column}", most))
        bound = MAX_INT64 if column == "size" else MAX_INT32
        least, most = (None if each is None else min(each, bound) for each in (least, most))
        conditions |= {f"{column}__gte": least, f"{column}__lte": most}
    return conditions
