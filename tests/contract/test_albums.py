"""The routes of albums and of categories."""

import json
from typing import Any

import pytest

from app.auth.actor import Scope
from scripts.fixtures import sample_images
from tests.pichub import BASE_URL, House, signed
from tests.statements import count_statements

ALBUM = ["id", "name", "description", "is_public", "cover_url", "image_count", "created_at", "updated_at"]
CATEGORY = ["id", "name", "description", "created_at", "updated_at"]


@pytest.fixture
async def headers(home: House, request: pytest.FixtureRequest) -> dict[str, str]:
    """An account for one test."""
    return signed(await home.account(request.node.name[:64]))


async def create(home: House, headers: dict[str, str], kind: str, **fields: Any) -> dict[str, Any]:
    response = await home.client.post(f"/v1/{kind}", headers=headers, json={"name": "x"} | fields)
    assert response.status_code == 201, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def test_documented_body_creates_an_album(home: House, headers: dict[str, str]) -> None:
    response = await home.client.post(
        "/v1/albums",
        headers=headers,
        json={"name": "我的相册", "description": "这是一个示例相册", "is_public": True},
    )
    data = response.json()["data"]
    assert response.status_code == 201
    assert response.headers["location"] == f"{BASE_URL}/v1/albums/{data['id']}"
    assert list(data) == ALBUM
    assert data["id"].startswith("alb_")
    assert response.json() == {
        "success": True,
        "data": data
        | {
            "name": "我的相册",
            "description": "这是一个示例相册",
            "is_public": True,
            "cover_url": None,
            "image_count": 0,
            "updated_at": data["created_at"],
        },
    }
    assert (await home.client.get(response.headers["location"], headers=headers)).json()["data"] == data


async def test_albums_are_public_by_default(home: House, headers: dict[str, str]) -> None:
    assert (await create(home, headers, "albums"))["is_public"] is True
    assert (await create(home, headers, "albums", is_public=False))["is_public"] is False


async def test_json_is_accepted_with_any_content_type(home: House, headers: dict[str, str]) -> None:
    for content_type in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        response = await home.client.post(
            "/v1/albums", headers=headers | {"Content-Type": content_type}, content=b'{"name": "x"}'
        )
        assert response.status_code == 201


async def test_album_has_image_count_and_newest_image_as_cover(home: House, headers: dict[str, str]) -> None:
    album = await create(home, headers, "albums")
    token = headers["Authorization"].removeprefix("Bearer ")
    for _ in range(2):
        image = await home.upload(sample_images.png(), token=token, album_id=album["id"])
    for response in (
        await home.client.get(f"/v1/albums/{album['id']}", headers=headers),
        await home.client.patch(f"/v1/albums/{album['id']}", headers=headers, json={}),
    ):
        data = response.json()["data"]
        assert (data["image_count"], data["cover_url"]) == (2, image["thumbnail_url"])


async def test_covers_require_the_scope_for_images(home: House) -> None:
    token = await home.account("albums alone", scopes=[Scope.ALBUMS_READ, Scope.ALBUMS_WRITE])
    await create(home, signed(token), "albums")
    response = await home.client.get("/v1/albums", headers=signed(token))
    assert (response.status_code, response.json()["data"][0]["cover_url"]) == (200, None)


async def test_albums_are_paged_newest_first(home: House, headers: dict[str, str]) -> None:
    ids = [(await create(home, headers, "albums"))["id"] for _ in range(5)][::-1]
    body = (await home.client.get("/v1/albums?per_page=2&page=2", headers=headers)).json()
    assert list(body) == ["success", "data", "meta"]
    assert [album["id"] for album in body["data"]] == ids[2:4]
    assert body["meta"] == {"current_page": 2, "per_page": 2, "total": 5, "last_page": 3}


async def test_list_of_albums_has_constant_statements(home: House, headers: dict[str, str]) -> None:
    token = headers["Authorization"].removeprefix("Bearer ")
    costs = []
    for _ in range(3):
        album = await create(home, headers, "albums")
        await home.upload(sample_images.png(), token=token, album_id=album["id"])
        with count_statements() as counted:
            response = await home.client.get("/v1/albums", headers=headers)
        assert all(each["cover_url"] for each in response.json()["data"])
        costs.append(counted.count)
    assert costs[0] == costs[1] == costs[2] <= 5


