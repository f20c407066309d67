from dataclasses import fields
from operator import attrgetter
from typing import TypeVar

import strawberry
from strawberry import ID
from strawberry.types.field import StrawberryField

T = TypeVar("T")


class RowAttribute(property):
    """Property that returns the attribute of the same name of the object's `row`."""

    def __init__(self, name: str) -> None:
        self.path = f"row.{name}"
        super().__init__(attrgetter(self.path))


@strawberry.interface(
    description="A thing with an id, which names it everywhere: here, in REST, in addresses and in events."
)
class Node:
    id: ID = strawberry.field(description="The id: a prefix that tells the kind, and 26 characters.")


def from_row(kind: type[T]) -> type[T]:
    """Class decorator that reads a type's attribute fields from its `row`, when they are selected.

    Copying all of them into each item of a list costs more: most queries select only a few.
    """
    for field in fields(kind):  # type: ignore[arg-type]
        if isinstance(field, StrawberryField) and field.is_basic_field:
            setattr(kind, field.python_name, RowAttribute(field.python_name))
    return kind
