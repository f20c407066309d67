"""Signed addresses: a private image, shown to whoever holds one, and to nobody else."""

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
    """An image in a private album, and who signs its addresses."""

    home: House
    id: str
    album: str

    @property
    def now(self) -> int:
        return int(self.home.services.clock().timestamp())

    async def sign(self, transform: str = "", *, seconds: int = 60, id: str = "") -> str:
        """What to put behind the path: the transform with `exp` and `sig`."""
        secret = await self.home.services.images.keyring.signing_secret()
        made = Signature.make(id or self.id, transform, exp=self.now + seconds, secret=secret)
        return "&".join(filter(None, (transform, f"exp={made.exp}&sig={made.sig}")))

    async def get(
        self, query: str, *, path: str = "", method: str = "GET", **headers: str
    ) -> httpx2.Response:
        asked = {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"{path or f'/img/{self.id}'}?{query}"
        return await self.home.client.request(method, address, headers=asked)


async def private_in(home: House, picture: bytes = PNG) -> Private:
    answer = await home.client.post(
        "/v1/albums", headers=home.headers, json={"name": "mine", "is_public": False}
    )
    album = answer.json()["data"]["id"]
    return Private(home, (await home.upload(picture, album_id=album))["id"], album)


@pytest.fixture(scope="module")
async def private(home: House) -> Private:
    return await private_in(home)


@pytest.fixture
async def own(home: House) -> Private:
    """One for a test alone, which changes it."""
    return await private_in(home)


def check_missing(answer: httpx2.Response, missing: httpx2.Response) -> None:
    """That an answer is what a missing image gives, but for the ids of image and request."""
    id_ = urlsplit(str(answer.url)).path.split("/")[-1].split(".")[0]
    assert (answer.status_code, answer.content) == (
        404,
        missing.content.replace(MISSING.encode(), id_.encode()),
    )
    assert {**answer.headers, "x-request-id": ""} == {**missing.headers, "x-request-id": ""}


async def test_a_signature_opens_the_original_and_says_for_how_long(private: Private) -> None:
    query = await private.sign(seconds=60)
    for path in (
        f"/img/{private.id}",
        f"/img/{private.id}.png",
        f"/img/{private.id}/a/b",
        f"/{private.id}.png",
    ):
        answer = await private.get(query, path=path)
        assert (answer.status_code, answer.content) == (200, PNG), path
        kind, age = answer.headers["cache-control"].split(", max-age=")
        assert kind == "private"
        assert 55 <= int(age) <= 60
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (await private.get(query, path=f"/img/{private.id}.webp")).status_code == 404, "another format"


@pytest.mark.parametrize(
    ("transform", "asked"),
    [
        ("w=80", "w=80"),
        ("w=80&h=60&q=90", "q=90&h=60&fit=crop&w=80&dpr=1&download=1&utm=x"),
        ("w=80&h=60&fm=jpg&bg=f00", "bg=%23FF0000&fm=JPEG&w=80&h=60&pos=centre"),
        ("w=80", "w=10&w=80"),
    ],
)
async def test_the_same_transform_in_other_words_is_opened(
    private: Private, transform: str, asked: str
) -> None:
    exp_and_sig = (await private.sign(transform)).removeprefix(f"{transform}&")
    for query in (f"{asked}&{exp_and_sig}", f"{exp_and_sig}&{asked}"):
        answer = await private.get(query)
        assert answer.status_code == 200
        assert Image.open(BytesIO(answer.content)).width == 80
    assert (
        (await private.get(f"{transform}&{exp_and_sig}&download=1"))
        .headers["content-disposition"]
        .startswith("attachment")
    )


async def test_an_extension_counts_as_the_format_it_names(private: Private) -> None:
    exp_and_sig = (await private.sign("w=80&fm=webp")).removeprefix("w=80&fm=webp&")
    for path, query in [
        (f"/img/{private.id}.webp", "w=80"),
        (f"/{private.id}.webp", "w=80"),
        (f"/img/{private.id}", "w=80&fm=webp"),
        (f"/img/{private.id}.gif", "w=80&fm=webp"),
    ]:
        answer = await private.get(f"{query}&{exp_and_sig}", path=path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")


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
async def test_one_other_parameter_is_not_found_as_what_is_missing(private: Private, name: str) -> None:
    base = TRANSFORM if name != "pos" else "w=80&h=60&pos=left"
    words = dict(parse_qsl(await private.sign(base)))
    assert (await private.get(urlencode(words))).status_code == 200
    dropped = {key: value for key, value in words.items() if key != name}
    for changed in (words | {name: OTHERS[name]}, dropped):
        missing = await private.get(urlencode(changed), path=f"/img/{MISSING}")
        for method in ("GET", "HEAD"):
            answer = await private.get(urlencode(changed), method=method)
            assert answer.status_code == 404
        check_missing(await private.get(urlencode(changed)), missing)


async def test_a_parameter_that_was_not_signed_is_not_found(private: Private) -> None:
    for more in ("w=9", "h=9", "q=9", "fm=webp", "fm=png", "fm=auto"):
        assert (await private.get(f"{await private.sign()}&{more}")).status_code == 404


@pytest.mark.parametrize(
    "exp",
    ["", "soon", "0", "-1", "1e9", "９９", "%00", "9" * 400, "1.5", "007"],
    ids=lambda exp: exp[:8] or "empty",
)
async def test_a_time_that_can_not_be_read_is_no_oracle(private: Private, exp: str) -> None:
    query = f"exp={exp}&sig={'A' * 43}"
    check_missing(await private.get(query), await private.get(query, path=f"/img/{MISSING}"))
    assert (await private.get(query, **private.home.headers)).status_code == 200


@pytest.mark.parametrize("sig", ["", "A", "%00", "%FF", "é", "令牌", "=" * 43, "A" * 5000])
async def test_neither_is_a_signature(private: Private, sig: str) -> None:
    query = f"exp=9999999999&sig={sig}"
    check_missing(await private.get(query), await private.get(query, path=f"/img/{MISSING}"))


async def test_what_is_over_or_signed_for_another_image_is_not_found(private: Private) -> None:
    other = (await private.home.upload(PNG))["id"]
    for query in (
        await private.sign(seconds=0),
        await private.sign(seconds=-1),
        await private.sign(id=other),
    ):
        missing = await private.get(query, path=f"/img/{MISSING}")
        check_missing(await private.get(query), missing)


async def test_a_wrong_parameter_is_told_alike_whether_the_image_is_there_or_not(private: Private) -> None:
    query = f"{await private.sign('w=1')}&w=0"
    answers = [await private.get(query, path=f"/img/{id_}") for id_ in (private.id, MISSING)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content


async def test_on_public_images_and_for_the_owner_signatures_change_nothing(private: Private) -> None:
    public = await private.home.upload(PNG)
    for query in (await private.sign(id=public["id"]), "exp=x&sig=y", "exp=1", "sig=x"):
        answer = await private.get(query, path=f"/img/{public['id']}")
        assert (answer.status_code, answer.headers["cache-control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
    for query in (await private.sign(), await private.sign(seconds=-1), "exp=x&sig=y"):
        answer = await private.get(query, **private.home.headers)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-cache")


async def test_a_signature_opens_to_tokens_that_alone_would_not(private: Private) -> None:
    stranger = await private.home.account("stranger")
    narrow = await private.home.account("narrow", scopes=[Scope.ALBUMS_READ])
    for token in (stranger, narrow, "wrong"):
        assert (await private.get("", **signed(token))).status_code == 404
        assert (await private.get(await private.sign(), **signed(token))).status_code == 200


async def test_conditions_parts_and_head_work_and_need_the_signature(private: Private) -> None:
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


async def test_auto_is_signed_as_such_and_decided_by_accept(private: Private) -> None:
    query = await private.sign("w=80&fm=auto")
    for accept, kind in (("image/avif", "avif"), ("image/webp", "webp"), ("*/*", "png")):
        answer = await private.get(query, Accept=accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"image/{kind}")
        assert "Accept" in answer.headers["vary"]
    exp_and_sig = query.removeprefix("w=80&fm=auto&")
    assert (await private.get(f"w=80&fm=webp&{exp_and_sig}", Accept="image/webp")).status_code == 404


async def test_what_was_signed_is_not_remembered_nor_shared(own: Private) -> None:
    query = await own.sign("w=80")
    answers = await asyncio.gather(*(own.get(query) for _ in range(6)), *(own.get("w=80") for _ in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6 + [404] * 6
    assert all("x-request-id" in answer.headers for answer in answers), "one came from memory"
    assert (await own.get(query.replace("exp=", "exp=1"))).status_code == 404


async def test_deleting_ends_it_at_once_and_so_does_nothing_else(own: Private) -> None:
    query = await own.sign()
    headers = own.home.headers
    assert [(await own.get(query)).status_code for _ in range(3)] == [200] * 3
    await own.home.client.patch(f"/v1/albums/{own.album}", headers=headers, json={"is_public": True})
    assert "immutable" in [(await own.get(query)).headers["cache-control"] for _ in range(3)][-1]
    await own.home.client.patch(f"/v1/albums/{own.album}", headers=headers, json={"is_public": False})
    assert (await own.get(query)).headers["cache-control"].startswith("private, max-age=")
    await own.home.client.delete(f"/v1/images/{own.id}", headers=headers)
    check_missing(await own.get(query), await own.get(query, path=f"/img/{MISSING}"))


async def test_a_rotation_is_taken_up_by_a_server_that_runs(own: Private) -> None:
    before = await own.sign()
    keyring = FileKeyring(own.home.services.settings.data_dir / "url-secrets.json")
    now = own.home.services.clock()
    await keyring.rotate(now, keep_for=WEEK)
    after = await own.sign()
    assert [(await own.get(query)).status_code for query in (before, after)] == [200, 200]
    await keyring.rotate(now - WEEK, keep_for=WEEK)
    assert [(await own.get(query)).status_code for query in (before, after)] == [200, 404]


async def test_without_a_secret_nothing_is_opened(own: Private) -> None:
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
    answer = await home.client.post(
        "/graphql", headers=headers, json={"query": SIGNED_URL, "variables": variables}
    )
    body = answer.json()
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
async def test_the_owner_is_given_an_address_that_anyone_may_open(
    private: Private, transform: Any, path: str, query: str, kind: str, width: int
) -> None:
    home = private.home
    url, _ = await signed_url(home, home.headers, private.id, 60, transform)
    assert url.startswith(f"{home.url}/img/{private.id}{path}?{query}exp=")
    assert 58 <= int(parse_qs(urlsplit(url).query)["exp"][0]) - private.now <= 60
    answer = await home.client.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"image/{kind}")
    assert Image.open(BytesIO(answer.content)).width == width


async def test_only_the_owner_is_given_one_also_of_a_public_image(private: Private) -> None:
    home = private.home
    public = (await home.upload(PNG))["id"]
    url, _ = await signed_url(home, home.headers, public)
    assert "immutable" in (await home.client.get(url)).headers["cache-control"]
    stranger = signed(await home.account("signer"))
    code, details = await signed_url(home, stranger, public)
    assert (code, "only its owner" in details) == ("FORBIDDEN", True)
    assert (await signed_url(home, {}, public))[0] == "UNAUTHORIZED"
    for id_ in (private.id, MISSING):
        assert (await signed_url(home, stranger, id_))[0] == "NOT_FOUND"


@pytest.mark.parametrize("seconds", [0, -1, 604_801, 2**31 - 1])
async def test_the_time_has_bounds_that_are_told(private: Private, seconds: int) -> None:
    code, details = await signed_url(private.home, private.home.headers, private.id, seconds)
    assert code == "BAD_REQUEST"
    assert details == f"Parameter 'expiresIn' must be seconds from 1 to 604800 (7 days); you sent {seconds}"


async def test_a_transform_that_can_not_be_is_not_signed(private: Private) -> None:
    for transform in ({"width": 0}, {"width": 8192, "height": 8192, "dpr": 4}):
        code, _ = await signed_url(private.home, private.home.headers, private.id, 604_800, transform)
        assert code == "BAD_REQUEST"