async def test_album_update_changes_only_given_fields(home: House, headers: dict[str, str]) -> None:
    before = await create(home, headers, "albums", description="Kept")
    response = await home.client.patch(
        f"/v1/albums/{before['id']}", headers=headers, json={"name": "New", "is_public": False}
    )
    after = response.json()["data"]
    assert {name for name in ALBUM if before[name] != after[name]} == {"name", "is_public", "updated_at"}


@pytest.mark.parametrize(
    ("query", "goes"),
    [("", False), ("?delete_images=false", False), ("?delete_images=true", True), ("?delete_images=1", True)],
)
async def test_delete_images_deletes_the_images_of_an_album(
    home: House, headers: dict[str, str], query: str, goes: bool
) -> None:
    album = await create(home, headers, "albums")
    token = headers["Authorization"].removeprefix("Bearer ")
    image = await home.upload(sample_images.png(), token=token, album_id=album["id"])
    response = await home.client.delete(f"/v1/albums/{album['id']}{query}", headers=headers)
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {"id": album["id"], "deleted": True, "images_deleted": int(goes)},
    }
    left = await home.client.get(f"/v1/images/{image['id']}", headers=headers)
    assert left.status_code == (404 if goes else 200)
    assert (await home.client.get(f"/v1/albums/{album['id']}", headers=headers)).status_code == 404


async def test_invalid_delete_images_is_400(home: House, headers: dict[str, str]) -> None:
    album = await create(home, headers, "albums")
    response = await home.client.delete(f"/v1/albums/{album['id']}?delete_images=yes", headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": None}, ["name"]),
        ({"name": 5}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "a\nb"}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"description": ["x"], "is_public": "yes"}, ["description", "is_public"]),
        ({"is_public": None}, ["is_public"]),
        ({"is_public": 1}, ["is_public"]),
        ({"name": "\0"}, ["name"]),
        ({"description": "\ud800"}, ["description"]),
    ],
)
async def test_all_invalid_fields_of_an_album_are_listed(
    home: House, headers: dict[str, str], fields: dict[str, Any], wrong: list[str]
) -> None:
    album = await create(home, headers, "albums")
    for response in (
        await home.client.post("/v1/albums", headers=headers, content=json.dumps({"name": "x"} | fields)),
        await home.client.patch(f"/v1/albums/{album['id']}", headers=headers, content=json.dumps(fields)),
    ):
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (422, "VALIDATION_ERROR")
        assert sorted(error["fields"]) == wrong


async def test_category_life_cycle(home: House, headers: dict[str, str]) -> None:
    response = await home.client.post(
        "/v1/categories", headers=headers, json={"name": "风景", "description": "Outside"}
    )
    made = response.json()["data"]
    path = f"/v1/categories/{made['id']}"
    assert (response.status_code, response.headers["location"]) == (201, BASE_URL + path)
    assert list(made) == CATEGORY
    assert (made["name"], made["description"]) == ("风景", "Outside")

    assert (await home.client.get(path, headers=headers)).json() == {"success": True, "data": made}
    listed = (await home.client.get("/v1/categories", headers=headers)).json()
    meta = {"current_page": 1, "per_page": 20, "total": 1, "last_page": 1}
    assert listed == {"success": True, "data": [made], "meta": meta}

    token = headers["Authorization"].removeprefix("Bearer ")
    image = await home.upload(sample_images.png(), token=token, category_id=made["id"])
    changed = (await home.client.patch(path, headers=headers, json={"description": None})).json()["data"]
    assert (changed["name"], changed["description"]) == ("风景", None)

    gone = await home.client.delete(path, headers=headers)
    assert (gone.status_code, gone.json()["data"]) == (200, {"id": made["id"], "deleted": True})
    assert (await home.client.get(path, headers=headers)).status_code == 404
    kept = await home.client.get(f"/v1/images/{image['id']}", headers=headers)
    assert kept.json()["data"]["category_id"] is None


async def test_category_name_is_required_and_unique(home: House, headers: dict[str, str]) -> None:
    await create(home, headers, "categories", name="Twice")
    for fields in ({"name": "Twice"}, {}, {"name": 7}):
        response = await home.client.post("/v1/categories", headers=headers, json=fields)
        assert (response.status_code, list(response.json()["error"]["fields"])) == (422, ["name"])


async def test_both_base_paths_are_equal(home: House, headers: dict[str, str]) -> None:
    album = await create(home, headers, "albums")
    for path in (f"/albums/{album['id']}", "/albums", "/images", "/categories"):
        old = await home.client.get(f"/v1{path}", headers=headers)
        new = await home.client.get(f"/api/v1{path}", headers=headers)
        assert (old.status_code, old.json()) == (new.status_code, new.json())
