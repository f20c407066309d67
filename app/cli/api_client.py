"""REST client for uploads."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Any, BinaryIO, Self, TypeAlias

import httpx2

Image: TypeAlias = dict[str, Any]
"""An image as returned by `/v1`."""

ALBUM_PREFIX = "alb_"
MAX_RETRY_SECONDS = 60
MAX_ATTEMPTS = 3
RETRY_STATUSES = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
TIMEOUT = httpx2.Timeout(120, connect=15)


class UploadFailed(Exception):
    """An upload failed. The text has the reason; `code` and `status` are from the server's response, if any."""

    def __init__(self, details: str, *, code: str | None = None, status: int | None = None) -> None:
        super().__init__(details)
        self.facts = {"status": status, "code": code, "details": details}


class ApiClient:
    """Client of a PicHub server with a token. `tell` is called with reasons for delays.

    with ApiClient("https://pictures.example.org", token, tell=print) as pichub:
        image = pichub.upload(file, "harbour.jpg")
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        tell: Callable[[str], None],
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address
        self._tell = tell
        self._wait = wait
        self._client = httpx2.Client(
            base_url=f"{address}/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def upload(self, file: BinaryIO, name: str, album_id: str | None = None) -> Image:
        """Upload a file, streaming it, and again if the server asks to retry. Returns the image.

        Raises UploadFailed.
        """
        fields = {"album_id": album_id} if album_id else {}

        def post() -> httpx2.Response:
            file.seek(0)
            return self._client.post("upload", data=fields, files={"image": (name, file)})

        match self._request(post, name):
            case {"data": {"id": str(), "links": {}} as image}:
                return dict(image)
        raise UploadFailed(f"{self._address} did not say which image it made, as a PicHub does")

    def album_id(self, album: str) -> str:
        """Return the id of the album with this id or name. Raises UploadFailed if there is none, or several."""
        if album.startswith(ALBUM_PREFIX):
            return album
        ids = [each["id"] for each in self._albums() if each["name"] == album]
        if len(ids) > 1:
            raise UploadFailed(f"There are {len(ids)} albums named {album!r}; give the id: {', '.join(ids)}")
        if not ids:
            raise UploadFailed(f"There is no album named {album!r}")
        return str(ids[0])

    def _albums(self) -> Iterator[dict[str, Any]]:
        page, last = 1, 1
        while page <= last:
            answer = self._request(partial(self._client.get, f"albums?page={page}&per_page=100"), "albums")
            yield from answer["data"]
            page, last = page + 1, answer["meta"]["last_page"]

    def _request(self, request: Callable[[], httpx2.Response], what: str) -> dict[str, Any]:
        """Return the response, retrying when the server asks to. Raises UploadFailed."""
        for tries_left in reversed(range(MAX_ATTEMPTS)):
            answer = self._send(request)
            seconds = _retry_after(answer)
            if not tries_left or seconds is None or seconds > MAX_RETRY_SECONDS:
                break
            self._tell(f"{what}: the server asks to wait {seconds} s")
            self._wait(seconds)
        return self._read(answer)

    def _send(self, request: Callable[[], httpx2.Response]) -> httpx2.Response:
        try:
            return request()
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise UploadFailed(f"{self._address} can't be reached: {reason}") from error

    def _read(self, answer: httpx2.Response) -> dict[str, Any]:
        if answer.has_redirect_location:
            location = answer.headers["location"]
            raise UploadFailed(
                f"{self._address} sends on to {location}; give that server's address instead",
                status=answer.status_code,
            )
        try:
            body: Any = answer.json()
        except ValueError:
            body = None
        match body:
            case {"success": True, "data": _}:
                return dict(body)
            case {"success": False, "error": {"code": str(code), "details": str(details)}}:
                raise UploadFailed(details, code=code, status=answer.status_code)
        said = f"{answer.status_code} {answer.reason_phrase}".strip()
        raise UploadFailed(
            f"{self._address} answered {said}, not as a PicHub does", status=answer.status_code
        )


def _retry_after(answer: httpx2.Response) -> int | None:
    """Return the seconds to wait before a retry; None if a retry is not requested."""
    text = answer.headers.get("retry-after", "")
    return int(text) if answer.status_code in RETRY_STATUSES and text.isascii() and text.isdigit() else None
