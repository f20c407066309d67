"""Signed URLs, which give access to a private image."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from PIL import Image

from app.auth.actor import Scope
from app.signing.keyring import FileKeyring
from app.signing.signature import Signature
from scripts.fixtures import sample_images
from tests.pichub import House, signed

MISSING = "img_" + "0" * 26
PNG = sample_images.png()
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Private:
    """An image in a private album, with its signatures."""

    home: House
    id: str
    album: str

    @property
    def now(self) -> int:
        return int(self.home.services.clock().timestamp())

    async def sign(self, transform: str = "", *, seconds: int = 60, id: str = "") -> str:
        """Return the signed query: the transform with `exp` and `sig`."""
        secret = await self.home.services.images.keyring.signing_secret()
        signature = Signature.make(id or self.id, transform, exp=self.now + seconds, secret=secret)
        return "&".join(filter(None, (transform, f"exp={signature.exp}&sig={signature.sig}")))

    async def get(
        self, query: str, *, path: str = "", method: str = "GET", **headers: str
    ) -> httpx2.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{path or f'/img/{self.id}'}?{query}"
        return await self.home.client.request(method, url, headers=sent)


async def private_in(home: House, picture: bytes = PNG) -> Private:
    response = await home.client.post(
        "/v1/albums", headers=home.headers, json={"name": "mine", "is_public": False}
    )
    album = response.json()["data"]["id"]
    return Private(home, (await home.upload(picture, album_id=album))["id"], album)


@pytest.fixture(scope="module")
async def private(home: House) -> Private:
    return await private_in(home)


@pytest.fixture
async def own(home: House) -> Private:
    """An image for one test."""
    return await private_in(home)


def check_missing(response: httpx2.Response, missing: httpx2.Response) -> None:
    """Check that a response equals that for a missing image, except for the ids of image and request."""
    id_ = urlsplit(str(response.url)).path.split("/")[-1].split(".")[0]
    assert (response.status_code, response.content) == (
        404,
        missing.content.replace(MISSING.encode(), id_.encode()),
    )
    assert {**response.headers, "x-request-id": ""} == {**missing.headers, "x-request-id": ""}


async def test_signed_original_has_a_limited_max_age(private: Private) -> None:
    query = await private.sign(seconds=60)
    for path in (
        f"/img/{private.id}",
        f"/img/{private.id}.png",
        f"/img/{private.id}/a/b",
        f"/{private.id}.png",
    ):
        response = await private.get(query, path=path)
        assert (response.status_code, response.content) == (200, PNG), path
        kind, age = response.headers["cache-control"].split(", max-age=")
        assert kind == "private"
        assert 55 <= int(age) <= 60
        assert response.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (await private.get(query, path=f"/img/{private.id}.webp")).status_code == 404, "another format"


@pytest.mark.parametrize(
    ("transform", "equivalent"),
    [
        ("w=80", "w=80"),
        ("w=80&h=60&q=90", "q=90&h=60&fit=crop&w=80&dpr=1&download=1&utm=x"),
        ("w=80&h=60&fm=jpg&bg=f00", "bg=%23FF0000&fm=JPEG&w=80&h=60&pos=centre"),
        ("w=80", "w=10&w=80"),
    ],
)
async def test_equivalent_transforms_share_a_signature(
    private: Private, transform: str, equivalent: str
) -> None:
    exp_and_sig = (await private.sign(transform)).removeprefix(f"{transform}&")
    for query in (f"{equivalent}&{exp_and_sig}", f"{exp_and_sig}&{equivalent}"):
        response = await private.get(query)
        assert response.status_code == 200
        assert Image.open(BytesIO(response.content)).width == 80
    assert (
        (await private.get(f"{transform}&{exp_and_sig}&download=1"))
        .headers["content-disposition"]
        .startswith("attachment")
    )


async def test_extension_is_signed_as_the_format(private: Private) -> None:
    exp_and_sig = (await private.sign("w=80&fm=webp")).removeprefix("w=80&fm=webp&")
    for path, query in [
        (f"/img/{private.id}.webp", "w=80"),
        (f"/{private.id}.webp", "w=80"),
        (f"/img/{private.id}", "w=80&fm=webp"),
        (f"/img/{private.id}.gif", "w=80&fm=webp"),
    ]:
        response = await private.get(f"{query}&{exp_and_sig}", path=path)
        assert (response.status_code, response.headers["content-type"]) == (200, "image/webp")


TRANSFORM = "w=80&h=60&fit=contain&dpr=1.5&fm=jpg&q=70&bg=f00"
OTHERS = {
    "w": "81",
    "h": "61",
    "fit": "inside",
    "pos": "top",
    "dpr": "1.6",
    "fm": "webp",
    "q": "71",
    "bg": "f01",
    "exp": "9999999999",
    "sig": "A" * 43,
}


@pytest.mark.parametrize("name", OTHERS)
async def test_changed_parameter_is_404_like_a_missing_image(private: Private, name: str) -> None:
    base = TRANSFORM if name != "pos" else "w=80&h=60&pos=left"
    words = dict(parse_qsl(await private.sign(base)))
    assert (await private.get(urlencode(words))).status_code == 200
    dropped = {key: value for key, value in words.items() if key != name}
    for changed in (words | {name: OTHERS[name]}, dropped):
        missing = await private.get(urlencode(changed), path=f"/img/{MISSING}")
        for method in ("GET", "HEAD"):
            response = await private.get(urlencode(changed), method=method)
            assert response.status_code == 404
        check_missing(await private.get(urlencode(changed)), missing)


async def test_unsigned_parameter_is_404(private: Private) -> None:
    for more in ("w=9", "h=9", "q=9", "fm=webp", "fm=png", "fm=auto"):
        assert (await private.get(f"{await private.sign()}&{more}")).status_code == 404


@pytest.mark.parametrize(
    "exp",
    ["", "soon", "0", "-1", "1e9", "９９", "%00", "9" * 400, "1.5", "007"],
    ids=lambda exp: exp[:8] or "empty",
)
async def test_invalid_exp_is_404_like_a_missing_image(private: Private, exp: str) -> None:
    query = f"exp={exp}&sig={'A' * 43}"
    check_missing(await private.get(query), await private.get(query, path=f"/img/{MISSING}"))
    assert (await private.get(query, **private.home.headers)).status_code == 200


@pytest.mark.parametrize("sig", ["", "A", "%00", "%FF", "é", "令牌", "=" * 43, "A" * 5000])
async def test_invalid_sig_is_404_like_a_missing_image(private: Private, sig: str) -> None:
    query = f"exp=9999999999&sig={sig}"
    check_missing(await private.get(query), await private.get(query, path=f"/img/{MISSING}"))


async def test_expired_or_foreign_signature_is_404(private: Private) -> None:
    other = (await private.home.upload(PNG))["id"]
    for query in (
        await private.sign(seconds=0),
        await private.sign(seconds=-1),
        await private.sign(id=other),
    ):
        missing = await private.get(query, path=f"/img/{MISSING}")
        check_missing(await private.get(query), missing)


async def test_invalid_parameter_does_not_reveal_the_image(private: Private) -> None:
    query = f"{await private.sign('w=1')}&w=0"
    responses = [await private.get(query, path=f"/img/{id_}") for id_ in (private.id, MISSING)]
    assert [response.status_code for response in responses] == [400, 400]
    assert responses[0].content == responses[1].content


async def test_signatures_are_ignored_for_public_images_and_owners(private: Private) -> None:
    public = await private.home.upload(PNG)
    for query in (await private.sign(id=public["id"]), "exp=x&sig=y", "exp=1", "sig=x"):
        response = await private.get(query, path=f"/img/{public['id']}")
        assert (response.status_code, response.headers["cache-control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
    for query in (await private.sign(), await private.sign(seconds=-1), "exp=x&sig=y"):
        response = await private.get(query, **private.home.headers)
        assert (response.status_code, response.headers["cache-control"]) == (200, "private, no-cache")


async def test_signature_works_with_any_token(private: Private) -> None:
    other = await private.home.account("other")
    narrow = await private.home.account("narrow", scopes=[Scope.ALBUMS_READ])
    for token in (other, narrow, "wrong"):
        assert (await private.get("", **signed(token))).status_code == 404
        assert (await private.get(await private.sign(), **signed(token))).status_code == 200


async def test_conditional_range_and_head_requests_need_the_signature(private: Private) -> None:
    query, bad = await private.sign("w=80"), (await private.sign("w=80", seconds=-1))
    whole = await private.get(query)
    tag = whole.headers["etag"]
    held = await private.get(query, If_None_Match=tag)
    assert (held.status_code, held.content, held.headers["etag"]) == (304, b"", tag)
    assert held.headers["cache-control"].startswith("private, max-age=")
    part = await private.get(query, Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["cache-control"].startswith("private, max-age=")
    head = await private.get(query, method="HEAD")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))
    missing = await private.get(bad, path=f"/img/{MISSING}")
    for headers in ({"If_None_Match": tag}, {"If_None_Match": "*"}, {"Range": "bytes=10-19"}):
        check_missing(await private.get(bad, **headers), missing)


async def test_signed_auto_follows_accept(private: Private) -> None:
    query = await private.sign("w=80&fm=auto")
    for accept, kind in (("image/avif", "avif"), ("image/webp", "webp"), ("*/*", "png")):
        response = await private.get(query, Accept=accept)
        assert (response.status_code, response.headers["content-type"]) == (200, f"image/{kind}")
        assert "Accept" in response.headers["vary"]
    exp_and_sig = query.removeprefix("w=80&fm=auto&")
    assert (await private.get(f"w=80&fm=webp&{exp_and_sig}", Accept="image/webp")).status_code == 404


async def test_signed_responses_are_neither_cached_nor_shared(own: Private) -> None:
    query = await own.sign("w=80")
    responses = await asyncio.gather(
        *(own.get(query) for _ in range(6)), *(own.get("w=80") for _ in range(6))
    )
    assert [response.status_code for response in responses] == [200] * 6 + [404] * 6
    assert all("x-request-id" in response.headers for response in responses), "one came from memory"
    assert (await own.get(query.replace("exp=", "exp=1"))).status_code == 404


async def test_only_deletion_revokes_a_signed_url(own: Private) -> None:
    query = await own.sign()
    headers = own.home.headers
    assert [(await own.get(query)).status_code for _ in range(3)] == [200] * 3
    await own.home.client.patch(f"/v1/albums/{own.album}", headers=headers, json={"is_public": True})
    assert "immutable" in [(await own.get(query)).headers["cache-control"] for _ in range(3)][-1]
    await own.home.client.patch(f"/v1/albums/{own.album}", headers=headers, json={"is_public": False})
    assert (await own.get(query)).headers["cache-control"].startswith("private, max-age=")
    await own.home.client.delete(f"/v1/images/{own.id}", headers=headers)
    check_missing(await own.get(query), await own.get(query, path=f"/img/{MISSING}"))


async def test_running_server_uses_a_rotated_secret(own: Private) -> None:
    before = await own.sign()
    keyring = FileKeyring(own.home.services.settings.data_dir / "url-secrets.json")
    now = own.home.services.clock()
    await keyring.rotate(now, keep_for=WEEK)
    after = await own.sign()
    assert [(await own.get(query)).status_code for query in (before, after)] == [200, 200]
    await keyring.rotate(now - WEEK, keep_for=WEEK)
    assert [(await own.get(query)).status_code for query in (before, after)] == [200, 404]


async def test_invalid_secrets_file_disables_signatures(own: Private) -> None:
    query = await own.sign()
    file = own.home.services.settings.data_dir / "url-secrets.json"
    file.write_text("nonsense")
    assert (await own.get(query)).status_code == 404
    file.unlink()
    assert (await own.get(query)).status_code == 404
    empty = Signature.make(own.id, "", exp=own.now + 60, secret="")
    assert (await own.get(f"exp={empty.exp}&sig={empty.sig}")).status_code == 404


SIGNED_URL = """query($id: ID!, $for: Int!, $transform: TransformInput) {
  image(id: $id) { id signedUrl(expiresIn: $for, transform: $transform) } }"""


async def signed_url(
    home: House, headers: dict[str, str], id: str, seconds: Any = 60, transform: Any = None
) -> tuple[str, Any]:
    """The address and None, or the code and details of the one error."""
    variables = {"id": id, "for": seconds, "transform": transform}
    response = await home.client.post(
        "/graphql", headers=headers, json={"query": SIGNED_URL, "variables": variables}
    )
    body = response.json()
    if "errors" in body:
        (error,) = body["errors"]
        return error["extensions"]["code"], error["extensions"]["details"]
    return body["data"]["image"]["signedUrl"], None


@pytest.mark.parametrize(
    ("transform", "path", "query", "kind", "width"),
    [
        (None, ".png", "", "png", 320),
        ({"width": 80}, ".png", "w=80&", "png", 80),
        ({"width": 80, "quality": 50, "format": "PNG"}, ".png", "w=80&fm=png&", "png", 80),
        ({"width": 80, "format": "WEBP"}, ".webp", "w=80&fm=webp&", "webp", 80),
        ({"format": "JPG", "background": "#FF0000"}, ".jpg", "fm=jpg&bg=f00&", "jpeg", 320),
    ],
)
async def test_owner_gets_a_signed_url(
    private: Private, transform: Any, path: str, query: str, kind: str, width: int
) -> None:
    home = private.home
    url, _ = await signed_url(home, home.headers, private.id, 60, transform)
    assert url.startswith(f"{home.url}/img/{private.id}{path}?{query}exp=")
    assert 58 <= int(parse_qs(urlsplit(url).query)["exp"][0]) - private.now <= 60
    response = await home.client.get(url)
    assert (response.status_code, response.headers["content-type"]) == (200, f"image/{kind}")
    assert Image.open(BytesIO(response.content)).width == width


async def test_only_the_owner_gets_a_signed_url(private: Private) -> None:
    home = private.home
    public = (await home.upload(PNG))["id"]
    url, _ = await signed_url(home, home.headers, public)
    assert "immutable" in (await home.client.get(url)).headers["cache-control"]
    other = signed(await home.account("signer"))
    code, details = await signed_url(home, other, public)
    assert (code, "only its owner" in details) == ("FORBIDDEN", True)
    assert (await signed_url(home, {}, public))[0] == "UNAUTHORIZED"
    for id_ in (private.id, MISSING):
        assert (await signed_url(home, other, id_))[0] == "NOT_FOUND"


@pytest.mark.parametrize("seconds", [0, -1, 604_801, 2**31 - 1])
async def test_lifetime_out_of_range(private: Private, seconds: int) -> None:
    code, details = await signed_url(private.home, private.home.headers, private.id, seconds)
    assert code == "BAD_REQUEST"
    assert details == f"Parameter 'expiresIn' must be seconds from 1 to 604800 (7 days); you sent {seconds}"


async def test_invalid_transform_is_not_signed(private: Private) -> None:
    for transform in ({"width": 0}, {"width": 8192, "height": 8192, "dpr": 4}):
        code, _ = await signed_url(private.home, private.home.headers, private.id, 604_800, transform)
        assert code == "BAD_REQUEST"
