"""Each request has an id and a line in the log, which tell nothing that opens a door."""

import logging
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.models import Album
from scripts.fixtures import sample_images
from tests.pichub import House, ask, house, signed


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the lines of the access log say, oldest first; they stand in it."""
    found = [record.__dict__["facts"] for record in caplog.records if record.name == "pichub.access"]
    caplog.clear()
    return found


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "pichub.access")
    return caplog


@pytest.mark.parametrize("id", ["1234abcd", "a-b.c_D" * 9, "0af7651916cd43dd8448eb211c80319c"])
async def test_an_id_that_comes_with_a_request_is_taken(tmp_path: Path, id: str) -> None:
    async with house(tmp_path, access_log="on") as home:
        answer = await home.client.get("/v1/images", headers={"X-Request-Id": id})
    assert answer.headers.get_list("x-request-id") == [id]


@pytest.mark.parametrize(
    "id", ["", "short", "a" * 65, "with space 12", "-begins-so-", "a\x01bcdefgh", "höre-zu-nun"]
)
async def test_one_that_is_none_is_not(tmp_path: Path, id: str) -> None:
    async with house(tmp_path, access_log="on") as home:
        answer = await home.client.get("/v1/images", headers={"X-Request-Id": id.encode()})
        other = await home.client.get("/v1/images")
    assert len(answer.headers["x-request-id"]) == 16 != id
    assert other.headers["x-request-id"] != answer.headers["x-request-id"]


async def test_a_line_tells_who_asked_what_and_how_it_went(
    tmp_path: Path, heard: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, access_log="on") as home:
        image = await home.upload(sample_images.jpeg(64, 48))
        account = (await ask(_with_token(home), "{ viewer { id } }"))["viewer"]["id"]
        lines(heard)
        answer = await home.client.get(f"/v1/images/{image['id']}", headers=home.headers)
        await home.client.get("/v1/images", headers={"Authorization": "Bearer x"})
        await ask(_with_token(home), "{ viewer { id } }")
    show, index, graphql = lines(heard)
    assert show.pop("ms") > 0
    assert show == {
        "method": "GET",
        "address": f"/v1/images/{image['id']}",
        "route": "/v1/images/{id}",
        "status": 200,
        "bytes": len(answer.content),
        "client": "127.0.0.1",
        "account": account,
    }
    assert (index["status"], index["account"]) == (401, "-")
    assert (graphql["route"], graphql["account"]) == ("query", account)


def _with_token(home: House) -> httpx2.AsyncClient:
    home.client.headers.update(signed(home.token))
    return home.client


async def test_no_line_tells_a_token_a_signature_or_a_query(
    tmp_path: Path, heard: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, access_log="on") as home:
        image = await home.upload(sample_images.jpeg(64, 48))
        await home.client.get(f"/img/{image['id']}?w=20&sig=hunter2&exp=1", headers=home.headers)
        await home.client.get("/v1/images?token=hunter2")
        await home.client.get("/graphql?query={viewer{id}}&variables=hunter2")
        picture = next(line for line in lines(heard) if line["route"].startswith("/img"))
    assert picture["address"] == f"/img/{image['id']}?w=20&sig=…&exp=1"
    assert "hunter2" not in heard.text
    assert home.token not in heard.text


async def test_what_a_client_sends_can_not_begin_a_line(
    tmp_path: Path, heard: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, access_log="on") as home:
        await home.client.get("/img/a%0aERROR%20pichub%1b[31m?x=%0a")
    (line,) = lines(heard)
    assert line["address"] == "/img/a%0AERROR%20pichub%1B%5B31m?x=%0a"


async def test_lines_can_be_left_out_and_pictures_from_memory_be_in(
    tmp_path: Path, heard: pytest.LogCaptureFixture
) -> None:
    seen = {}
    for choice in ("off", "on", "all"):
        async with house(tmp_path / choice, access_log=choice) as home:
            image = await home.upload(sample_images.jpeg(64, 48))
            lines(heard)
            answers = [await home.client.get(f"/img/{image['id']}?w=20") for _ in range(4)]
            seen[choice] = len(lines(heard))
            ids = [answer.headers.get("x-request-id") for answer in answers]
            assert len(set(ids) - {None}) == (4 if choice == "all" else 2)
    assert seen == {"off": 0, "on": 2, "all": 4}


async def test_those_who_watch_fill_no_log(tmp_path: Path, heard: pytest.LogCaptureFixture) -> None:
    async with house(tmp_path, metrics=True, access_log="on") as home:
        for path in ("/healthz", "/readyz", "/metrics"):
            await home.client.get(path)
    assert lines(heard) == []


async def test_a_mistake_of_ours_can_be_quoted(tmp_path: Path, heard: pytest.LogCaptureFixture) -> None:
    async with house(tmp_path, access_log="on") as home:
        await Album.raw("DROP TABLE images")
        answer = await home.client.post(
            "/graphql", json={"query": "{ images { nodes { id } } }"}, headers=home.headers
        )
    (error,) = answer.json()["errors"]
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
