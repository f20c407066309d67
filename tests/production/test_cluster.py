"""Two servers and a worker on a PostgreSQL, a Valkey and a SeaweedFS, with nothing else in common: as on machines."""

import asyncio
import re
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from app.lifespan import storage_location, uncached_storage
from app.settings import Settings
from scripts.fixtures import sample_images
from scripts.fixtures.servers import postgres
from scripts.fixtures.servers.seaweed import SeaweedServer
from scripts.fixtures.servers.valkey import running_valkey
from scripts.stress_tests.cluster import PUBLIC_URL, Cluster, cluster
from tests.events.sockets import subscribe_to_events
from tests.pichub import SIGN_IN, signed
from tests.receivers import run_receiver
from tests.resumable_uploads.client import BYTES, TUS, metadata

ACCOUNTS = """
import asyncio
from app.auth import tokens
from app.auth.actor import Scope
from app.ids import Kind, new_id
from app.lifespan import console_context
from app.models import Account
from app.settings import Settings

async def main() -> None:
    async with console_context(Settings.load()) as ctx:
        for number in range(40):
            now = ctx.services.clock()
            account = await Account.create(
                id=new_id(Kind.ACCOUNT, now), username=f"ann{number}", password_hash="-", created_at=now
            )
            print((await tokens.create(account, name="Test", scopes=list(Scope), now=now))[1])

asyncio.run(main())
"""
"""Prints the tokens of forty new accounts: some tests take several, and may be tried twice."""


@dataclass(frozen=True)
class Machines:
    """Servers A and B. Each of `accounts` has limits that nobody else uses up."""

    cluster: Cluster
    database: str
    storage: dict[str, str]
    accounts: Iterator[dict[str, str]]

    @property
    def a(self) -> str:
        return self.cluster.one.url

    @property
    def b(self) -> str:
        return self.cluster.two.url

    async def rows(self, sql: str, *values: object) -> list[Any]:
        connection = await asyncpg.connect(self.database)
        try:
            return [tuple(row) for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    async def stored(self, key: str, folder: Path) -> bytes:
        settings = Settings(data_dir=folder, **self.storage)
        return await uncached_storage(storage_location(settings), settings).read(key)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, seaweed: SeaweedServer) -> Iterator[Machines]:
    database, storage = asyncio.run(postgres.new_database()), seaweed.settings()
    settings = {"database_url": database, "limit_api": "60/minute", **storage}
    with (
        running_valkey() as redis,
        cluster(tmp_path_factory.mktemp("cluster"), redis_url=redis.url, **settings) as running,
    ):
        tokens = subprocess.check_output(
            [sys.executable, "-c", ACCOUNTS], text=True, env=running.two.environ
        ).split()
        yield Machines(running, database, storage, map(signed, tokens))
    asyncio.run(postgres.drop_database(database))


@pytest.fixture
def headers(machines: Machines) -> dict[str, str]:
    """Those of an account of the test's own."""
    return next(machines.accounts)


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=20, limits=httpx2.Limits(max_connections=200)) as client:
        yield client


async def upload(
    client: httpx2.AsyncClient, url: str, headers: dict[str, str], picture: bytes, **data: str
) -> str:
    files = {"image": ("a.jpg", picture)}
    answer = await client.post(f"{url}/v1/upload", headers=headers, files=files, data=data)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


async def new_album(client: httpx2.AsyncClient, url: str, headers: dict[str, str], *, public: bool) -> str:
    body = {"name": "x", "is_public": public}
    answer = await client.post(f"{url}/v1/albums", headers=headers, json=body)
    return str(answer.json()["data"]["id"])


async def remembered(client: httpx2.AsyncClient, address: str) -> None:
    """Returns when the picture is answered from memory: such answers have no id."""
    async with asyncio.timeout(30):
        while "x-request-id" in (await client.get(address)).headers:  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0.01)


async def asked(
    client: httpx2.AsyncClient, url: str, headers: dict[str, str], query: str, **given: Any
) -> Any:
    body = {"query": query, "variables": given}
    answer = (await client.post(f"{url}/graphql", headers=headers, json=body)).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def test_two_that_start_at_once_on_nothing_make_one_account(machines: Machines) -> None:
    said = [server.read_log() for server in (machines.cluster.one, machines.cluster.two)]
    assert sum("The first account was made" in each for each in said) == 1
    assert await machines.rows("SELECT count(*) FROM accounts WHERE username = 'admin'") == [(1,)]
    assert await machines.rows("SELECT count(*) FROM url_secrets") == [(1,)]
    assert machines.cluster.one.tracebacks() == machines.cluster.two.tracebacks() == 0


