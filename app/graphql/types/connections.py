"""Lists, cut as the Relay Cursor Connections specification says (relay.dev/graphql/connections.htm)."""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import strawberry

from app.pagination import Direction, Page, PageRequest, maybe_await

T = TypeVar("T")
First: TypeAlias = Annotated[
    int | None, strawberry.argument(description="How many from the start: 1 to 100, 20 by default.")
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Only what comes after this cursor.")
]
Last: TypeAlias = Annotated[int | None, strawberry.argument(description="How many from the end: 1 to 100.")]
Before: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Only what comes before this cursor.")
]


@strawberry.type(description="One item of a list, and its place there.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The item.")
    cursor: str = strawberry.field(
        description="Its place: give it as `after` or `before` to go on from here."
    )


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    page: strawberry.Private[Page[Any]]

    @strawberry.field(graphql_type=bool, description="Whether there is more after this page.")
    def has_next_page(self) -> bool | Awaitable[bool]:
        return maybe_await(self.page.next)

    @strawberry.field(graphql_type=bool, description="Whether there is more before this page.")
    def has_previous_page(self) -> bool | Awaitable[bool]:
        return maybe_await(self.page.previous)

    @strawberry.field(description="The cursor of the first item; null where the page is empty.")
    def start_cursor(self) -> str | None:
        return str(self.page.cursor_of(self.page.items[0])) if self.page.items else None

    @strawberry.field(description="The cursor of the last item; null where the page is empty.")
    def end_cursor(self) -> str | None:
        return str(self.page.cursor_of(self.page.items[-1])) if self.page.items else None


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    page: strawberry.Private[Page[Any]]
    present: strawberry.Private[Callable[[Any], Any]]

    @strawberry.field(description="The items, each with its cursor.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(node=self.present(row), cursor=str(self.page.cursor_of(row))) for row in self.page.items]

    @strawberry.field(description="The items.")
    def nodes(self) -> list[T]:
        return [self.present(row) for row in self.page.items]

    @strawberry.field(description="Where this page lies in the list.")
    def page_info(self) -> PageInfo:
        return PageInfo(page=self.page)

    @strawberry.field(
        graphql_type=int,
        description="How many items the whole list has. Asked of the database only where selected.",
    )
    def total_count(self) -> int | Awaitable[int]:
        return maybe_await(self.page.count)


@strawberry.enum(description="Which way a list runs.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("asc", description="Upwards: the oldest, the smallest, A first.")
    DESC = strawberry.enum_value("desc", description="Downwards: the newest, the largest, Z first.")

    def to_domain(self) -> Direction:
        return Direction(self.value)


NEWEST_FIRST = OrderDirection.DESC


def page_request(first: int | None, after: str | None, last: int | None, before: str | None) -> PageRequest:
    """The page that the four arguments ask for. Raises BadRequest."""
    return PageRequest.parse(first=first, after=after, last=last, before=before)
