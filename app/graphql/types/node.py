from dataclasses import fields
from typing import TypeVar

import strawberry
from strawberry import ID
from strawberry.types.field import StrawberryField

from app.graphql.server.fast_path import row_attribute

T = TypeVar("T")


@strawberry.interface(
    description="A thing with an id, which names it everywhere: here, in REST, in addresses and in events."
)
class Node:
    id: ID = strawberry.field(description="The id: a prefix that tells the kind, and 26 characters.")


def from_row(kind: type[T]) -> type[T]:
    """Has a type's plain fields read from its `row`, each when it is asked for: of a list few of them are."""
    for field in fields(kind):  # type: ignore[arg-type]
        if isinstance(field, StrawberryField) and field.is_basic_field:
            setattr(kind, field.python_name, row_attribute(field.python_name))
    return kind