async def test_what_is_uploaded_at_one_lives_at_the_other(
    machines: Machines, client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    picture, token = sample_images.jpeg(640, 480), headers["Authorization"].removeprefix("Bearer ")
    async with subscribe_to_events(machines.b, token, types=["IMAGE_UPLOADED", "IMAGE_DELETED"]) as socket:
        await asyncio.sleep(0.3)  # until it is followed there
        image_id = await upload(client, machines.a, headers, picture)
        assert (await socket.next_event())["data"]["id"] == image_id

        assert (await client.get(f"{machines.b}/img/{image_id}")).content == picture
        made = [await client.get(f"{url}/img/{image_id}.webp?w=64") for url in (machines.b, machines.a)]
        assert {answer.status_code for answer in made} == {200}
        assert made[0].content == made[1].content
        listed = await client.get(f"{machines.b}/v1/images", headers=headers)
        assert [image["id"] for image in listed.json()["data"]] == [image_id]
        seen = await asked(client, machines.b, headers, "{ images { totalCount nodes { id url } } }")
        assert seen["images"]["totalCount"] == 1
        assert seen["images"]["nodes"][0]["url"].startswith(PUBLIC_URL)

        for address in (f"/img/{image_id}", f"/img/{image_id}.webp?w=64"):
            await remembered(client, machines.a + address)
        answer = await client.delete(f"{machines.b}/v1/images/{image_id}", headers=headers)
        assert answer.json()["data"]["variants_removed"] >= 1
        for address in (f"/img/{image_id}", f"/img/{image_id}.webp?w=64"):
            assert (await client.get(machines.a + address)).status_code == 404
        assert (await socket.next_event())["type"] == "IMAGE_DELETED"


async def test_what_turns_private_at_one_is_hidden_by_the_other_at_once(
    machines: Machines, client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    album = await new_album(client, machines.a, headers, public=True)
    image_id = await upload(client, machines.a, headers, sample_images.jpeg(64, 48), album_id=album)
    addresses = [f"{machines.b}/img/{image_id}?w={width}" for width in (20, 30)]
    for address in addresses:
        await remembered(client, address)
    for public, status in ((False, 404), (True, 200), (False, 404)):
        body = {"is_public": public}
        await client.patch(f"{machines.a}/v1/albums/{album}", headers=headers, json=body)
        assert [(await client.get(address)).status_code for address in addresses] == [status] * 2


async def test_what_one_signs_the_other_opens(
    machines: Machines, client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    album = await new_album(client, machines.a, headers, public=False)
    image_id = await upload(client, machines.b, headers, sample_images.png(), album_id=album)
    query = "query($id: ID!) { image(id: $id) { signedUrl(expiresIn: 60) } }"
    for signer, opener in ((machines.a, machines.b), (machines.b, machines.a)):
        told = await asked(client, signer, headers, query, id=image_id)
        address = told["image"]["signedUrl"].replace(PUBLIC_URL, opener)
        assert (await client.get(address)).content == sample_images.png()
        assert (await client.get(address.replace("sig=", "sig=a"))).status_code in {403, 404}
    assert (await client.get(f"{machines.a}/img/{image_id}")).status_code == 404


async def test_who_signs_in_at_one_is_known_at_the_other_until_signing_out(
    machines: Machines, client: httpx2.AsyncClient
) -> None:
    said = machines.cluster.one.read_log() + machines.cluster.two.read_log()
    (password,) = re.findall(r"admin / (\S+)", said)
    page = {"Sec-Fetch-Site": "same-origin"}
    body = {"query": SIGN_IN, "variables": {"input": {"username": "admin", "password": password}}}
    answer = await client.post(f"{machines.a}/graphql", headers=page, json=body)
    client.cookies.clear()
    cookie = {**page, "Cookie": f"pichub_session={answer.cookies['pichub_session']}"}
    for url in (machines.a, machines.b):
        viewer = await asked(client, url, cookie, "{ viewer { username } }")
        assert viewer == {"viewer": {"username": "admin"}}
    await asked(client, machines.b, cookie, "mutation { signOut { revokedSessionId } }")
    assert (await client.get(f"{machines.a}/v1/images", headers=cookie)).status_code == 401


async def test_a_limit_holds_over_both_exactly(
    machines: Machines, client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    asking = [client.get(f"{url}/v1/images", headers=headers) for url in (machines.a, machines.b) * 75]
    answers = await asyncio.gather(*asking)
    assert Counter(answer.status_code for answer in answers) == {200: 60, 429: 90}


async def test_fifty_who_ask_both_for_one_variant_cost_one_render(
    machines: Machines, client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    image_id = await upload(client, machines.a, headers, sample_images.jpeg(1600, 1200))
    before = await rendered(machines, client)
    addresses = [f"{url}/img/{image_id}.webp?w=1500&q=95" for url in (machines.a, machines.b) * 25]
    answers = await asyncio.gather(*map(client.get, addresses))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert await rendered(machines, client) - before == 1


async def rendered(machines: Machines, client: httpx2.AsyncClient) -> float:
    pages = [(await client.get(f"{url}/metrics")).text for url in (machines.a, machines.b)]
    found = [
        re.findall(r'^pichub_transforms_total\{outcome="rendered"\} (\S+)', page, re.MULTILINE)
        for page in pages
    ]
    return sum(float(number) for each in found for number in each)


async def test_what_happens_at_one_is_told_once_by_the_worker(
    machines: Machines, client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    async with run_receiver() as receiver:
        body = {"url": receiver.url, "events": ["album.created"]}
        hook = await client.post(f"{machines.b}/v1/webhooks", headers=headers, json=body)
        made = {await new_album(client, url, headers, public=True) for url in (machines.a, machines.b) * 3}
        await receiver.wait_for(6)
        sql = "SELECT status, attempts_made FROM deliveries WHERE webhook_id = $1"

        async with asyncio.timeout(30):
            while await machines.rows(sql, hook.json()["data"]["id"]) != [("succeeded", 1)] * 6:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert {each.json["data"]["id"] for each in receiver.requests} == made
        assert len(receiver.requests) == 6


async def test_the_pieces_of_an_upload_may_go_to_either(
    machines: Machines, client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    picture = sample_images.jpeg(1600, 1200)
    begin = {
        **headers,
        **TUS,
        "Upload-Length": str(len(picture)),
        "Upload-Metadata": metadata(filename="a.jpg"),
    }
    place = (await client.post(f"{machines.a}/v1/uploads", headers=begin)).headers["location"]
    path, piece, answer = place.removeprefix(PUBLIC_URL), len(picture) // 5 + 1, None
    for number, offset in enumerate(range(0, len(picture), piece)):
        here, there = (machines.a, machines.b) if number % 2 else (machines.b, machines.a)
        sent = {**headers, **BYTES, "Upload-Offset": str(offset)}
        answer = await client.patch(f"{here}{path}", headers=sent, content=picture[offset : offset + piece])
        assert answer.status_code == 204, answer.text
        head = await client.head(f"{there}{path}", headers={**headers, **TUS})
        assert int(head.headers["upload-offset"]) == min(offset + piece, len(picture))
    assert answer is not None
    image_id = answer.headers["upload-image"]
    for url in (machines.a, machines.b):
        assert (await client.get(f"{url}/img/{image_id}")).content == picture


async def test_a_server_that_is_killed_under_uploads_loses_nothing_that_it_acknowledged(
    machines: Machines, client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    kept: dict[str, bytes] = {}
    enough, broken = asyncio.Event(), 0

    async def go_on_uploading(url: str, number: int, headers: dict[str, str]) -> None:
        nonlocal broken
        for each in range(20):
            picture = sample_images.png(20 + number, 20 + each)
            try:
                kept[await upload(client, url, headers, picture)] = picture
            except httpx2.TransportError:
                broken += 1
                return
            if len(kept) >= 20:
                enough.set()

    work = [
        asyncio.create_task(go_on_uploading(url, number, next(machines.accounts)))
        for number, url in enumerate((machines.a, machines.a, machines.a, machines.b))
    ]
    async with asyncio.timeout(20):
        await enough.wait()
    await asyncio.to_thread(machines.cluster.one.kill)
    await asyncio.gather(*work)
    assert broken == 3, "those who were at the other server did not notice"
    for image_id, picture in kept.items():
        assert (await client.get(f"{machines.b}/img/{image_id}")).content == picture
    for key, size in await machines.rows("SELECT key, size FROM images"):
        assert len(await machines.stored(key, tmp_path)) == size
    await asyncio.to_thread(machines.cluster.one.start)
    for image_id in list(kept)[:5]:
        assert (await client.get(f"{machines.a}/img/{image_id}")).status_code == 200


async def test_the_doctor_finds_all_well_and_names_the_engines_also_on_a_machine_to_come(
    machines: Machines, tmp_path: Path
) -> None:
    done = await asyncio.to_thread(machines.cluster.two.run, "doctor")
    assert all(line.startswith("ok ") for line in done.splitlines()), done
    assert "database: PostgreSQL 18" in done
    assert "redis: Valkey 9" in done
    assert "put, read and removed in S3, http://127.0.0.1" in done
    before = await asyncio.to_thread(machines.cluster.two.run, "doctor", DATA_DIR=str(tmp_path / "none"))
    warning, _, *rest = [line for line in before.splitlines() if "settings: all" not in line]
    assert warning.startswith("warning  data folder")
    assert all(line.startswith("ok ") for line in rest), before
    assert not (tmp_path / "none").exists()
