"""Two servers that share a database, a storage and a Redis, and nothing else: as on two machines."""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from scripts.fixtures import sample_images
from scripts.fixtures.servers.valkey import ValkeyServer, running_valkey
from tests.cli.test_commands import run, serving
from tests.events.sockets import subscribe_to_events
from tests.pichub import signed

OFF = dict.fromkeys(("PICHUB_LIMIT_UPLOAD", "PICHUB_LIMIT_AUTH_FAILURES", "PICHUB_LIMIT_RENDERS"), "off")
IN_TIME = 0.2
"""Seconds in which an event reaches another server."""


@dataclass(frozen=True)
class Pair:
    """The addresses of two servers, the folder of the one that has the storage, and their Redis.

    Each of `accounts` has limits that nobody else uses up.
    """

    one: str
    two: str
    folder: Path
    valkey: ValkeyServer

    accounts: Iterator[dict[str, str]]


ACCOUNTS = """
import asyncio, sys
from pathlib import Path
from app.auth.actor import Scope
from app.context import Context
from app.lifespan import console_context
from app.resolvers import accounts, tokens
from app.settings import Settings

async def main() -> None:
    async with console_context(Settings(data_dir=Path(sys.argv[1]))) as ctx:
        for number in range(20):
            account = await accounts.create(ctx, accounts.NewAccount(f"ann{number}", "correct horse"))
            made = await tokens.create_for(ctx, account, tokens.NewToken("Test", scopes=list(Scope)))
            print(made.text)

asyncio.run(main())
"""
"""Prints the tokens of twenty new accounts: some tests take several, and may be tried twice."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    with running_valkey() as server, ExitStack() as held:
        environ = {
            **OFF,
            "PICHUB_REDIS_URL": server.url,
            "PICHUB_LIMIT_API": "60/minute",
            "PICHUB_METRICS": "on",
            "PICHUB_WORKER": "external",
            "PICHUB_URL_SECRET": "x" * 32,
        }
        assert run("migrate", PICHUB_DATA_DIR=str(one)).returncode == 0
        (one / "storage").mkdir(exist_ok=True)
        for name in ("pichub.db", "storage"):
            (two / name).symlink_to(one / name)
        _, first = held.enter_context(serving(one, **environ))
        _, second = held.enter_context(serving(two, **environ))
        tokens = subprocess.check_output([sys.executable, "-c", ACCOUNTS, one], text=True).split()
        yield Pair(first, second, one, server, map(signed, tokens))


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


async def album(client: httpx2.AsyncClient, url: str, headers: dict[str, str], *, is_public: bool) -> str:
    answer = await client.post(
        f"{url}/v1/albums", headers=headers, json={"name": "x", "is_public": is_public}
    )
    return str(answer.json()["data"]["id"])


async def remembered(client: httpx2.AsyncClient, address: str) -> None:
    """Returns when the picture is answered from memory: such answers have no id."""
    async with asyncio.timeout(30):
        while "x-request-id" in (await client.get(address)).headers:  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0.01)


async def test_a_limit_holds_over_both_exactly(pair: Pair, client: httpx2.AsyncClient) -> None:
    headers = next(pair.accounts)
    asked = [
        client.get(f"{url}/v1/images", headers=headers) for url in (pair.one, pair.two) for _ in range(100)
    ]
    answers = await asyncio.gather(*asked)
    assert Counter(answer.status_code for answer in answers) == {200: 60, 429: 140}
    left = sorted(int(answer.headers["x-ratelimit-remaining"]) for answer in answers if answer.is_success)
    assert left == list(range(60))


async def test_an_event_at_one_reaches_who_follows_at_the_other(
    pair: Pair, client: httpx2.AsyncClient
) -> None:
    headers = next(pair.accounts)
    token, took = headers["Authorization"].removeprefix("Bearer "), []
    album_id = await album(client, pair.one, headers, is_public=True)
    async with subscribe_to_events(pair.two, token, types=["ALBUM_UPDATED"]) as socket:
        await asyncio.sleep(0.3)  # until it is followed there
        for number in range(7):
            began = time.perf_counter()
            body = {"name": f"album {number}"}
            await client.patch(f"{pair.one}/v1/albums/{album_id}", headers=headers, json=body)
            assert (await socket.next_event())["data"]["name"] == f"album {number}"
            took.append(time.perf_counter() - began)
    assert min(took) < IN_TIME, took


Change = Callable[[httpx2.AsyncClient, str, dict[str, str], str, str], Awaitable[httpx2.Response]]
CHANGES: dict[str, Change] = {
    "the image is deleted": lambda client, url, headers, image, album: client.delete(
        f"{url}/v1/images/{image}", headers=headers
    ),
    "its album turns private": lambda client, url, headers, image, album: client.patch(
        f"{url}/v1/albums/{album}", headers=headers, json={"is_public": False}
    ),
    "its album is deleted with it": lambda client, url, headers, image, album: client.delete(
        f"{url}/v1/albums/{album}?delete_images=true", headers=headers
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_what_one_hides_the_other_does_not_show_from_memory(
    pair: Pair, client: httpx2.AsyncClient, change: str
) -> None:
    headers = next(pair.accounts)
    album_id = await album(client, pair.one, headers, is_public=True)
    image_id = await upload(client, pair.one, headers, sample_images.jpeg(64, 48), album_id=album_id)
    address = f"{pair.two}/img/{image_id}?w=20"
    await remembered(client, address)
    answer = await CHANGES[change](client, pair.one, headers, image_id, album_id)
    assert answer.status_code in {200, 204}, answer.text
    assert (await client.get(address)).status_code == 404


async def test_many_who_ask_both_for_one_variant_are_given_one(
    pair: Pair, client: httpx2.AsyncClient
) -> None:
    headers = next(pair.accounts)
    for picture, width in ((sample_images.jpeg(1600, 1200), 1500), (sample_images.jpeg(64, 48), 20)):
        image_id = await upload(client, pair.one, headers, picture)
        addresses = [f"{url}/img/{image_id}.webp?w={width}&q=95" for url in (pair.one, pair.two) * 25]
        tasks = [asyncio.create_task(client.get(address)) for address in addresses]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        (kept,) = (pair.folder / "storage" / "variants" / image_id).iterdir()
        made = kept.stat()
        answers = await asyncio.gather(*tasks)
        assert {answer.status_code for answer in answers} == {200}
        assert {answer.content for answer in answers} == {kept.read_bytes()}
        now = kept.stat()
        assert (made.st_ino, made.st_mtime_ns) == (now.st_ino, now.st_mtime_ns), "it was rendered twice"


async def test_a_redis_that_is_killed_under_requests_fails_none_of_them(
    pair: Pair, client: httpx2.AsyncClient
) -> None:
    headers, stop = next(pair.accounts), asyncio.Event()
    image_id = await upload(client, pair.one, headers, sample_images.jpeg(64, 48))
    seen: Counter[int] = Counter()
    longest = 0.0

    async def go_on_asking(url: str, n: int) -> None:
        nonlocal longest
        for width in range(n * 1000, n * 1000 + 1000):
            address = f"/img/{image_id}?w={1 + width % 60}&q={1 + width % 90}" if n % 2 else "/v1/images"
            began = time.perf_counter()
            answer = await client.get(f"{url}{address}", headers={} if n % 2 else headers)
            longest = max(longest, time.perf_counter() - began)
            seen[answer.status_code] += 1
            if stop.is_set():
                return

    asking = [asyncio.create_task(go_on_asking(url, n)) for url in (pair.one, pair.two) for n in range(4)]
    for failure, end in ((pair.valkey.hang, pair.valkey.resume), (pair.valkey.stop, pair.valkey.start)):
        failure()
        await asyncio.sleep(0.5)
        page = (await client.get(f"{pair.one}/metrics")).text
        assert "pichub_redis_up 0.0" in page
        assert 'pichub_redis_fallbacks_total{use="limits"}' in page
        await hidden_without_redis(pair, client, next(pair.accounts))
        await asyncio.to_thread(end)
        await up_again(pair, client)
    stop.set()
    await asyncio.gather(*asking)
    assert set(seen) <= {200, 429}, seen
    assert longest < 2, "some tenths of a second for Redis, and the rest for a busy machine"
    fresh = next(pair.accounts)
    asked = [client.get(f"{url}/v1/images", headers=fresh) for url in (pair.one, pair.two) * 50]
    assert Counter(answer.status_code for answer in await asyncio.gather(*asked)) == {200: 60, 429: 40}


async def hidden_without_redis(pair: Pair, client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    image_id = await upload(client, pair.one, headers, sample_images.png())
    address = f"{pair.two}/img/{image_id}"
    assert [(await client.get(address)).status_code for _ in range(3)] == [200] * 3
    assert (await client.delete(f"{pair.one}/v1/images/{image_id}", headers=headers)).status_code == 200
    assert (await client.get(address)).status_code == 404


async def up_again(pair: Pair, client: httpx2.AsyncClient) -> None:
    """Returns when both have found Redis."""
    async with asyncio.timeout(30):
        for url in (pair.one, pair.two):
            while "pichub_redis_up 1.0" not in (await client.get(f"{url}/metrics")).text:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
