"""Request ids and the access log, which contains no credentials."""

import logging
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.models import Album
from scripts.fixtures import sample_images
from tests.pichub import House, ask, house, signed


def log_entries(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return the facts of the access log's lines, oldest first, and clear the log."""
    entries = [record.__dict__["facts"] for record in caplog.records if record.name == "pichub.access"]
    caplog.clear()
    return entries


@pytest.fixture
def access_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "pichub.access")
    return caplog


@pytest.mark.parametrize("id", ["1234abcd", "a-b.c_D" * 9, "0af7651916cd43dd8448eb211c80319c"])
async def test_a_valid_request_id_is_kept(tmp_path: Path, id: str) -> None:
    async with house(tmp_path, access_log="on") as home:
        response = await home.client.get("/v1/images", headers={"X-Request-Id": id})
    assert response.headers.get_list("x-request-id") == [id]


@pytest.mark.parametrize(
    "id", ["", "short", "a" * 65, "with space 12", "-starts-so-", "a\x01bcdefgh", "höre-zu-nun"]
)
async def test_an_invalid_request_id_is_replaced(tmp_path: Path, id: str) -> None:
    async with house(tmp_path, access_log="on") as home:
        response = await home.client.get("/v1/images", headers={"X-Request-Id": id.encode()})
        other = await home.client.get("/v1/images")
    assert len(response.headers["x-request-id"]) == 16 != id
    assert other.headers["x-request-id"] != response.headers["x-request-id"]


async def test_a_line_has_the_request_the_response_and_the_account(
    tmp_path: Path, access_log: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, access_log="on") as home:
        image = await home.upload(sample_images.jpeg(64, 48))
        account = (await ask(_with_token(home), "{ viewer { id } }"))["viewer"]["id"]
        log_entries(access_log)
        response = await home.client.get(f"/v1/images/{image['id']}", headers=home.headers)
        await home.client.get("/v1/images", headers={"Authorization": "Bearer x"})
        await ask(_with_token(home), "{ viewer { id } }")
    show, index, graphql = log_entries(access_log)
    assert show.pop("ms") > 0
    assert show == {
        "method": "GET",
        "address": f"/v1/images/{image['id']}",
        "route": "/v1/images/{id}",
        "status": 200,
        "bytes": len(response.content),
        "client": "127.0.0.1",
        "account": account,
    }
    assert (index["status"], index["account"]) == (401, "-")
    assert (graphql["route"], graphql["account"]) == ("query", account)


def _with_token(home: House) -> httpx2.AsyncClient:
    home.client.headers.update(signed(home.token))
    return home.client


async def test_tokens_signatures_and_queries_are_not_logged(
    tmp_path: Path, access_log: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, access_log="on") as home:
        image = await home.upload(sample_images.jpeg(64, 48))
        await home.client.get(f"/img/{image['id']}?w=20&sig=hunter2&exp=1", headers=home.headers)
        await home.client.get("/v1/images?token=hunter2")
        await home.client.get("/graphql?query={viewer{id}}&variables=hunter2")
        image_entry = next(line for line in log_entries(access_log) if line["route"].startswith("/img"))
    assert image_entry["address"] == f"/img/{image['id']}?w=20&sig=…&exp=1"
    assert "hunter2" not in access_log.text
    assert home.token not in access_log.text


async def test_a_url_cannot_forge_a_line(tmp_path: Path, access_log: pytest.LogCaptureFixture) -> None:
    async with house(tmp_path, access_log="on") as home:
        await home.client.get("/img/a%0aERROR%20pichub%1b[31m?x=%0a")
    (line,) = log_entries(access_log)
    assert line["address"] == "/img/a%0AERROR%20pichub%1B%5B31m?x=%0a"


async def test_the_setting_turns_lines_off_or_includes_cached_images(
    tmp_path: Path, access_log: pytest.LogCaptureFixture
) -> None:
    counts = {}
    for choice in ("off", "on", "all"):
        async with house(tmp_path / choice, access_log=choice) as home:
            image = await home.upload(sample_images.jpeg(64, 48))
            log_entries(access_log)
            responses = [await home.client.get(f"/img/{image['id']}?w=20") for _ in range(4)]
            counts[choice] = len(log_entries(access_log))
            ids = [response.headers.get("x-request-id") for response in responses]
            assert len(set(ids) - {None}) == (4 if choice == "all" else 2)
    assert counts == {"off": 0, "on": 2, "all": 4}


async def test_monitoring_requests_are_not_logged(
    tmp_path: Path, access_log: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, metrics=True, access_log="on") as home:
        for path in ("/healthz", "/readyz", "/metrics"):
            await home.client.get(path)
    assert log_entries(access_log) == []


async def test_an_internal_error_has_the_request_id(
    tmp_path: Path, access_log: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, access_log="on") as home:
        await Album.raw("DROP TABLE images")
        response = await home.client.post(
            "/graphql", json={"query": "{ images { nodes { id } } }"}, headers=home.headers
        )
    (error,) = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
