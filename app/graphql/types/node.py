from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

import strawberry
from strawberry import ID
from strawberry.types.field import StrawberryField

T = TypeVar("T")


class RowAttribute(property):
    """Property that returns the attribute of the same name of the object's `row`."""

    def __init__(self, name: str) -> None:
        self.path = f"row.{name}"
        super().__init__(attrgetter(self.path))


@strawberry.interface(description="An object with an ID. IDs are the same in GraphQL, REST, URLs and events.")
class Node:
    id: ID = strawberry.field(description="The ID of the object: a prefix for its type, and 26 characters.")


def from_row(**computed: Callable[[Any], Any]) -> Callable[[type[T]], type[T]]:
    """Return a class decorator that reads the attribute fields of a type from its `row`, when they are selected.

    `computed` has functions of the object, for fields that are not attributes of the row. Copying all fields into each
    item of a list costs more: most queries select only a few.
    """

    def decorate(kind: type[T]) -> type[T]:
        for field in fields(kind):  # type: ignore[arg-type]
            if isinstance(field, StrawberryField) and field.is_basic_field:
                name = field.python_name
                setattr(kind, name, property(computed[name]) if name in computed else RowAttribute(name))
        return kind

    return decorate
