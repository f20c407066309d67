"""Parsing of queries and bodies."""

import json

import pytest

from tests.pichub import House, signed

LAST_PAGE = (2**63 - 1) // 100


@pytest.mark.parametrize(
    ("query", "page", "per_page"),
    [
        ("", 1, 20),
        ("page=1&per_page=1", 1, 1),
        ("page=007", 7, 20),
        ("per_page=100", 1, 100),
        ("per_page=101", 1, 100),
        (f"per_page={'9' * 50}", 1, 100),
        (f"page={LAST_PAGE}&per_page=100", LAST_PAGE, 100),
        ("page=1&page=2", 2, 20),
    ],
)
async def test_valid_pages(home: House, query: str, page: int, per_page: int) -> None:
    for kind in ("images", "albums", "categories"):
        meta = (await home.client.get(f"/v1/{kind}?{query}", headers=home.headers)).json()["meta"]
        assert (meta["current_page"], meta["per_page"]) == (page, per_page)


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=",
        "page=one",
        "page=1.0",
        "page=1e3",
        "page=%2B1",
        "page=%201",
        "page=1_0",
        "page=%D9%A1",
        "page=true",
        f"page={LAST_PAGE + 1}",
        f"page={'9' * 5000}",
        "per_page=0",
        "per_page=-5",
        "per_page=x",
        f"per_page={'9' * 5000}",
    ],
)
async def test_invalid_pages(home: House, query: str) -> None:
    name = query.partition("=")[0]
    for kind in ("images", "albums", "categories"):
        response = await home.client.get(f"/v1/{kind}?{query}", headers=home.headers)
        body = response.json()
        assert (response.status_code, body["error"]["code"]) == (400, "BAD_REQUEST")
        assert body["message"] == f"Invalid value for parameter '{name}'"
        assert len(body["error"]["details"]) < 300


@pytest.mark.parametrize(
    "query",
    ["tag=%00", "q=%00", f"q={'x' * 201}", "tag=" + "x" * 201],
    ids=["tag NUL", "q NUL", "long q", "long tag"],
)
async def test_unsupported_filter_text_is_422(home: House, query: str) -> None:
    response = await home.client.get(f"/v1/images?{query}", headers=home.headers)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "VALIDATION_ERROR")


async def test_filter_by_missing_album_or_category_is_404(home: House) -> None:
    other = signed(await home.account("other"))
    created = await home.client.post("/v1/albums", headers=other, json={"name": "x", "is_public": False})
    for query in ("album_id=alb_nothing", "category_id=x", f"album_id={created.json()['data']['id']}"):
        response = await home.client.get(f"/v1/images?{query}", headers=home.headers)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"name": "x"} {}',
        b"{'name': 'x'}",
        b"null",
        b'"name"',
        b"[]",
        b"7",
        b'{"name": NaN}',
        b'{"name": "x", "other": -Infinity}',
        b'{"name": "x", "other": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"name": "x", "other": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"name": "\xff"}',
        '{"name": "x"}'.encode("utf-16"),
        b'{"name": "a\nb"}',
    ],
)
async def test_invalid_bodies(home: House, body: bytes) -> None:
    for method, path in (("POST", "/v1/albums"), ("PATCH", "/v1/images/x"), ("POST", "/v1/categories")):
        response = await home.client.request(method, path, headers=home.headers, content=body)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (400, "BAD_REQUEST")
        assert error["details"].startswith("The body ")
        assert len(error["details"]) < 200


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"title": 5}, {"title": ["This must be text or null."]}),
        ({"filename": None}, {"filename": ["This must be text."]}),
        ({"tags": "a"}, {"tags": ["This must be a list of text values."]}),
        ({"tags": ["a", 1]}, {"tags": ["This must be a list of text values."]}),
        (
            {"album_id": 1, "category_id": {}},
            {"album_id": ["This must be text or null."], "category_id": ["This must be text or null."]},
        ),
    ],
)
async def test_fields_of_wrong_type(
    home: House, fields: dict[str, object], wrong: dict[str, list[str]]
) -> None:
    response = await home.client.patch("/v1/images/x", headers=home.headers, json=fields)
    assert (response.status_code, response.json()["error"]["fields"]) == (422, wrong)


async def test_invalid_content_length_is_400(home: House) -> None:
    response = await home.client.post(
        "/v1/albums", headers=home.headers | {"Content-Length": "x"}, content=json.dumps({"name": "x"})
    )
    assert (response.status_code, response.json()["error"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ("format=bmp", "one or more of jpg, png, webp, gif, avif, separated by commas"),
        ("format=jpg,bmp", "one or more of jpg, png, webp, gif, avif, separated by commas"),
        ("created_after=yesterday", "a time such as 2026-01-31T12:00:00Z, or a date"),
        ("created_before=2026-13-01", "a time such as 2026-01-31T12:00:00Z, or a date"),
        ("min_width=0", "an integer from 1 to"),
        ("max_size=1MB", "an integer from 1 to"),
        (f"min_height={2**63}", "an integer from 1 to"),
        ("is_public=perhaps", "one of true, 1, false, 0"),
    ],
)
async def test_invalid_filters(home: House, query: str, allowed: str) -> None:
    response = await home.client.get(f"/v1/images?{query}", headers=home.headers)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "BAD_REQUEST")
    assert f"Parameter '{query.partition('=')[0]}' must be {allowed}" in error["details"]


@pytest.mark.parametrize(
    "query",
    [
        "format=",
        "format=png,%20JPEG&format=gif",
        "min_width=&created_after=&is_public=",
        "created_after=2026-01-31",
        "created_after=2026-01-31T12:00:00Z",
        "created_after=2026-01-31T12:00:00+02:00",
        "created_after=2026-01-31T12:00:00.5%2B02:00",
        "is_public=1&max_size=9223372036854775807",
    ],
)
async def test_valid_filters(home: House, query: str) -> None:
    response = await home.client.get(f"/v1/images?{query}", headers=home.headers)
    assert response.status_code == 200, response.text
