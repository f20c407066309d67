"""The routes of images."""

import hashlib
from datetime import datetime
from typing import Any

import pytest

from app.auth.actor import Scope
from scripts.fixtures import sample_images
from tests.pichub import BASE_URL, House, signed

FIELDS = [
    "id",
    "url",
    "thumbnail_url",
    "delete_url",
    "filename",
    "title",
    "description",
    "album_id",
    "category_id",
    "tags",
    "mime_type",
    "format",
    "size",
    "width",
    "height",
    "frames",
    "sha256",
    "thumbhash",
    "dominant_color",
    "is_public",
    "links",
    "created_at",
    "updated_at",
]


@pytest.fixture
async def token(home: House, request: pytest.FixtureRequest) -> str:
    """An account for one test."""
    return await home.account(request.node.name[:64])


async def make(home: House, token: str, kind: str, **fields: Any) -> str:
    response = await home.client.post(f"/v1/{kind}", headers=signed(token), json=fields)
    assert response.status_code == 201, response.text
    id_: str = response.json()["data"]["id"]
    return id_


async def test_upload_returns_the_image_with_its_url_at_top_level(home: House, token: str) -> None:
    album_id = await make(home, token, "albums", name="Album")
    category_id = await make(home, token, "categories", name="Category")
    response = await home.client.post(
        "/v1/upload",
        headers=signed(token),
        files={"image": ("sea.jpeg", sample_images.jpeg(), "image/jpeg")},
        data={
            "album_id": album_id,
            "category_id": category_id,
            "title": "The sea",
            "description": "Blue.\nVery.",
            "tags": "sea, blue",
        },
    )
    body = response.json()
    data = body["data"]
    id_ = data["id"]
    url = f"{BASE_URL}/img/{id_}.jpg"
    assert response.status_code == 200
    assert list(body) == ["success", "message", "url", "data"]
    assert (body["success"], body["url"]) == (True, url)
    assert list(data) == FIELDS
    assert id_.startswith("img_")
    assert data == {
        "id": id_,
        "url": url,
        "thumbnail_url": f"{BASE_URL}/img/{id_}.webp?w=400&h=400&fit=inside",
        "delete_url": f"{BASE_URL}/v1/images/{id_}",
        "filename": "sea.jpeg",
        "title": "The sea",
        "description": "Blue.\nVery.",
        "album_id": album_id,
        "category_id": category_id,
        "tags": ["sea", "blue"],
        "mime_type": "image/jpeg",
        "format": "jpg",
        "size": len(sample_images.jpeg()),
        "width": 640,
        "height": 480,
        "frames": 1,
        "sha256": hashlib.sha256(sample_images.jpeg()).hexdigest(),
        "thumbhash": data["thumbhash"],
        "dominant_color": data["dominant_color"],
        "is_public": True,
        "links": {
            "url": url,
            "html": f'<img src="{url}" alt="The sea">',
            "markdown": f"![The sea]({url})",
            "bbcode": f"[img]{url}[/img]",
        },
        "created_at": data["created_at"],
        "updated_at": data["created_at"],
    }
    assert data["created_at"].endswith("Z")
    assert datetime.fromisoformat(data["created_at"])
    fetched = await home.client.get(f"/v1/images/{id_}", headers=signed(token))
    assert fetched.json() == {"success": True, "data": data}


@pytest.mark.parametrize("nothing", ["", "null", "undefined"])
async def test_javascript_words_for_missing_values_are_empty(home: House, nothing: str) -> None:
    image = await home.upload(
        sample_images.png(), album_id=nothing, category_id=nothing, title=nothing, description=nothing
    )
    assert [image[name] for name in ("album_id", "category_id", "title", "description")] == [None] * 4


@pytest.mark.parametrize(
    ("fields", "tags"),
    [
        ({}, []),
        ({"tags": ""}, []),
        ({"tags": "a"}, ["a"]),
        ({"tags": "a, b ,,c"}, ["a", "b", "c"]),
        ({"tags": ["a", "b, c"]}, ["a", "b, c"]),
        ({"tags[]": ["a", "b", "a"]}, ["a", "b"]),
    ],
)
async def test_forms_of_tags(home: House, fields: dict[str, Any], tags: list[str]) -> None:
    assert (await home.upload(sample_images.png(), **fields))["tags"] == tags


async def test_file_is_an_alias_of_image(home: House) -> None:
    response = await home.client.post(
        "/v1/upload", headers=home.headers, files={"file": ("a.gif", sample_images.still_gif())}
    )
    assert response.json()["data"]["format"] == "gif"


async def test_image_takes_precedence_over_file(home: House) -> None:
    response = await home.client.post(
        "/api/v1/upload",
        headers=home.headers,
        files={"file": ("a.gif", sample_images.still_gif()), "image": ("a.png", sample_images.png())},
    )
    assert response.json()["data"]["format"] == "png"


@pytest.mark.parametrize(
    ("sent", "field", "complaint"),
    [
        ([("note", (None, b"no file"))], "image", "This field is required."),
        ([("image", (None, b"undefined"))], "image", "This must be a file."),
        (
            [("image", ("a.png", b"x")), ("image", ("b.png", b"x"))],
            "image",
            "Send one file at a time; you sent 2.",
        ),
        ([("image", ("a.png", b"x")), ("title", ("t.txt", b"x"))], "title", "This must be text, not a file."),
        ([("image", ("a.png", b"x")), ("tags", ("t.txt", b"x"))], "tags", "This must be text, not a file."),
    ],
)
async def test_invalid_form_field_is_422(home: House, sent: list[Any], field: str, complaint: str) -> None:
    response = await home.client.post("/v1/upload", headers=home.headers, files=sent)
    assert (response.status_code, response.json()["error"]["fields"]) == (422, {field: [complaint]})
    assert not list(home.services.storage.incoming.iterdir())


