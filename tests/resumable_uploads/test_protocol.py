"""What tus 1.0.0 asks of a server, statement by statement, and the plain PUT beside it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.auth.actor import Scope
from app.ids import Kind, new_id
from app.models import Image, UploadState, UploadTicket
from app.storage.keys import piece_key, pieces_of
from scripts.fixtures import sample_images
from tests.contract import openapi
from tests.pichub import House, house, signed
from tests.resumable_uploads.client import BYTES, TUS, Desk, checksum, metadata

PICTURE = sample_images.png(64, 48)
HALF = len(PICTURE) // 2


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """For the module, as its house is."""
    return "asyncio"


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("home") / "data", max_upload_size=1_000_000) as running:
        running.client.event_hooks["response"].append(openapi.check_response)
        yield running


@pytest.fixture
def desk(home: House) -> Desk:
    return Desk(home)


async def keys(home: House, url: str) -> list[str]:
    """The pieces of an upload."""
    under = pieces_of(url.rpartition("/")[2])
    return [key async for key, _ in home.services.storage.list(under)]


async def test_options_tell_what_there_is(home: House) -> None:
    answer = await home.client.options("/v1/uploads")
    assert answer.status_code == 204
    assert {name: answer.headers[name] for name in answer.headers if name.startswith("tus-")} == {
        "tus-resumable": "1.0.0",
        "tus-version": "1.0.0",
        "tus-extension": "creation,termination,checksum,expiration",
        "tus-max-size": "1000000",
        "tus-checksum-algorithm": "sha1,sha256",
    }


async def test_a_file_in_two_pieces_becomes_an_image(home: House, desk: Desk) -> None:
    url = await desk.begin(len(PICTURE), filename="harbour.png", title="The harbour", tags="sea, boats")
    first = await desk.send(url, 0, PICTURE[:HALF])
    assert (first.status_code, first.headers["upload-offset"]) == (204, str(HALF))
    assert first.headers["tus-resumable"] == "1.0.0"
    assert first.headers["upload-expires"].endswith("GMT")
    assert "upload-image" not in first.headers
    last = await desk.send(url, HALF, PICTURE[HALF:])
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(PICTURE)))
    image = await desk.image(url)
    assert last.headers["upload-image"] == image["id"]
    assert (image["filename"], image["title"], image["tags"]) == (
        "harbour.png",
        "The harbour",
        ["sea", "boats"],
    )
    assert (await home.client.get(image["url"])).content == PICTURE
    assert await keys(home, url) == []


async def test_head_tells_how_it_stands_and_what_was_said(desk: Desk) -> None:
    url = await desk.begin(len(PICTURE), filename="a.png", relativePath="null")
    await desk.send(url, 0, PICTURE[:HALF])
    answer = await desk.head(url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["upload-offset"] == str(HALF)
    assert answer.headers["upload-length"] == str(len(PICTURE))
    assert answer.headers["upload-metadata"] == metadata(filename="a.png", relativePath="null")
    assert answer.headers["cache-control"] == "no-store"


async def test_creation_in_json_is_shown_as_json(home: House) -> None:
    answer = await home.client.post(
        "/v1/uploads", headers=home.headers, json={"filename": "a.png", "size": 10, "title": "A"}
    )
    data = answer.json()["data"]
    assert (answer.status_code, answer.headers["location"]) == (201, data["url"])
    assert data["url"] == f"{home.url}/v1/uploads/{data['id']}"
    assert {name: data[name] for name in ("state", "size", "offset", "image", "error")} == {
        "state": "receiving", "size": 10, "offset": 0, "image": None, "error": None
    }  # fmt: skip
    shown = await home.client.get(data["url"], headers=home.headers)
    assert shown.json()["data"] == data


@pytest.mark.parametrize("again", ["head", "patch", "put"])
async def test_who_did_not_hear_the_last_answer_is_told_which_image_it_became(desk: Desk, again: str) -> None:
    url = await desk.begin(len(PICTURE))
    image_id = (await desk.send(url, 0, PICTURE)).headers["upload-image"]
    before = await Image.all().count()
    match again:
        case "head":
            answer = await desk.head(url)
            assert (answer.status_code, answer.headers["upload-image"]) == (200, image_id)
        case "patch":
            answer = await desk.send(url, len(PICTURE), b"")
            assert (answer.status_code, answer.headers["upload-image"]) == (204, image_id)
        case "put":
            answer = await desk.ask("PUT", url, content=PICTURE)
            assert answer.json()["data"]["id"] == image_id
    assert await Image.all().count() == before


async def test_a_plain_put_of_the_whole_file_is_answered_with_the_image(desk: Desk) -> None:
    url = await desk.begin(len(PICTURE))
    answer = await desk.ask("PUT", url, content=PICTURE)
    assert answer.status_code == 200
    assert answer.json()["url"] == answer.json()["data"]["url"]
    assert answer.json()["data"]["size"] == len(PICTURE)


async def test_a_put_takes_the_place_of_pieces_that_came_before(home: House, desk: Desk) -> None:
    url = await desk.begin(len(PICTURE))
    await desk.send(url, 0, b"\0" * HALF)
    answer = await desk.ask("PUT", url, content=PICTURE)
    assert (await home.client.get(answer.json()["url"])).content == PICTURE
    assert await keys(home, url) == []


@pytest.mark.parametrize("size", [HALF, len(PICTURE) + 1])
async def test_400_or_413_a_put_that_is_not_the_whole_file(desk: Desk, size: int) -> None:
    url = await desk.begin(len(PICTURE))
    answer = await desk.ask("PUT", url, content=b"\0" * size)
    assert answer.status_code == (400 if size == HALF else 413)
    assert (await desk.shown(url))["offset"] == 0


async def test_a_method_may_stand_in_a_header(desk: Desk) -> None:
    url = await desk.begin(len(PICTURE))
    sent = await desk.ask(
        "POST", url, content=PICTURE, **BYTES, **{"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    )
    assert (sent.status_code, "upload-image" in sent.headers) == (204, True)
    gone = await desk.ask("POST", url, **TUS, **{"X-HTTP-Method-Override": "DELETE"})
    assert gone.status_code == 204
    assert (await desk.ask("POST", url, **TUS)).status_code == 405


async def test_409_bytes_that_do_not_begin_where_it_stands(desk: Desk) -> None:
    url = await desk.begin(len(PICTURE))
    answer = await desk.send(url, 5, PICTURE[5:])
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert (await desk.head(url)).headers["upload-offset"] == "0"


@pytest.mark.parametrize("version", [None, "0.2.2"])
async def test_412_another_version_names_ours(desk: Desk, version: str | None) -> None:
    url = await desk.begin(len(PICTURE))
    sent = {"Tus-Resumable": version} if version else {}
    headers = {"Content-Type": BYTES["Content-Type"], "Upload-Offset": "0", **sent}
    answer = await desk.ask("PATCH", url, content=PICTURE, **headers)
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
    assert answer.json()["error"]["code"] == "PRECONDITION_FAILED"


async def test_413_a_file_that_is_too_large_is_refused_when_it_begins(desk: Desk) -> None:
    answer = await desk.ask("POST", "/v1/uploads", **TUS, **{"Upload-Length": "1000001"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("declared", [True, False])
async def test_413_more_bytes_than_there_were_to_be(home: House, desk: Desk, declared: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield PICTURE[:HALF]
        yield PICTURE[HALF:] + b"more"

    url = await desk.begin(len(PICTURE))
    answer = await desk.send(url, 0, PICTURE + b"more" if declared else chunks())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert (await desk.head(url)).headers["upload-offset"] == "0"
    assert list(home.services.storage.incoming.iterdir()) == []


@pytest.mark.parametrize("kind", ["application/octet-stream", ""])
async def test_415_a_body_that_is_not_said_to_be_bytes_from_an_offset(desk: Desk, kind: str) -> None:
    url = await desk.begin(len(PICTURE))
    headers = {**TUS, "Upload-Offset": "0", **({"Content-Type": kind} if kind else {})}
    answer = await desk.ask("PATCH", url, content=PICTURE, **headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_460_bytes_that_do_not_have_their_checksum_are_not_kept(desk: Desk, algorithm: str) -> None:
    url = await desk.begin(len(PICTURE))
    wrong = await desk.send(url, 0, PICTURE[:HALF], **checksum(b"other", algorithm))
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (460, "CHECKSUM_MISMATCH")
    assert (await desk.head(url)).headers["upload-offset"] == "0"
    right = await desk.send(url, 0, PICTURE[:HALF], **checksum(PICTURE[:HALF], algorithm))
    assert (right.status_code, right.headers["upload-offset"]) == (204, str(HALF))


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Checksum": "md5 x"},
        {"Upload-Checksum": "sha1 x"},
        {"Upload-Checksum": "sha1 AAAA"},
        {"Upload-Offset": "-1"},
        {"Upload-Offset": "x"},
    ],
)
async def test_400_headers_that_say_nothing_of_use(desk: Desk, headers: dict[str, str]) -> None:
    url = await desk.begin(len(PICTURE))
    answer = await desk.ask("PATCH", url, content=PICTURE, **(BYTES | {"Upload-Offset": "0"} | headers))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upload-Length": "1e3"}, 400),
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Length": "9", "Upload-Concat": "partial"}, 400),
        ({"Upload-Length": "9", "Upload-Metadata": "filename !"}, 400),
        ({"Upload-Length": "9", "Upload-Metadata": "filename /w=="}, 422),
        ({"Upload-Length": "9", "Upload-Metadata": metadata(title="x" * 201)}, 422),
        ({"Upload-Length": "9", "Upload-Metadata": metadata(album_id="alb_nothing")}, 422),
    ],
)
async def test_what_can_not_begin_says_why(desk: Desk, headers: dict[str, str], status: int) -> None:
    answer = await desk.ask("POST", "/v1/uploads", **TUS, **headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"


async def test_what_is_no_picture_is_refused_and_says_so_ever_after(home: House, desk: Desk) -> None:
    data = b"This is no picture." * 100
    url = await desk.begin(len(data))
    answer = await desk.send(url, 0, data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert (await desk.head(url)).status_code == 415
    assert (await desk.send(url, len(data), b"")).json() == answer.json()
    shown = await desk.shown(url)
    assert (shown["state"], shown["image"]) == ("refused", None)
    assert shown["error"] == answer.json()["error"]
    assert await keys(home, url) == []


async def test_delete_ends_an_upload_and_what_came_of_it(home: House, desk: Desk) -> None:
    url = await desk.begin(len(PICTURE))
    await desk.send(url, 0, PICTURE[:HALF])
    answer = await desk.ask("DELETE", url, **TUS)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await desk.head(url)).status_code == 404
    assert (await desk.send(url, HALF, PICTURE[HALF:])).status_code == 404
    assert (await desk.ask("DELETE", url, **TUS)).status_code == 404
    assert await keys(home, url) == []


async def test_an_image_outlives_its_upload_and_an_upload_its_image(home: House, desk: Desk) -> None:
    urls = [await desk.begin(len(PICTURE)) for _ in range(2)]
    one, two = [(await desk.send(url, 0, PICTURE)).headers["upload-image"] for url in urls]
    answer = await desk.ask("DELETE", urls[0])
    assert answer.json()["data"] == {"id": urls[0].rpartition("/")[2], "deleted": True}
    assert (await desk.ask("GET", f"/v1/images/{one}")).status_code == 200
    await desk.ask("DELETE", f"/v1/images/{two}")
    shown = await desk.shown(urls[1])
    assert (shown["state"], shown["image"]) == ("done", None)


async def test_410_an_upload_for_which_no_byte_came_for_a_day(desk: Desk) -> None:
    url = await desk.begin(len(PICTURE))
    old = desk.house.services.clock() - timedelta(seconds=1)
    await UploadTicket.filter(id=url.rpartition("/")[2]).update(expires_at=old)
    for answer in (await desk.ask("GET", url), await desk.head(url), await desk.send(url, 0, PICTURE)):
        assert answer.status_code == 410
    assert (await desk.ask("DELETE", url, **TUS)).status_code == 204


async def test_each_byte_gives_it_another_day(desk: Desk) -> None:
    url = await desk.begin(len(PICTURE))
    soon = desk.house.services.clock() + timedelta(minutes=1)
    await UploadTicket.filter(id=url.rpartition("/")[2]).update(expires_at=soon)
    await desk.send(url, 0, PICTURE[:HALF])
    row = await UploadTicket.get(id=url.rpartition("/")[2])
    assert row.expires_at > soon + timedelta(hours=23)


async def test_of_those_who_go_on_from_one_offset_one_wins(home: House, desk: Desk) -> None:
    url = await desk.begin(len(PICTURE))
    answers = await asyncio.gather(*(desk.send(url, 0, PICTURE[: HALF + i]) for i in range(6)))
    assert sorted(answer.status_code for answer in answers) == [204, *[409] * 5]
    offset = int((await desk.head(url)).headers["upload-offset"])
    await desk.send(url, offset, PICTURE[offset:])
    assert (await home.client.get((await desk.image(url))["url"])).content == PICTURE
    assert await keys(home, url) == []


async def test_those_who_bring_it_to_its_end_at_once_make_one_image(home: House, desk: Desk) -> None:
    url = await desk.begin(len(PICTURE))
    before = await Image.all().count()
    await desk.send(url, 0, PICTURE[:HALF])
    answers = await asyncio.gather(
        *(desk.send(url, HALF, PICTURE[HALF:]) for _ in range(3)),
        *(desk.head(url) for _ in range(3)),
        *(desk.ask("PUT", url, content=PICTURE) for _ in range(3)),
    )
    assert {answer.status_code for answer in answers} <= {200, 204, 409}
    assert await Image.all().count() == before + 1
    assert await keys(home, url) == []


async def test_what_a_server_died_over_is_finished_by_who_asks_next(home: House, desk: Desk) -> None:
    url = await desk.begin(len(PICTURE))
    await desk.send(url, 0, PICTURE[:HALF])
    ticket = await UploadTicket.get(id=url.rpartition("/")[2])
    await home.services.storage.put(piece_key(ticket.id, "last"), PICTURE[HALF:])
    pieces = [*ticket.pieces, ["last", len(PICTURE) - HALF]]
    await ticket.update_from_dict({"pieces": pieces, "offset": len(PICTURE)}).save()
    assert (await desk.shown(url))["state"] == "receiving"
    assert "upload-image" in (await desk.head(url)).headers


async def test_what_is_another_accounts_is_not_there(home: House, desk: Desk) -> None:
    other = Desk(home, await home.account("another"))
    url = await desk.begin(len(PICTURE))
    missing = f"/v1/uploads/{new_id(Kind.UPLOAD, home.services.clock())}"
    for address in (url, missing, "/v1/uploads/nothing"):
        for answer in (
            await other.ask("GET", address),
            await other.head(address),
            await other.send(address, 0, PICTURE),
            await other.ask("PUT", address, content=PICTURE),
            await other.ask("DELETE", address, **TUS),
        ):
            assert answer.status_code == 404


async def test_a_token_that_only_uploads_is_enough(home: House) -> None:
    desk = Desk(home, await home.account("uploader", scopes=[Scope.IMAGES_UPLOAD]))
    url = await desk.begin(len(PICTURE))
    assert "upload-image" in (await desk.send(url, 0, PICTURE)).headers
    assert (await desk.shown(url))["state"] == UploadState.DONE


async def test_pages_of_other_origins_may_use_it(home: House) -> None:
    origin = {"Origin": "https://front.example"}
    asked = {
        **origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,tus-resumable,upload-offset",
    }
    preflight = await home.client.options("/v1/uploads/x", headers=asked)
    assert preflight.status_code == 200
    assert {"PATCH", "HEAD", "DELETE", "PUT"} <= set(
        preflight.headers["access-control-allow-methods"].split(", ")
    )
    assert "tus-resumable" in preflight.headers["access-control-allow-headers"]
    answer = await home.client.head("/v1/uploads/x", headers={**signed(home.token), **TUS, **origin})
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"Location", "Upload-Offset", "Upload-Length", "Upload-Image", "Tus-Resumable"} <= set(exposed)
