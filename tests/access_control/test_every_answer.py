"""What holds of every answer, whichever face gives it."""

from pathlib import Path

import pytest

from app.models import Image
from scripts.fixtures import sample_images
from tests.pichub import House, house

ORIGIN = "https://front.example"
PATHS = ["/v1/images", "/graphql?query={__typename}", "/img/nope", "/v1/nope", "/nope", "/"]


@pytest.fixture
async def built(tmp_path: Path):
    async with house(tmp_path) as built:
        yield built


@pytest.mark.parametrize("path", PATHS)
async def test_pages_on_any_origin_may_read_it(built: House, path: str) -> None:
    answer = await built.client.get(path, headers={**built.headers, "Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert {"Retry-After", "Location", "ETag"} <= set(
        answer.headers["access-control-expose-headers"].split(", ")
    )


@pytest.mark.parametrize("path", ["/v1/upload", "/v1/images/img_1", "/graphql"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_browsers_that_ask_first_are_told_yes(built: House, path: str, method: str) -> None:
    answer = await built.client.options(
        path,
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type,graphql-require-preflight",
        },
    )
    assert answer.status_code == 200
    assert method in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"]


async def test_origins_may_be_narrowed(tmp_path: Path) -> None:
    async with house(tmp_path, cors_origins=(ORIGIN,)) as narrow:
        mine = await narrow.client.get("/v1/images", headers={**narrow.headers, "Origin": ORIGIN})
        other = await narrow.client.get(
            "/v1/images", headers={**narrow.headers, "Origin": "https://other.example"}
        )
        assert mine.headers["access-control-allow-origin"] == ORIGIN
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("path", PATHS)
async def test_it_has_a_request_id_of_its_own(built: House, path: str) -> None:
    ids = {(await built.client.get(path, headers=built.headers)).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


async def test_a_mistake_of_ours_is_logged_once_and_shows_nothing(
    built: House, caplog: pytest.LogCaptureFixture
) -> None:
    await built.upload(sample_images.png())
    await Image.raw("DROP TABLE image_tags")
    await Image.raw("DROP TABLE images")
    answer = await built.client.get("/v1/images", headers={**built.headers, "Origin": ORIGIN})
    assert answer.status_code == 500
    request_id = answer.headers["x-request-id"]
    body = answer.json()
    assert (body["success"], body["error"]["code"]) == (False, "INTERNAL_ERROR")
    assert request_id in body["error"]["details"]
    assert "images" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    (record,) = [record for record in caplog.records if record.exc_info]
    assert request_id in record.getMessage()


async def test_a_browser_lands_on_a_page_that_runs_our_scripts_alone(built: House) -> None:
    answer = await built.client.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self';" in answer.headers["content-security-policy"]