async def test_empty_file_field_is_missing(home: House) -> None:
    response = await home.client.post(
        "/v1/upload",
        headers=home.headers | {"Content-Type": "multipart/form-data; boundary=b"},
        content=b'--b\r\nContent-Disposition: form-data; name="image"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n",
    )
    complaint = {"image": ["This field is required."]}
    assert (response.status_code, response.json()["error"]["fields"]) == (422, complaint)


async def test_unknown_album_is_an_invalid_field(home: House) -> None:
    response = await home.client.post(
        "/v1/upload",
        headers=home.headers,
        files={"image": ("a.png", sample_images.png())},
        data={"album_id": "alb_nothing"},
    )
    assert (response.status_code, list(response.json()["error"]["fields"])) == (422, ["album_id"])


async def test_images_are_paged_newest_first(home: House, token: str) -> None:
    ids = [(await home.upload(sample_images.png(), token=token))["id"] for _ in range(5)][::-1]
    response = await home.client.get("/v1/images?per_page=2&page=2", headers=signed(token))
    body = response.json()
    assert (response.status_code, list(body)) == (200, ["success", "data", "meta"])
    assert [image["id"] for image in body["data"]] == ids[2:4]
    assert [list(image) for image in body["data"]] == [FIELDS] * 2
    assert body["meta"] == {"current_page": 2, "per_page": 2, "total": 5, "last_page": 3}


async def test_empty_list_has_one_page(home: House, token: str) -> None:
    response = await home.client.get("/v1/images", headers=signed(token))
    meta = {"current_page": 1, "per_page": 20, "total": 0, "last_page": 1}
    assert response.json() == {"success": True, "data": [], "meta": meta}


async def test_page_after_the_last_is_empty(home: House, token: str) -> None:
    await home.upload(sample_images.png(), token=token)
    response = await home.client.get(f"/v1/images?page={(2**63 - 1) // 100}", headers=signed(token))
    assert (response.status_code, response.json()["data"], response.json()["meta"]["total"]) == (200, [], 1)


async def test_images_are_filtered_by_album_category_tag_and_text(home: House, token: str) -> None:
    album_id = await make(home, token, "albums", name="Album")
    category_id = await make(home, token, "categories", name="Category")
    in_album = await home.upload(sample_images.png(), token=token, album_id=album_id, tags="x")
    in_category = await home.upload(sample_images.png(), token=token, category_id=category_id, title="Dünen")
    for query, expected in [
        (f"album_id={album_id}", [in_album["id"]]),
        (f"category_id={category_id}", [in_category["id"]]),
        ("tag=x", [in_album["id"]]),
        ("q=DüNEN", [in_category["id"]]),
        (f"album_id={album_id}&category_id={category_id}", []),
        ("album_id=&tag=", [in_category["id"], in_album["id"]]),
    ]:
        response = await home.client.get(f"/v1/images?{query}", headers=signed(token))
        assert [image["id"] for image in response.json()["data"]] == expected, query


async def test_update_changes_only_given_fields(home: House, token: str) -> None:
    album_id = await make(home, token, "albums", name="Album")
    before = await home.upload(
        sample_images.png(), token=token, title="Old", description="Kept", album_id=album_id
    )
    path = f"/v1/images/{before['id']}"
    response = await home.client.patch(
        path,
        headers=signed(token),
        json={"title": "New", "filename": "new.png", "tags": ["a"], "album_id": None, "unknown": {}},
    )
    after = response.json()["data"]
    assert (response.status_code, list(after)) == (200, FIELDS)
    changed = {name for name in FIELDS if after[name] != before[name]}
    assert changed == {"title", "filename", "tags", "album_id", "links", "updated_at"}
    assert (after["title"], after["filename"], after["tags"], after["album_id"]) == (
        "New",
        "new.png",
        ["a"],
        None,
    )
    assert (await home.client.get(path, headers=signed(token))).json()["data"] == after


async def test_deletion_includes_variants(home: House, token: str) -> None:
    image = await home.upload(sample_images.png(), token=token)
    for width in (10, 20):
        assert (await home.client.get(f"/img/{image['id']}.webp?w={width}")).status_code == 200
    path = image["delete_url"]
    response = await home.client.delete(path, headers=signed(token))
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {"id": image["id"], "deleted": True, "variants_removed": 2},
    }
    for address in (image["url"], f"/img/{image['id']}.webp?w=10"):
        assert (await home.client.get(address)).status_code == 404
    assert (await home.client.delete(path, headers=signed(token))).status_code == 404


async def test_category_of_an_image_is_visible_to_its_owner_only(home: House, token: str) -> None:
    category_id = await make(home, token, "categories", name="Secret")
    image = await home.upload(sample_images.png(), token=token, category_id=category_id)
    other = await home.account("curious", scopes=[Scope.IMAGES_READ])
    response = await home.client.get(f"/v1/images/{image['id']}", headers=signed(other))
    assert (response.status_code, response.json()["data"]["category_id"]) == (200, None)
