"""Lists of past events, through both interfaces."""

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


async def graphql(pichub: House, token: str = "", **variables: Any) -> Any:
    response = await pichub.client.post(
        "/graphql", headers=signed(token or pichub.token), json={"query": PAGE, "variables": variables}
    )
    return response.json()


async def rest(pichub: House, query: str = "", token: str = "") -> Any:
    return (await pichub.client.get(f"/v1/events{query}", headers=signed(token or pichub.token))).json()


async def create_five_events(pichub: House, token: str = "") -> None:
    """Record image.uploaded, album.created, album.updated, image.deleted, album.updated."""
    ctx = await context(pichub, token)
    image = await upload(ctx, sample_images.png())
    album = await albums.create(ctx, albums.NewAlbum("One"))
    await albums.add_images(ctx, album.id, [image.id])
    await images.delete(ctx, image.id)


async def test_rest_returns_envelopes_and_the_next_cursor(pichub: House) -> None:
    await create_five_events(pichub)
    rows = await Event.since(0)
    first = await rest(pichub, "?limit=2")
    assert first["meta"] == {"next": str(EventCursor(2)), "has_more": True}
    assert [list(event) for event in first["data"]] == [["id", "type", "created_at", "data"]] * 2
    assert [event["id"] for event in first["data"]] == [row.id for row in rows[:2]]
    assert first["data"][0]["data"] == rows[0].data
    assert first["data"][0]["created_at"].endswith("Z")
    second = await rest(pichub, f"?after={first['meta']['next']}")
    assert [event["id"] for event in second["data"]] == [row.id for row in rows[2:]]
    end = second["meta"]["next"]
    assert await rest(pichub, f"?after={end}") == {
        "success": True,
        "data": [],
        "meta": {"next": end, "has_more": False},
    }


async def test_both_interfaces_return_the_same_events(pichub: House) -> None:
    await create_five_events(pichub)
    page = (await graphql(pichub))["data"]["events"]
    listed = (await rest(pichub))["data"]
    assert [(node["id"], node["data"]) for node in page["nodes"]] == [
        (event["id"], event["data"]) for event in listed
    ]
    assert [node["type"].lower().replace("_", ".") for node in page["nodes"]] == [
        event["type"] for event in listed
    ]
    assert page["totalCount"] == 5


async def test_graphql_pages_start_after_a_cursor(pichub: House) -> None:
    await create_five_events(pichub)
    first = (await graphql(pichub, first=2))["data"]["events"]
    after = first["pageInfo"]["endCursor"]
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "endCursor": str(EventCursor(2)),
    }
    second = (await graphql(pichub, first=3, after=after))["data"]["events"]
    assert second["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "endCursor": str(EventCursor(5)),
    }


async def test_events_are_filtered_by_type(pichub: House) -> None:
    await create_five_events(pichub)
    page = await graphql(pichub, types=["IMAGE_UPLOADED", "IMAGE_DELETED"])
    listed = await rest(pichub, "?types=image.uploaded,image.deleted")
    expected = ["image.uploaded", "image.deleted"]
    assert [event["type"] for event in listed["data"]] == expected
    assert [node["id"] for node in page["data"]["events"]["nodes"]] == [
        event["id"] for event in listed["data"]
    ]


async def test_a_token_sees_its_scopes_and_its_account_only(pichub: House) -> None:
    await create_five_events(pichub)
    scopes = [Scope.IMAGES_READ, Scope.IMAGES_WRITE, Scope.ALBUMS_READ, Scope.ALBUMS_WRITE]
    await create_five_events(pichub, await pichub.account("other", scopes=scopes))
    assert len((await rest(pichub))["data"]) == 5
    reader = await pichub.account("reader", scopes=[Scope.IMAGES_READ])
    assert (await rest(pichub, token=reader))["data"] == []
    assert (await rest(pichub, "?types=album.created", token=reader))["error"]["code"] == "FORBIDDEN"
    no_scope = await pichub.account("no-scope", scopes=[Scope.ACCOUNT_READ])
    assert (await rest(pichub, token=no_scope))["error"]["code"] == "FORBIDDEN"


async def test_anonymous_callers_are_unauthorized(pichub: House) -> None:
    response = await pichub.client.post("/graphql", json={"query": PAGE})
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
    assert (await pichub.client.get("/v1/events")).status_code == 401


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
async def test_invalid_parameters_name_the_allowed_values(pichub: House, query: str, details: str) -> None:
    body = await rest(pichub, query)
    assert body["error"]["code"] == "BAD_REQUEST"
    assert body["error"]["details"].startswith(details)
