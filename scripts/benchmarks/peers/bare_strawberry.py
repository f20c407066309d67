"""Minimal Strawberry server for a list of 20: objects in memory, its caches, one process. Run with a port."""

import sys
from datetime import UTC, datetime

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache


@strawberry.type
class BareImage:
    id: strawberry.ID
    filename: str
    url: str
    width: int
    height: int
    size: int
    mime_type: str
    created_at: datetime


@strawberry.type
class BareEdge:
    cursor: str
    node: BareImage


@strawberry.type
class BarePageInfo:
    has_next_page: bool
    end_cursor: str


@strawberry.type
class BareConnection:
    total_count: int
    edges: list[BareEdge]
    page_info: BarePageInfo


def _image(number: int) -> BareImage:
    return BareImage(
        id=strawberry.ID(f"img_{number:026d}"),
        filename=f"IMG_{number}.jpg",
        url=f"http://127.0.0.1:8000/img/img_{number:026d}.jpg",
        width=1600,
        height=1200,
        size=500_000,
        mime_type="image/jpeg",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


EDGES = [BareEdge(cursor=f"{number:040d}", node=_image(number)) for number in range(20)]


@strawberry.type
class BareQuery:
    @strawberry.field
    async def images(self, first: int = 20) -> BareConnection:
        return BareConnection(
            total_count=10_000,
            edges=EDGES[:first],
            page_info=BarePageInfo(has_next_page=True, end_cursor=EDGES[-1].cursor),
        )


def main() -> None:
    schema = strawberry.Schema(BareQuery, extensions=[ParserCache, ValidationCache])
    app = Starlette(routes=[Route("/graphql", GraphQL(schema))])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
