"""Conversion of inputs to domain values."""

from dataclasses import fields
from typing import Annotated, Any, TypeAlias, TypeVar

import strawberry

T = TypeVar("T")
Input: TypeAlias = Annotated[T, strawberry.argument(description="The mutation's input.")]
"""The only argument of a mutation."""


def changes_of(input: Any, changes: type[T]) -> T:
    """Return the domain's `changes` from the Maybe fields of an input with the same names, without omitted fields."""
    names = {field.name for field in fields(changes)}  # type: ignore[arg-type]
    maybes = {name: getattr(input, name) for name in names if hasattr(input, name)}
    return changes(
        **{name: maybe.value for name, maybe in maybes.items() if isinstance(maybe, strawberry.Some)}
    )
