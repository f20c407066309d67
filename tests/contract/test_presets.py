"""A preset under /img is one more word for what it says, whoever asks and however often."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from app.signing.signature import Signature
from scripts.fixtures import sample_images
from tests.pichub import House, house
from tests.statements import counted_statements

PRESETS = "thumb=w=20&h=20&fm=webp; best=fm=auto&w=16; film=fm=gif&w=10"


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("presets"), presets=PRESETS) as running:
        yield running


@pytest.fixture(scope="module")
async def image(home: House) -> str:
    return str((await home.upload(sample_images.jpeg(64, 48)))["id"])


async def get(home: House, address: str, **headers: str) -> httpx2.Response:
    return await home.client.get(address, headers=headers)


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ("?preset=thumb", ".webp?w=20&h=20"),
        (".jpg?preset=thumb", "?h=20&w=20&fm=webp&fit=crop"),
        (".png?preset=thumb&h=10", ".webp?w=20&h=10"),
        ("?fm=png&preset=thumb&x=1", ".png?w=20&h=20"),
        (".webp?preset=film&fm=webp", ".webp?w=10"),
    ],
)
async def test_it_shares_one_variant_with_what_it_stands_for(
    home: House, image: str, asked: str, same: str
) -> None:
    answer, spelled_out = await get(home, f"/img/{image}{asked}"), await get(home, f"/img/{image}{same}")
    assert answer.status_code == 200
    assert answer.headers["etag"] == spelled_out.headers["etag"]
    assert answer.content == spelled_out.content


async def test_its_variant_is_kept_once(home: House) -> None:
    id_ = (await home.upload(sample_images.jpeg(64, 48)))["id"]
    for query in ("preset=thumb", "fm=webp&h=20&w=20", "preset=thumb&q=80", "preset=thumb&pos=center"):
        assert (await get(home, f"/img/{id_}?{query}")).status_code == 200
    kept = [key async for key, _ in home.services.storage.list() if key.startswith(f"variants/{id_}/")]
    assert len(kept) == 1


async def test_an_unknown_one_is_told_with_those_there_are(home: House, image: str) -> None:
    for name in ("thumbs", "", "Thumb"):
        answer = await get(home, f"/img/{image}?preset={name}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_REQUEST")
        assert answer.json()["error"]["details"] == (
            f"Parameter 'preset' must be one of thumb, best, film; you sent '{name}'"
        )


@pytest.mark.parametrize("query", ["preset=best", "preset=%62est", "fm=AUTO&w=16", "fm=%61uto&w=16"])
async def test_what_is_remembered_for_one_who_takes_webp_is_not_given_to_one_who_does_not(
    home: House, query: str
) -> None:
    id_ = (await home.upload(sample_images.jpeg(64, 48)))["id"]
    for accept, kind in [
        ("image/webp", "image/webp"),
        ("*/*", "image/jpeg"),
        ("image/avif", "image/avif"),
    ] * 3:
        answer = await get(home, f"/img/{id_}?{query}", Accept=accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert "Accept" in answer.headers["vary"]


async def test_a_signature_of_what_it_stands_for_opens_it(home: House) -> None:
    album = await home.client.post(
        "/v1/albums", headers=home.headers, json={"name": "mine", "is_public": False}
    )
    id_ = (await home.upload(sample_images.jpeg(64, 48), album_id=album.json()["data"]["id"]))["id"]
    secret = await home.services.images.keyring.signing_secret()
    exp = int(home.services.clock().timestamp()) + 60
    signature = Signature.make(id_, "w=20&h=20&fm=webp", exp=exp, secret=secret)
    proof = f"exp={exp}&sig={signature.sig}"
    assert (await get(home, f"/img/{id_}?preset=thumb&{proof}")).status_code == 200
    assert (await get(home, f"/img/{id_}.webp?w=20&h=20&fm=webp&{proof}")).status_code == 200
    for other in ("preset=thumb&h=21", "preset=film", "preset=best", "w=20&h=20"):
        assert (await get(home, f"/img/{id_}?{other}&{proof}")).status_code == 404


async def test_it_costs_no_statement_more(home: House, image: str) -> None:
    for query in ("w=20&h=20&fm=webp", "preset=thumb"):
        await get(home, f"/img/{image}?{query}")
        with counted_statements() as counted:
            await get(home, f"/img/{image}?{query}&x={query[0]}")
        assert counted.count == 0
