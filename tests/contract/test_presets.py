"""Presets under /img are equivalent to their parameters."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from app.signing.signature import Signature
from scripts.fixtures import sample_images
from tests.pichub import House, house
from tests.statements import count_statements

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
    ("query", "equivalent"),
    [
        ("?preset=thumb", ".webp?w=20&h=20"),
        (".jpg?preset=thumb", "?h=20&w=20&fm=webp&fit=crop"),
        (".png?preset=thumb&h=10", ".webp?w=20&h=10"),
        ("?fm=png&preset=thumb&x=1", ".png?w=20&h=20"),
        (".webp?preset=film&fm=webp", ".webp?w=10"),
    ],
)
async def test_preset_equals_its_parameters(home: House, image: str, query: str, equivalent: str) -> None:
    response, spelled_out = (
        await get(home, f"/img/{image}{query}"),
        await get(home, f"/img/{image}{equivalent}"),
    )
    assert response.status_code == 200
    assert response.headers["etag"] == spelled_out.headers["etag"]
    assert response.content == spelled_out.content


async def test_preset_shares_the_stored_variant(home: House) -> None:
    id_ = (await home.upload(sample_images.jpeg(64, 48)))["id"]
    for query in ("preset=thumb", "fm=webp&h=20&w=20", "preset=thumb&q=80", "preset=thumb&pos=center"):
        assert (await get(home, f"/img/{id_}?{query}")).status_code == 200
    kept = [key async for key, _ in home.services.storage.list() if key.startswith(f"variants/{id_}/")]
    assert len(kept) == 1


async def test_unknown_preset_is_400_with_all_presets(home: House, image: str) -> None:
    for name in ("thumbs", "", "Thumb"):
        response = await get(home, f"/img/{image}?preset={name}")
        assert (response.status_code, response.json()["error"]["code"]) == (400, "BAD_REQUEST")
        assert response.json()["error"]["details"] == (
            f"Parameter 'preset' must be one of thumb, best, film; you sent '{name}'"
        )


@pytest.mark.parametrize("query", ["preset=best", "preset=%62est", "fm=AUTO&w=16", "fm=%61uto&w=16"])
async def test_cached_auto_presets_follow_accept(home: House, query: str) -> None:
    id_ = (await home.upload(sample_images.jpeg(64, 48)))["id"]
    for accept, kind in [
        ("image/webp", "image/webp"),
        ("*/*", "image/jpeg"),
        ("image/avif", "image/avif"),
    ] * 3:
        response = await get(home, f"/img/{id_}?{query}", Accept=accept)
        assert (response.status_code, response.headers["content-type"]) == (200, kind)
        assert "Accept" in response.headers["vary"]


async def test_signature_of_the_parameters_covers_the_preset(home: House) -> None:
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


async def test_preset_needs_no_statements(home: House, image: str) -> None:
    for query in ("w=20&h=20&fm=webp", "preset=thumb"):
        await get(home, f"/img/{image}?{query}")
        with count_statements() as counted:
            await get(home, f"/img/{image}?{query}&x={query[0]}")
        assert counted.count == 0
