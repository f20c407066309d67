"""A quota holds whatever comes at once, by either face, and what it refuses leaves nothing behind."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from app.context import Context
from app.errors import MEGABYTE
from app.models import Account, Image
from app.models.accounts import UNLIMITED
from app.resolvers import accounts
from app.resolvers.accounts import AccountChanges
from scripts.fixtures import sample_images
from tests.pichub import House, ask, house, signed

PICTURE = sample_images.png()
UPLOAD = "mutation($file: Upload!) { uploadImage(input: {file: $file}) { image { id } } }"
BOUNDARY = "----pichub"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
Upload: TypeAlias = Callable[[House, str], Awaitable[str | None]]


async def by_rest(built: House, token: str) -> str | None:
    """The details of a refusal; None where the picture was taken."""
    form = {"image": ("a.png", PICTURE)}
    answer = await built.client.post("/v1/upload", headers=signed(token), files=form)
    if answer.status_code == 200:
        return None
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (507, "INSUFFICIENT_STORAGE")
    return str(error["details"])


async def by_graphql(built: House, token: str) -> str | None:
    operations = {"query": UPLOAD, "variables": {"file": None}}
    form = {"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.file"]})}
    answer = await built.client.post(
        "/graphql", headers=signed(token), data=form, files={"0": ("a.png", PICTURE)}
    )
    assert answer.status_code in {200, 507}
    for error in answer.json().get("errors", ()):
        assert error["extensions"]["code"] == "INSUFFICIENT_STORAGE"
        return str(error["extensions"]["details"])
    return None


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as built:
        yield built


async def with_quota(built: House, username: str, quota: int | None) -> str:
    """The token of a new account of this quota."""
    token = await built.account(username)
    row = await Account.get(username=username)
    await accounts.update(Context(built.services, is_operator=True), row.id, AccountChanges(quota=quota))
    return token


async def stored(built: House) -> int:
    """How many files there are, and nothing half way."""
    assert list(built.services.storage.incoming.iterdir()) == []
    return len([key async for key, _ in built.services.storage.list()])


@pytest.mark.parametrize("upload", [by_rest, by_graphql])
async def test_of_forty_at_once_those_are_kept_that_have_room(built: House, upload: Upload) -> None:
    token = await with_quota(built, "ann", 7 * len(PICTURE) + len(PICTURE) // 2)
    said = await asyncio.gather(*(upload(built, token) for _ in range(40)))
    assert said.count(None) == 7
    for details in said:
        assert details is None or "of its quota of" in details
    row = await Account.get(username="ann")
    assert (row.bytes_used, row.image_count) == (7 * len(PICTURE), 7)
    assert await Image.filter(owner_id=row.id).count() == await stored(built) == 7


@pytest.mark.parametrize("upload", [by_rest, by_graphql])
async def test_a_quota_is_filled_to_its_last_byte_and_deleting_makes_room(
    built: House, upload: Upload
) -> None:
    token = await with_quota(built, "ann", len(PICTURE))
    assert await upload(built, token) is None
    assert await upload(built, token) is not None
    (image,) = await Image.all()
    deleted = await built.client.delete(f"/v1/images/{image.id}", headers=signed(token))
    assert deleted.status_code == 200
    assert (await Account.get(username="ann")).bytes_used == 0
    assert await stored(built) == 0
    assert await upload(built, token) is None


@pytest.mark.parametrize("upload", [by_rest, by_graphql])
async def test_one_byte_too_many_is_refused_with_the_numbers(tmp_path: Path, upload: Upload) -> None:
    async with house(tmp_path, quota=len(PICTURE) - 1) as built:
        details = await upload(built, await built.account("ann"))
        size = f"{round(len(PICTURE) * 10 / 1024) / 10:g}KB"
        assert details is not None
        assert details.startswith("Your account uses 0KB of its quota of ")
        assert f"the upload has {size}" in details
        assert await stored(built) == 0


async def test_an_accounts_own_quota_goes_before_the_servers(tmp_path: Path) -> None:
    async with house(tmp_path, quota=1) as built:
        for username, quota, fits in [
            ("default", None, False),
            ("roomy", len(PICTURE), True),
            ("unlimited", UNLIMITED, True),
            ("none", 0, False),
        ]:
            token = await with_quota(built, username, quota)
            assert (await by_rest(built, token) is None) is fits, username


@pytest.mark.parametrize("path", ["/v1/upload", "/graphql"])
@pytest.mark.parametrize(("quota", "declared"), [(5 * MEGABYTE, 7 * MEGABYTE), (0, 1000)])
async def test_what_can_not_fit_is_refused_before_its_body_is_read(
    built: House, path: str, quota: int, declared: int
) -> None:
    async def body() -> AsyncIterator[bytes]:
        pytest.fail("The body was read")
        yield b""

    token = await with_quota(built, "ann", quota)
    headers = signed(token) | {"Content-Type": FORM, "Content-Length": str(declared)}
    answer = await built.client.post(path, headers=headers, content=body())
    assert (answer.status_code, "INSUFFICIENT_STORAGE" in answer.text) == (507, True)


async def test_what_an_account_uses_is_told_by_both_faces(built: House) -> None:
    token = await with_quota(built, "ann", 3 * len(PICTURE))
    await by_rest(built, token)
    async with built.browser(**signed(token)) as client:
        usage = (await ask(client, "{ viewer { usage { bytes quota images remaining } } }"))["viewer"][
            "usage"
        ]
        told = (await client.get("/v1/account")).json()["data"]
    size = len(PICTURE)
    assert usage == {"bytes": size, "quota": 3 * size, "images": 1, "remaining": 2 * size}
    assert (told["usage"], told["quota"]) == ({"bytes": size, "images": 1}, 3 * size)


async def test_a_quota_that_shrinks_below_what_is_kept_leaves_nothing_to_take(built: House) -> None:
    token = await with_quota(built, "ann", None)
    await by_rest(built, token)
    row = await Account.get(username="ann")
    await accounts.update(Context(built.services, is_operator=True), row.id, AccountChanges(quota=1))
    async with built.browser(**signed(token)) as client:
        usage = (await ask(client, "{ viewer { usage { remaining } } }"))["viewer"]["usage"]
        assert usage == {"remaining": 0}
        assert (await client.get("/v1/images")).json()["meta"]["total"] == 1


async def test_an_upload_that_names_a_missing_album_counts_nothing(built: House) -> None:
    token = await with_quota(built, "ann", 10 * len(PICTURE))
    answer = await built.client.post(
        "/v1/upload",
        headers=signed(token),
        files={"image": ("a.png", PICTURE)},
        data={"album_id": "alb_" + "0" * 26},
    )
    assert answer.status_code == 422
    row = await Account.get(username="ann")
    assert (row.bytes_used, row.image_count, await stored(built)) == (0, 0, 0)


async def test_without_a_quota_there_is_no_bound(built: House) -> None:
    data = (await built.client.get("/v1/account", headers=built.headers)).json()["data"]
    assert data["quota"] is None
