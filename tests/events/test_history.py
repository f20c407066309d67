"""Events of the past, through both faces."""

from typing import Any

import pytest

from app.auth.actor import Scope
from app.models import Event
from app.pagination import EventCursor
from app.resolvers import albums, images
from scripts.fixtures import sample_images
from tests.pichub import House, signed
from tests.resolvers.test_images import context, upload

PAGE = """query ($first: Int, $after: String, $types: [EventType!]) {
  events(first: $first, after: $after, types: $types) {
  nodes { id type cursor occurredAt data } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount
  }
}"""


async def graphql(built: House, token: str = "", **variables: Any) -> Any:
    answer = await built.client.post(
        "/graphql", headers=signed(token or built.token), json={"query": PAGE, "variables": variables}
    )
    return answer.json()


async def rest(built: House, query: str = "", token: str = "") -> Any:
    return (await built.client.get(f"/v1/events{query}", headers=signed(token or built.token))).json()


async def some(built: House, token: str = "") -> None:
    """image.uploaded, album.created, album.updated, image.deleted, album.updated."""
    ctx = await context(built, token)
    image = await upload(ctx, sample_images.png())
    album = await albums.create(ctx, albums.NewAlbum("One"))
    await albums.add_images(ctx, album.id, [image.id])
    await images.delete(ctx, image.id)


async def test_rest_shows_envelopes_and_the_cursor_to_go_on_from(built: House) -> None:
    await some(built)
    rows = await Event.since(0)
    first = await rest(built, "?limit=2")
    assert first["meta"] == {"next": str(EventCursor(2)), "has_more": True}
    assert [list(event) for event in first["data"]] == [["id", "type", "created_at", "data"]] * 2
    assert [event["id"] for event in first["data"]] == [row.id for row in rows[:2]]
    assert first["data"][0]["data"] == rows[0].data
    assert first["data"][0]["created_at"].endswith("Z")
    rest_of_it = await rest(built, f"?after={first['meta']['next']}")
    assert [event["id"] for event in rest_of_it["data"]] == [row.id for row in rows[2:]]
    end = rest_of_it["meta"]["next"]
    assert await rest(built, f"?after={end}") == {
        "success": True,
        "data": [],
        "meta": {"next": end, "has_more": False},
    }


async def test_both_faces_show_the_same(built: House) -> None:
    await some(built)
    shown = (await graphql(built))["data"]["events"]
    listed = (await rest(built))["data"]
    assert [(node["id"], node["data"]) for node in shown["nodes"]] == [(e["id"], e["data"]) for e in listed]
    assert [node["type"].lower().replace("_", ".") for node in shown["nodes"]] == [e["type"] for e in listed]
    assert shown["totalCount"] == 5


async def test_graphql_pages_from_a_cursor_on(built: House) -> None:
    await some(built)
    first = (await graphql(built, first=2))["data"]["events"]
    after = first["pageInfo"]["endCursor"]
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "endCursor": str(EventCursor(2)),
    }
    second = (await graphql(built, first=3, after=after))["data"]["events"]
    assert second["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "endCursor": str(EventCursor(5)),
    }


async def test_types_choose(built: House) -> None:
    await some(built)
    shown = await graphql(built, types=["IMAGE_UPLOADED", "IMAGE_DELETED"])
    listed = await rest(built, "?types=image.uploaded,image.deleted")
    wanted = ["image.uploaded", "image.deleted"]
    assert [event["type"] for event in listed["data"]] == wanted
    assert [node["id"] for node in shown["data"]["events"]["nodes"]] == [e["id"] for e in listed["data"]]


async def test_a_token_sees_what_its_scopes_cover_and_no_other_account(built: House) -> None:
    await some(built)
    whole = [Scope.IMAGES_READ, Scope.IMAGES_WRITE, Scope.ALBUMS_READ, Scope.ALBUMS_WRITE]
    await some(built, await built.account("other", scopes=whole))
    assert len((await rest(built))["data"]) == 5
    reader = await built.account("reader", scopes=[Scope.IMAGES_READ])
    assert (await rest(built, token=reader))["data"] == []
    assert (await rest(built, "?types=album.created", token=reader))["error"]["code"] == "FORBIDDEN"
    blind = await built.account("blind", scopes=[Scope.ACCOUNT_READ])
    assert (await rest(built, token=blind))["error"]["code"] == "FORBIDDEN"


async def test_nobody_is_unauthorized(built: House) -> None:
    answer = await built.client.post("/graphql", json={"query": PAGE})
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
    assert (await built.client.get("/v1/events")).status_code == 401


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("?after=x", "Parameter 'after' must be the cursor of an event; you sent 'x'"),
        (
            f"?after={EventCursor(7)}",
            f"Parameter 'after' must be the cursor of an event; you sent '{EventCursor(7)}'",
        ),
        ("?limit=0", "Parameter 'limit' must be an integer from 1 to 100; you sent '0'"),
        ("?limit=101", "Parameter 'limit' must be an integer from 1 to 100; you sent '101'"),
        ("?types=image.painted", "Parameter 'types' must be one or more of image.uploaded"),
    ],
)
async def test_a_bad_value_is_told_with_what_is_allowed(built: House, query: str, details: str) -> None:
    answer = await rest(built, query)
    assert answer["error"]["code"] == "BAD_REQUEST"
    assert answer["error"]["details"].startswith(details)
