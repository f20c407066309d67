"""Each documented error status. `test_failures` has those that need their own server."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from app.auth.actor import Scope
from app.errors import MEGABYTE, PicHubError
from app.models import ApiToken
from compat_rest.errors import STATUS
from scripts.fixtures import sample_images
from tests.pichub import House, signed

NO_SUCH_IMAGE = "img_" + "0" * 26
BOUNDARY = "----pichub"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="big.png"\r\n\r\n'.encode()


def check(
    response: httpx2.Response, status: int, code: str, message: str, details: str, **params: Any
) -> None:
    """Check the whole response; `params` are those of the error."""
    error = {"code": code, "message": message, "details": details, "params": params}
    assert response.status_code == status
    assert response.json() == {"success": False, "message": message, "error": error}
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"


def kinds(root: type[PicHubError] = PicHubError) -> Iterator[type[PicHubError]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


def test_every_error_has_a_status() -> None:
    assert {kind.code for kind in kinds()} <= set(STATUS)


async def test_400_parameter_out_of_range(home: House) -> None:
    response = await home.client.get("/v1/images?page=0", headers=home.headers)
    allowed = f"an integer from 1 to {(2**63 - 1) // 100}"
    check(
        response,
        400,
        "BAD_REQUEST",
        "Invalid value for parameter 'page'",
        f"Parameter 'page' must be {allowed}; you sent '0'",
        reason="invalid_parameter",
        name="page",
        allowed=allowed,
        value="0",
    )


async def test_400_broken_json(home: House) -> None:
    response = await home.client.post("/v1/albums", headers=home.headers, content=b'{"name": ')
    problem = "Expecting value: line 1 column 10 (char 9)"
    details = f"The body is not valid JSON: {problem}"
    message = "The request can't be parsed"
    check(response, 400, "BAD_REQUEST", message, details, reason="invalid_json", error=problem)


async def test_400_upload_without_form(home: House) -> None:
    response = await home.client.post("/v1/upload", headers=home.headers, json={"image": "x"})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "BAD_REQUEST")
    assert error["details"] == "The Content-Type must be multipart/form-data"


@pytest.mark.parametrize(
    "authorization",
    [b"Bearer pchb_pat_nothing", b"Bearer", b"Basic YWxhZGRpbjpvcGVuc2VzYW1l", b"", "Bearer 令牌".encode()],
    ids=["unknown", "empty bearer", "basic", "empty", "not ASCII"],
)
async def test_401_invalid_token(home: House, authorization: bytes) -> None:
    response = await home.client.get("/v1/images", headers={b"Authorization": authorization})
    details = "Please check your API token and ensure it has not expired"
    check(response, 401, "UNAUTHORIZED", "Invalid or expired API token", details, reason="invalid_token")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("column", ["expires_at", "revoked_at"])
async def test_401_expired_or_revoked_token(home: House, column: str) -> None:
    token = await home.account(f"once {column}")
    row = await ApiToken.get(account__username=f"once {column}")
    await row.update_from_dict({column: home.services.clock() - timedelta(seconds=1)}).save()
    response = await home.client.get("/v1/images", headers=signed(token))
    assert (response.status_code, response.json()["message"]) == (401, "Invalid or expired API token")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/upload"),
        ("GET", "/v1/images"),
        ("GET", f"/v1/images/{NO_SUCH_IMAGE}"),
        ("PATCH", f"/v1/images/{NO_SUCH_IMAGE}"),
        ("DELETE", f"/v1/images/{NO_SUCH_IMAGE}"),
        ("GET", "/v1/albums"),
        ("POST", "/v1/albums"),
        ("GET", "/v1/albums/x"),
        ("GET", "/v1/categories"),
        ("DELETE", "/v1/categories/x"),
    ],
)
async def test_401_without_a_token(home: House, method: str, path: str) -> None:
    response = await home.client.request(method, path)
    details = "Send an API token in the header 'Authorization: Bearer YOUR_API_TOKEN'"
    message, reason = "Authentication required", "authentication_required"
    check(response, 401, "UNAUTHORIZED", message, details, reason=reason)
    assert response.headers["www-authenticate"] == "Bearer"


async def test_401_for_a_public_image_too(home: House) -> None:
    image = await home.upload(sample_images.png())
    assert (await home.client.get(f"/v1/images/{image['id']}")).status_code == 401


async def test_403_missing_scope(home: House) -> None:
    token = await home.account("reader", scopes=[Scope.IMAGES_READ, Scope.ALBUMS_READ])
    response = await home.client.post("/v1/albums", headers=signed(token), json={"name": "x"})
    check(
        response,
        403,
        "FORBIDDEN",
        "The API token lacks a scope",
        "This requires the scope 'albums:write'; your token has: albums:read, images:read",
        reason="missing_scope",
        scope="albums:write",
        wider=None,
        granted=["albums:read", "images:read"],
    )


async def test_403_before_the_body_is_read(home: House) -> None:
    async def body() -> AsyncIterator[bytes]:
        pytest.fail("The body was read")
        yield b""

    token = await home.account("no uploader", scopes=[Scope.IMAGES_READ])
    response = await home.client.post("/v1/upload", headers=signed(token), content=body())
    assert (response.status_code, response.json()["error"]["code"]) == (403, "FORBIDDEN")


async def test_403_public_image_of_another_account(home: House) -> None:
    image, token = await home.upload(sample_images.png()), await home.account("visitor")
    response = await home.client.delete(f"/v1/images/{image['id']}", headers=signed(token))
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (403, "FORBIDDEN")
    assert error["details"] == f"The image {image['id']} belongs to another account"


async def test_404_no_such_image(home: House) -> None:
    response = await home.client.get(f"/v1/images/{NO_SUCH_IMAGE}", headers=home.headers)
    check_missing_image(response, NO_SUCH_IMAGE)


def check_missing_image(response: httpx2.Response, id: str) -> None:
    details = f"There is no image '{id}', or you can't access it"
    check(response, 404, "NOT_FOUND", "Image not found", details, reason="not_found", kind="image", id=id)


async def test_404_private_image_of_another_account(home: House) -> None:
    response = await home.client.post(
        "/v1/albums", headers=home.headers, json={"name": "mine", "is_public": False}
    )
    image = await home.upload(sample_images.png(), album_id=response.json()["data"]["id"])
    other = signed(await home.account("other"))
    for method in ("GET", "PATCH", "DELETE"):
        response = await home.client.request(
            method, f"/v1/images/{image['id']}", headers=other, json={"title": "x"}
        )
        check_missing_image(response, image["id"])


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/v1/images/", "/v1/images/a/b", "/api/v1/x", "/x/y"])
async def test_404_unknown_path(home: House, path: str) -> None:
    response = await home.client.get(path, headers=home.headers, follow_redirects=True)
    path = response.request.url.path
    details = f"There is nothing at '{path}'"
    check(response, 404, "NOT_FOUND", "Not Found", details, reason="not_found", path=path)


async def test_405_lists_allowed_methods(home: House) -> None:
    for path, allowed in [
        ("/v1/albums", "GET, HEAD, POST"),
        ("/v1/images/x", "DELETE, GET, HEAD, PATCH"),
        ("/api/v1/upload", "POST"),
        ("/img/x", "GET, HEAD"),
    ]:
        response = await home.client.put(path, headers=home.headers)
        check(
            response,
            405,
            "METHOD_NOT_ALLOWED",
            "Method Not Allowed",
            f"Allowed methods are {allowed}; you sent 'PUT'",
            reason="method_not_allowed",
            allowed=allowed,
            method="PUT",
        )
        assert response.headers["allow"] == allowed


async def test_413_by_content_length_before_the_body_is_read(home: House) -> None:
    async def body() -> AsyncIterator[bytes]:
        pytest.fail("The body was read")
        yield b""

    response = await home.client.post(
        "/v1/upload",
        content=body(),
        headers=home.headers
        | {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(75 * MEGABYTE),
        },
    )
    check(
        response,
        413,
        "PAYLOAD_TOO_LARGE",
        "File size exceeds maximum limit",
        "Maximum file size is 50MB. Your file is 75MB.",
        reason="too_large",
        what="file",
        limit=50 * MEGABYTE,
        actual=75 * MEGABYTE,
    )


async def test_413_while_the_body_is_streamed(home: House) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield HEAD
        while True:
            sent += MEGABYTE
            yield bytes(MEGABYTE)

    response = await home.client.post(
        "/v1/upload",
        content=endless(),
        headers=home.headers | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    error = response.json()["error"]
    assert response.status_code == 413
    assert error["details"] == "Maximum file size is 50MB. Your file is larger than that."
    assert sent <= 52 * MEGABYTE
    assert not list(home.services.storage.incoming.iterdir())


async def test_413_json_body(home: House) -> None:
    response = await home.client.post(
        "/v1/albums", headers=home.headers, json={"name": "x", "description": "x" * 300_000}
    )
    assert (response.status_code, response.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "picture",
    [
        sample_images.text(),
        sample_images.svg(),
        sample_images.bmp(),
        sample_images.tiff(),
        sample_images.avif(),
        b"",
    ],
)
async def test_415_by_content(home: House, picture: bytes) -> None:
    response = await home.client.post(
        "/v1/upload", headers=home.headers, files={"image": ("photo.jpg", picture, "image/jpeg")}
    )
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert error["message"] == "Unsupported image format"
    assert error["details"].startswith("Upload a JPG, PNG, WebP or GIF. This file is ")


async def test_422_missing_field(home: House) -> None:
    response = await home.client.post("/v1/albums", headers=home.headers, json={})
    message = "This field is required."
    assert response.status_code == 422
    assert response.json()["error"] == {
        "code": "VALIDATION_ERROR",
        "message": message,
        "details": f"name: {message}",
        "fields": {"name": [message]},
        "params": {"reason": "invalid_fields", "fields": {"name": [{"reason": "required"}]}},
    }


@pytest.mark.parametrize(
    "picture", [sample_images.cut(sample_images.png()), sample_images.png_bomb()], ids=["corrupt", "bomb"]
)
async def test_422_unusable_image(home: House, picture: bytes) -> None:
    response = await home.client.post("/v1/upload", headers=home.headers, files={"image": ("a", picture)})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (422, "VALIDATION_ERROR")
    (message,) = error["fields"]["image"]
    assert (error["message"], error["details"]) == (message, f"image: {message}")
    assert not list(home.services.storage.incoming.iterdir())
