"""The parity interface over REST."""

import re
from datetime import datetime
from io import BytesIO
from typing import Any

import httpx2
from PIL import Image as Pillow

from tests.parity.interface import (
    AccountResult,
    AlbumResult,
    CategoryResult,
    DeliveryResult,
    ImageResult,
    InterfaceError,
    VariantResult,
    WebhookResult,
)

FILTER_PARAMETERS = {"search": "q", "formats": "format"}
"""Query parameters of filters whose names differ from the resolvers' names."""


class RestInterface:
    def __init__(self, client: httpx2.AsyncClient, token: str | None = None) -> None:
        self.client = client
        self.token = token

    def with_token(self, token: str | None) -> "RestInterface":
        return RestInterface(self.client, token)

    async def upload(self, data: bytes, filename: str, **fields: Any) -> ImageResult:
        return _image(await self._request("POST", "/upload", data=fields, files={"image": (filename, data)}))

    async def image(self, id: str) -> ImageResult:
        return _image(await self._request("GET", f"/images/{id}"))

    async def images(self, **conditions: Any) -> list[ImageResult]:
        params = {
            FILTER_PARAMETERS.get(name, name): _query_value(value) for name, value in conditions.items()
        }
        return [_image(each) for each in await self._request("GET", "/images", params=params)]

    async def variant(self, id: str, query: str) -> VariantResult:
        response = await self.client.get(f"/img/{id}?{query}", headers=self._headers())
        if not response.is_success:
            raise _error(response.json())
        with Pillow.open(BytesIO(response.content)) as image:
            format = response.headers["content-type"].removeprefix("image/").replace("jpeg", "jpg")
            return VariantResult(format, *image.size)

    async def update_image(self, id: str, **changes: Any) -> ImageResult:
        return _image(await self._request("PATCH", f"/images/{id}", json=changes))

    async def delete_image(self, id: str) -> int:
        data = await self._request("DELETE", f"/images/{id}")
        assert data["id"] == id
        assert data["deleted"] is True
        return int(data["variants_removed"])

    async def create_album(self, **fields: Any) -> AlbumResult:
        return _album(await self._request("POST", "/albums", json=fields))

    async def album(self, id: str) -> AlbumResult:
        return _album(await self._request("GET", f"/albums/{id}"))

    async def albums(self) -> list[AlbumResult]:
        return [_album(each) for each in await self._request("GET", "/albums")]

    async def update_album(self, id: str, **changes: Any) -> AlbumResult:
        return _album(await self._request("PATCH", f"/albums/{id}", json=changes))

    async def delete_album(self, id: str, *, delete_images: bool = False) -> None:
        await self._request(
            "DELETE", f"/albums/{id}", params={"delete_images": "true"} if delete_images else {}
        )

    async def create_category(self, **fields: Any) -> CategoryResult:
        return _category(await self._request("POST", "/categories", json=fields))

    async def category(self, id: str) -> CategoryResult:
        return _category(await self._request("GET", f"/categories/{id}"))

    async def categories(self) -> list[CategoryResult]:
        return [_category(each) for each in await self._request("GET", "/categories")]

    async def update_category(self, id: str, **changes: Any) -> CategoryResult:
        return _category(await self._request("PATCH", f"/categories/{id}", json=changes))

    async def delete_category(self, id: str) -> None:
        await self._request("DELETE", f"/categories/{id}")

    async def account(self) -> AccountResult:
        data = await self._request("GET", "/account")
        return AccountResult(
            id=data["id"], username=data["username"], role=data["role"], quota=data["quota"], **data["usage"]
        )

    async def create_webhook(self, **fields: Any) -> tuple[WebhookResult, str]:
        data = await self._request("POST", "/webhooks", json=fields)
        return _webhook(data), data["secret"]

    async def webhook(self, id: str) -> WebhookResult:
        return _webhook(await self._request("GET", f"/webhooks/{id}"))

    async def webhooks(self) -> list[WebhookResult]:
        return [_webhook(each) for each in await self._request("GET", "/webhooks")]

    async def update_webhook(self, id: str, **changes: Any) -> WebhookResult:
        return _webhook(await self._request("PATCH", f"/webhooks/{id}", json=changes))

    async def delete_webhook(self, id: str) -> None:
        await self._request("DELETE", f"/webhooks/{id}")

    async def rotate_webhook_secret(self, id: str) -> str:
        return str((await self._request("POST", f"/webhooks/{id}/rotate-secret"))["secret"])

    async def ping_webhook(self, id: str) -> None:
        assert (await self._request("POST", f"/webhooks/{id}/test"))["id"] == id

    async def deliveries(self, id: str, status: str | None = None) -> list[DeliveryResult]:
        params = {"status": status} if status else {}
        return [
            _delivery(each)
            for each in await self._request("GET", f"/webhooks/{id}/deliveries", params=params)
        ]

    async def redeliver(self, webhook_id: str, delivery_id: str) -> DeliveryResult:
        path = f"/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver"
        return _delivery(await self._request("POST", path))

    async def _request(self, method: str, path: str, **options: Any) -> Any:
        response = await self.client.request(method, f"/v1{path}", headers=self._headers(), **options)
        body = response.json()
        assert body["success"] is response.is_success
        if not body["success"]:
            raise _error(body)
        return body["data"]

    def _headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}


def _error(body: dict[str, Any]) -> InterfaceError:
    error = body["error"]
    assert body["message"] == error["message"]
    return InterfaceError(error["code"], error["message"], error["details"], error.get("fields", {}))


def _query_value(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case bool():
            return str(value).lower()
        case list():
            return ",".join(value)
    return value


def _image(data: dict[str, Any]) -> ImageResult:
    names = ImageResult.__dataclass_fields__
    return ImageResult(**{name: data[name] for name in names} | {"tags": tuple(data["tags"])})


def _album(data: dict[str, Any]) -> AlbumResult:
    return AlbumResult(
        id=data["id"],
        name=data["name"],
        description=data["description"],
        is_public=data["is_public"],
        image_count=data["image_count"],
        cover=data["cover_url"] and re.findall(r"img_\w{26}", data["cover_url"])[0],
    )


def _category(data: dict[str, Any]) -> CategoryResult:
    return CategoryResult(id=data["id"], name=data["name"], description=data["description"])


def _webhook(data: dict[str, Any]) -> WebhookResult:
    names = WebhookResult.__dataclass_fields__
    return WebhookResult(**{name: data[name] for name in names} | {"events": tuple(data["events"])})


def _delivery(data: dict[str, Any]) -> DeliveryResult:
    return DeliveryResult(
        id=data["id"],
        event_id=data["event_id"],
        event=data["event"],
        status=data["status"],
        attempts=tuple((each["outcome"], each["status"]) for each in data["attempts"]),
        is_waiting=data["next_attempt_at"] is not None,
    )
