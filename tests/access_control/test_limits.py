"""How much each may do, whichever face is asked. The rules of counting: tests/ratelimits."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.auth.actor import Scope
from app.auth.credentials import Credentials
from app.client_address import parse_networks
from app.context import Context, RateLimit
from app.models import Image
from app.resolvers import account
from scripts.fixtures import sample_images
from tests.pichub import PASSWORD, SIGN_IN, House, code_of, house, signed

DAYS = "60/minute;1000/hour;10000/day"
TOLD = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit", "ratelimit-policy")
UPLOADS = """mutation($files: [Upload!]!) {
  uploadImages(input: {files: $files}) { results { image { id } error { code details } } }
}"""


@pytest.fixture
async def limited(tmp_path: Path) -> AsyncIterator[House]:
    async with house(
        tmp_path,
        limit_api=DAYS,
        limit_upload="2/minute",
        limit_auth_failures="3/minute",
        limit_renders="2/minute",
    ) as built:
        yield built


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[House]:
    """Behind a proxy that is trusted: who asks is who the proxy says."""
    limits = {"limit_api": "3/minute", "limit_auth_failures": "2/minute", "limit_renders": "1/minute"}
    async with house(tmp_path, trusted_proxies=parse_networks("127.0.0.1"), **limits) as built:
        yield built


def at(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def told(answer: httpx2.Response) -> dict[str, str]:
    return {name: answer.headers[name] for name in TOLD if name in answer.headers}


async def ask(built: House, query: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    signed_in = built.headers if headers is None else headers
    return await built.client.post("/graphql", json={"query": query}, headers=signed_in)


async def upload_many(built: House, count: int, token: str = "") -> httpx2.Response:
    form = {
        "operations": json.dumps({"query": UPLOADS, "variables": {"files": [None] * count}}),
        "map": json.dumps({str(i): [f"variables.files.{i}"] for i in range(count)}),
    }
    files = {str(i): (f"{i}.png", sample_images.png()) for i in range(count)}
    headers = signed(token) if token else built.headers
    return await built.client.post("/graphql", data=form, files=files, headers=headers)


@pytest.mark.parametrize("faces", [("rest",), ("graphql",), ("rest", "graphql")], ids="+".join)
async def test_of_two_hundred_at_once_sixty_go_through_and_each_is_told_its_place(
    limited: House, faces: tuple[str, ...]
) -> None:
    async def one(i: int) -> httpx2.Response:
        if faces[i % len(faces)] == "rest":
            return await limited.client.get("/v1/images", headers=limited.headers)
        return await ask(limited, "{ images { nodes { id } } }")

    answers = await asyncio.gather(*(one(i) for i in range(200)))
    passed = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert (len(passed), len(refused)) == (60, 140)
    assert sorted(int(answer.headers["x-ratelimit-remaining"]) for answer in passed) == list(range(60))
    assert {answer.headers["x-ratelimit-remaining"] for answer in refused} == {"0"}
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"60"}
    assert len({answer.headers["x-ratelimit-reset"] for answer in answers}) == 1
    for answer in refused:
        assert 50 <= int(answer.headers["retry-after"]) <= 60


async def test_the_headers_are_those_that_are_documented_and_the_ietf_draft_s(limited: House) -> None:
    begin = time.time()
    answer = await limited.client.get("/v1/images", headers=limited.headers)
    assert answer.headers["X-RateLimit-Limit"] == "60"
    assert answer.headers["X-RateLimit-Remaining"] == "59"
    assert begin + 59 < int(answer.headers["X-RateLimit-Reset"]) <= time.time() + 61
    assert answer.headers["RateLimit-Policy"] == (
        '"api";q=60;w=60, "api-1-hour";q=1000;w=3600, "api-1-day";q=10000;w=86400'
    )
    assert re.fullmatch(r'"api";r=59;t=(59|60)', answer.headers["RateLimit"])


async def test_a_refusal_over_rest_says_which_limit_and_when_to_come_back(tmp_path: Path) -> None:
    async with house(tmp_path, limit_api="1/hour") as built:
        await built.client.get("/v1/images", headers=built.headers)
        answer = await built.client.get("/v1/images", headers=built.headers)
        body = answer.json()
        assert (answer.status_code, body["success"]) == (429, False)
        assert (body["message"], body["error"]["code"]) == ("Too many requests", "RATE_LIMIT_EXCEEDED")
        assert body["error"]["details"].startswith("The limit 'api' is 1 in 1 hour. Try again in ")
        assert 3590 < int(answer.headers["retry-after"]) <= 3600
        assert answer.headers["x-ratelimit-remaining"] == "0"


async def test_a_refusal_over_graphql_is_a_429_with_the_error(tmp_path: Path) -> None:
    async with house(tmp_path, limit_api="1/hour") as built:
        await ask(built, "{ __typename }")
        answer = await ask(built, "{ __typename }")
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
        assert error["extensions"]["details"].startswith("The limit 'api' is 1 in 1 hour. Try again in ")
        assert 3590 < int(answer.headers["retry-after"]) <= 3600
        assert answer.headers["x-ratelimit-remaining"] == "0"


async def test_errors_tell_what_they_spent(limited: House) -> None:
    narrow = signed(await limited.account("narrow", scopes=[Scope.ALBUMS_READ]))
    missing = f"/v1/images/img_{'0' * 26}"
    for method, path, headers, body, status in [
        ("GET", missing, limited.headers, None, 404),
        ("POST", "/v1/albums", limited.headers, {}, 422),
        ("GET", "/v1/images?page=x", limited.headers, None, 400),
        ("GET", "/v1/images", narrow, None, 403),
        ("GET", "/v1/images", {}, None, 401),
        ("POST", "/graphql", limited.headers, {"query": 1}, 400),
        ("POST", "/graphql", limited.headers, {"query": "{ nothing }"}, 200),
    ]:
        answer = await limited.client.request(method, path, headers=headers, json=body)
        assert answer.status_code == status, answer.text
        assert set(told(answer)) == set(TOLD)
    remaining = await limited.client.get(missing, headers=limited.headers)
    assert remaining.headers["x-ratelimit-remaining"] == "54"


async def test_a_mistake_of_ours_tells_it_too(limited: House) -> None:
    await Image.raw("DROP TABLE image_tags")
    await Image.raw("DROP TABLE images")
    answer = await limited.client.get("/v1/images?tag=x", headers=limited.headers)
    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (500, "59")


async def test_rate_limit_in_graphql_is_what_the_headers_say(limited: House) -> None:
    await limited.client.get("/v1/images", headers=limited.headers)
    answer = await ask(
        limited,
        "{ rateLimit { limit remaining resetAt windows { policy limit remaining period resetAt } } }",
    )
    said = answer.json()["data"]["rateLimit"]
    assert (said["limit"], said["remaining"]) == (60, 58)
    assert told(answer)["x-ratelimit-remaining"] == "58"
    reset = ceil(datetime.fromisoformat(said["resetAt"]).timestamp())
    assert str(reset) == told(answer)["x-ratelimit-reset"]
    assert [(w["policy"], w["limit"], w["remaining"], w["period"]) for w in said["windows"]] == [
        ("api", 60, 58, 60),
        ("api", 1000, 998, 3600),
        ("api", 10_000, 9998, 86_400),
        ("upload", 2, 2, 60),
    ]
    assert said["windows"][0]["resetAt"] == said["resetAt"]


async def test_nobody_is_told_of_no_uploads(limited: House) -> None:
    answer = await ask(limited, "{ rateLimit { remaining windows { policy } } }", {})
    said = answer.json()["data"]["rateLimit"]
    assert said == {"remaining": 59, "windows": [{"policy": "api"}] * 3}


async def test_what_is_off_is_not_spoken_of(tmp_path: Path) -> None:
    async with house(tmp_path) as built:
        answer = await ask(built, "{ rateLimit { limit remaining resetAt windows { policy } } }")
        assert answer.json()["data"]["rateLimit"] == {
            "limit": None,
            "remaining": None,
            "resetAt": None,
            "windows": [],
        }
        assert told(answer) == {}


async def test_every_account_has_its_own_and_its_tokens_share_it(limited: House) -> None:
    bob = signed(await limited.account("bob"))
    for headers, remaining in [(limited.headers, "59"), (bob, "59"), (limited.headers, "58"), (bob, "58")]:
        answer = await limited.client.get("/v1/albums", headers=headers)
        assert answer.headers["x-ratelimit-remaining"] == remaining


async def test_who_is_not_signed_in_is_counted_by_address(proxied: House) -> None:
    for remaining in ("2", "1", "0"):
        answer = await proxied.client.get("/v1/images", headers=at("203.0.113.1"))
        assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (401, remaining)
    assert (await proxied.client.get("/v1/images", headers=at("203.0.113.1"))).status_code == 429
    assert (await ask(proxied, "{ __typename }", at("203.0.113.1"))).status_code == 429
    assert (await ask(proxied, "{ __typename }", at("203.0.113.2"))).status_code == 200
    answer = await proxied.client.get("/v1/images", headers=proxied.headers | at("203.0.113.1"))
    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (200, "2")


async def test_a_home_network_of_ipv6_is_one_address(proxied: House) -> None:
    for i in range(3):
        await proxied.client.get("/v1/images", headers=at(f"2001:db8:1:2::{i}"))
    assert (await proxied.client.get("/v1/images", headers=at("[2001:db8:1:2::9]:443"))).status_code == 429
    assert (await proxied.client.get("/v1/images", headers=at("2001:db8:1:3::9"))).status_code == 401


async def test_forged_headers_of_who_is_no_trusted_proxy_change_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, limit_api="3/minute") as built:
        asked = [await built.client.get("/v1/images", headers=at(f"203.0.113.{i}")) for i in range(4)]
        assert [answer.status_code for answer in asked] == [401, 401, 401, 429]


async def test_bad_tokens_are_refused_in_the_end_and_good_ones_are_not(proxied: House) -> None:
    well_formed = signed("pchb_pat_" + "0" * 39)
    for i, headers in enumerate([signed("nonsense"), well_formed]):
        answer = await proxied.client.get("/v1/images", headers=headers | at("203.0.113.1"))
        assert (answer.status_code, told(answer)) == (401, {}), i
    refused = await proxied.client.get("/v1/images", headers=well_formed | at("203.0.113.1"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert 50 <= int(refused.headers["retry-after"]) <= 60
    over_graphql = await ask(proxied, "{ __typename }", well_formed | at("203.0.113.1"))
    assert over_graphql.status_code == 429
    for headers, status in [
        (proxied.headers | at("203.0.113.1"), 200),
        (well_formed | at("203.0.113.2"), 401),
    ]:
        assert (await proxied.client.get("/v1/images", headers=headers)).status_code == status


async def test_every_file_is_counted_once_by_each_face(limited: House) -> None:
    ann, bob = limited.token, await limited.account("bob")
    await limited.upload(sample_images.png(), token=ann)
    assert (await upload_many(limited, 1, bob)).status_code == 200
    for token in (ann, bob):
        ctx = await account.authenticate_and_count(Context(limited.services), Credentials(f"Bearer {token}"))
        left = await ctx.peek(RateLimit.UPLOAD)
        assert left
        assert left.remaining == 1


async def test_an_upload_too_many_is_refused_before_its_body_is_read(limited: House) -> None:
    async def body() -> AsyncIterator[bytes]:
        pytest.fail("The body was read")
        yield b""

    for remaining in ("1", "0"):
        answer = await limited.client.post(
            "/v1/upload", headers=limited.headers, files={"image": ("a.png", sample_images.png())}
        )
        assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (200, remaining)
        assert answer.headers["x-ratelimit-limit"] == "2"
    kept = [key async for key, _ in limited.services.storage.list()]
    headers = limited.headers | {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await limited.client.post("/v1/upload", headers=headers, content=body())
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert answer.json()["error"]["details"].startswith("The limit 'upload' is 2 in 1 minute. Try again in ")
    assert 50 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit"].startswith('"upload";r=0;t=')
    assert '"upload";q=2;w=60' in answer.headers["ratelimit-policy"]
    assert [key async for key, _ in limited.services.storage.list()] == kept


async def test_an_upload_that_is_not_allowed_spends_none(limited: House) -> None:
    reader = signed(await limited.account("reader", scopes=[Scope.IMAGES_READ]))
    answer = await limited.client.post(
        "/v1/upload", headers=reader, files={"image": ("a.png", sample_images.png())}
    )
    assert (answer.status_code, answer.headers["x-ratelimit-limit"]) == (403, "60")


async def test_of_many_files_of_one_operation_those_too_many_are_refused(limited: House) -> None:
    answer = await upload_many(limited, 3)
    assert answer.status_code == 200
    results = answer.json()["data"]["uploadImages"]["results"]
    assert [result["error"] and result["error"]["code"] for result in results] == [
        None,
        None,
        "RATE_LIMIT_EXCEEDED",
    ]
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("2", "0")
    assert len([key async for key, _ in limited.services.storage.list()]) == 2
    assert list(limited.services.storage.incoming.iterdir()) == []
    again = await limited.client.get("/v1/images", headers=limited.headers)
    assert again.headers["x-ratelimit-remaining"] == "58"


async def test_guesses_that_come_at_once_open_no_more_than_one_after_the_other(limited: House) -> None:
    async with limited.signed_in("ann"):
        guesses = [*(f"guess number {i}" for i in range(12)), PASSWORD]
        codes = await asyncio.gather(
            *(
                code_of(limited.client, SIGN_IN, input={"username": "ann", "password": guess})
                for guess in guesses
            )
        )
    assert codes[-1] == "RATE_LIMIT_EXCEEDED"
    assert codes.count("UNAUTHORIZED") == 3


async def test_the_password_can_not_be_guessed_where_a_browser_is_signed_in(limited: House) -> None:
    change = """mutation($current: String!) {
      changePassword(input: {currentPassword: $current, newPassword: "another horse"}) { account { id } } }"""
    async with limited.signed_in("ann") as ann:
        codes = [await code_of(ann, change, current=f"guess {i}") for i in range(4)]
        assert codes == ["VALIDATION_ERROR"] * 3 + ["RATE_LIMIT_EXCEEDED"]
        assert await code_of(ann, change, current=PASSWORD) == "RATE_LIMIT_EXCEEDED", "nor is it told"


async def test_pictures_that_must_be_made_are_counted_and_those_that_are_there_are_not(
    limited: House,
) -> None:
    image = await limited.upload(sample_images.jpeg(64, 48))
    path = f"/img/{image['id']}"
    for query in ("", "?w=10", "?w=10", "?w=11", "?w=10", "?w=11", ""):
        answer = await limited.client.get(path + query)
        assert (answer.status_code, told(answer)) == (200, {})
    refused = await limited.client.get(f"{path}?w=12")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert 50 <= int(refused.headers["retry-after"]) <= 60
    assert told(refused) == {}
    for query in ("", "?w=10", "?w=11"):
        assert (await limited.client.get(path + query)).status_code == 200


async def test_a_token_that_does_not_hold_costs_nothing_where_pictures_are_asked_for(limited: House) -> None:
    image = await limited.upload(sample_images.png())
    for _ in range(5):
        assert (
            await limited.client.get(f"/img/{image['id']}", headers=signed("nonsense"))
        ).status_code == 200


async def test_who_asks_together_with_one_who_has_nothing_left_is_not_refused_for_it(proxied: House) -> None:
    image = await proxied.upload(sample_images.jpeg(64, 48))
    path = f"/img/{image['id']}"
    assert (await proxied.client.get(f"{path}?w=10", headers=at("203.0.113.1"))).status_code == 200
    alone = {"Cookie": "a=b"}
    statuses = [
        answer.status_code
        for answer in await asyncio.gather(
            *(proxied.client.get(f"{path}?w=11", headers=alone | at(f"203.0.113.{i}")) for i in (1, 1, 2, 3))
        )
    ]
    assert statuses[2:] == [200, 200]
    assert set(statuses[:2]) <= {200, 429}


async def test_a_page_for_browsers_spends_nothing(limited: House) -> None:
    page = await limited.client.get("/graphql", headers={"Accept": "text/html"})
    assert (page.status_code, told(page)) == (200, {})
    assert told(await limited.client.get("/v1/nowhere", headers=limited.headers)) == {}


async def test_pages_on_other_origins_may_read_the_headers(limited: House) -> None:
    answer = await limited.client.get("/v1/images", headers=limited.headers | {"Origin": "https://a.example"})
    exposed: Any = {name.lower() for name in answer.headers["access-control-expose-headers"].split(", ")}
    assert {*TOLD, "retry-after"} <= exposed
