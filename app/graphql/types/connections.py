"""Connections by the Relay Cursor Connections specification (relay.dev/graphql/connections.htm)."""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import strawberry

from app.pagination import Direction, Page, PageRequest, maybe_await

T = TypeVar("T")
First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="The number of items to return from the start of the list, 1 to 100. The default is 20."
    ),
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Return the items after this cursor.")
]
Last: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="The number of items to return from the end of the list, 1 to 100."),
]
Before: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Return the items before this cursor.")
]


@strawberry.type(description="An edge in a connection.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The item at the end of the edge.")
    cursor: str = strawberry.field(description="A cursor for use in pagination.")


@strawberry.type(description="Information about pagination in a connection.")
class PageInfo:
    page: strawberry.Private[Page[Any]]

    @strawberry.field(graphql_type=bool, description="True if there are more items after this page.")
    def has_next_page(self) -> bool | Awaitable[bool]:
        return maybe_await(self.page.next)

    @strawberry.field(graphql_type=bool, description="True if there are more items before this page.")
    def has_previous_page(self) -> bool | Awaitable[bool]:
        return maybe_await(self.page.previous)

    @strawberry.field(description="The cursor of the first item. Null if the page is empty.")
    def start_cursor(self) -> str | None:
        return str(self.page.cursor_of(self.page.items[0])) if self.page.items else None

    @strawberry.field(description="The cursor of the last item. Null if the page is empty.")
    def end_cursor(self) -> str | None:
        return str(self.page.cursor_of(self.page.items[-1])) if self.page.items else None


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    page: strawberry.Private[Page[Any]]
    present: strawberry.Private[Callable[[Any], Any]]

    @strawberry.field(description="The items with their cursors.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(node=self.present(row), cursor=str(self.page.cursor_of(row))) for row in self.page.items]

    @strawberry.field(description="The items.")
    def nodes(self) -> list[T]:
        return [self.present(row) for row in self.page.items]

    @strawberry.field(description="Information to aid in pagination.")
    def page_info(self) -> PageInfo:
        return PageInfo(page=self.page)

    @strawberry.field(
        graphql_type=int,
        description="The number of items in the complete list. Counted only if the field is selected.",
    )
    def total_count(self) -> int | Awaitable[int]:
        return maybe_await(self.page.count)


@strawberry.enum(description="The direction of an ordering.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("asc", description="Ascending: oldest, smallest or A first.")
    DESC = strawberry.enum_value("desc", description="Descending: newest, largest or Z first.")

    def to_domain(self) -> Direction:
        return Direction(self.value)


NEWEST_FIRST = OrderDirection.DESC


def page_request(first: int | None, after: str | None, last: int | None, before: str | None) -> PageRequest:
    """Return the page requested by the four arguments. Raises BadRequest."""
    return PageRequest.parse(first=first, after=after, last=last, before=before)
