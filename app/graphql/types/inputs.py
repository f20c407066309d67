"""From GraphQL's inputs to the domain's values."""

from dataclasses import fields
from typing import Annotated, Any, TypeAlias, TypeVar

import strawberry

T = TypeVar("T")
Input: TypeAlias = Annotated[T, strawberry.argument(description="All that the mutation is told.")]
"""The one argument of a mutation."""


def changes_of(given: Any, changes: type[T]) -> T:
    """The domain's `changes`, from an input whose Maybe fields have their names: what was not given stays absent."""
    names = {field.name for field in fields(changes)}  # type: ignore[arg-type]
    maybes = {name: getattr(given, name) for name in names if hasattr(given, name)}
    return changes(
        **{name: maybe.value for name, maybe in maybes.items() if isinstance(maybe, strawberry.Some)}
    )
