"""The house through its REST face."""

import re
from datetime import datetime
from io import BytesIO
from typing import Any

import httpx2
from PIL import Image as Picture

from tests.parity.seen import (
    Refused,
    SeenAccount,
    SeenAlbum,
    SeenCategory,
    SeenDelivery,
    SeenImage,
    SeenPicture,
    SeenWebhook,
)

WORDS = {"search": "q", "formats": "format"}
"""What a condition is called here."""


class ByRest:
    def __init__(self, client: httpx2.AsyncClient, token: str | None = None) -> None:
        self.client = client
        self.token = token

    def of(self, token: str | None) -> "ByRest":
        return ByRest(self.client, token)

    async def upload(self, data: bytes, filename: str, **words: Any) -> SeenImage:
        return _image(await self._ask("POST", "/upload", data=words, files={"image": (filename, data)}))

    async def image(self, id: str) -> SeenImage:
        return _image(await self._ask("GET", f"/images/{id}"))

    async def images(self, **which: Any) -> list[SeenImage]:
        params = {WORDS.get(name, name): _written(value) for name, value in which.items()}
        return [_image(each) for each in await self._ask("GET", "/images", params=params)]

    async def picture(self, id: str, query: str) -> SeenPicture:
        answer = await self.client.get(f"/img/{id}?{query}", headers=self._headers())
        if not answer.is_success:
            raise _refused(answer.json())
        with Picture.open(BytesIO(answer.content)) as picture:
            kind = answer.headers["content-type"].removeprefix("image/").replace("jpeg", "jpg")
            return SeenPicture(kind, *picture.size)

    async def update_image(self, id: str, **changes: Any) -> SeenImage:
        return _image(await self._ask("PATCH", f"/images/{id}", json=changes))

    async def delete_image(self, id: str) -> int:
        data = await self._ask("DELETE", f"/images/{id}")
        assert data["id"] == id
        assert data["deleted"] is True
        return int(data["variants_removed"])

    async def create_album(self, **words: Any) -> SeenAlbum:
        return _album(await self._ask("POST", "/albums", json=words))

    async def album(self, id: str) -> SeenAlbum:
        return _album(await self._ask("GET", f"/albums/{id}"))

    async def albums(self) -> list[SeenAlbum]:
        return [_album(each) for each in await self._ask("GET", "/albums")]

    async def update_album(self, id: str, **changes: Any) -> SeenAlbum:
        return _album(await self._ask("PATCH", f"/albums/{id}", json=changes))

    async def delete_album(self, id: str, *, delete_images: bool = False) -> None:
        await self._ask("DELETE", f"/albums/{id}", params={"delete_images": "true"} if delete_images else {})

    async def create_category(self, **words: Any) -> SeenCategory:
        return _category(await self._ask("POST", "/categories", json=words))

    async def category(self, id: str) -> SeenCategory:
        return _category(await self._ask("GET", f"/categories/{id}"))

    async def categories(self) -> list[SeenCategory]:
        return [_category(each) for each in await self._ask("GET", "/categories")]

    async def update_category(self, id: str, **changes: Any) -> SeenCategory:
        return _category(await self._ask("PATCH", f"/categories/{id}", json=changes))

    async def delete_category(self, id: str) -> None:
        await self._ask("DELETE", f"/categories/{id}")

    async def account(self) -> SeenAccount:
        data = await self._ask("GET", "/account")
        return SeenAccount(
            id=data["id"], username=data["username"], role=data["role"], quota=data["quota"], **data["usage"]
        )

    async def create_webhook(self, **words: Any) -> tuple[SeenWebhook, str]:
        data = await self._ask("POST", "/webhooks", json=words)
        return _webhook(data), data["secret"]

    async def webhook(self, id: str) -> SeenWebhook:
        return _webhook(await self._ask("GET", f"/webhooks/{id}"))

    async def webhooks(self) -> list[SeenWebhook]:
        return [_webhook(each) for each in await self._ask("GET", "/webhooks")]

    async def update_webhook(self, id: str, **changes: Any) -> SeenWebhook:
        return _webhook(await self._ask("PATCH", f"/webhooks/{id}", json=changes))

    async def delete_webhook(self, id: str) -> None:
        await self._ask("DELETE", f"/webhooks/{id}")

    async def rotate_webhook_secret(self, id: str) -> str:
        return str((await self._ask("POST", f"/webhooks/{id}/rotate-secret"))["secret"])

    async def ping_webhook(self, id: str) -> None:
        assert (await self._ask("POST", f"/webhooks/{id}/test"))["id"] == id

    async def deliveries(self, id: str, status: str | None = None) -> list[SeenDelivery]:
        params = {"status": status} if status else {}
        return [
            _delivery(each) for each in await self._ask("GET", f"/webhooks/{id}/deliveries", params=params)
        ]

    async def redeliver(self, webhook_id: str, delivery_id: str) -> SeenDelivery:
        path = f"/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver"
        return _delivery(await self._ask("POST", path))

    async def _ask(self, method: str, path: str, **request: Any) -> Any:
        answer = await self.client.request(method, f"/v1{path}", headers=self._headers(), **request)
        body = answer.json()
        assert body["success"] is answer.is_success
        if not body["success"]:
            raise _refused(body)
        return body["data"]

    def _headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}


def _refused(body: dict[str, Any]) -> Refused:
    error = body["error"]
    assert body["message"] == error["message"]
    return Refused(error["code"], error["message"], error["details"], error.get("fields", {}))


def _written(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case bool():
            return str(value).lower()
        case list():
            return ",".join(value)
    return value


def _image(data: dict[str, Any]) -> SeenImage:
    names = SeenImage.__dataclass_fields__
    return SeenImage(**{name: data[name] for name in names} | {"tags": tuple(data["tags"])})


def _album(data: dict[str, Any]) -> SeenAlbum:
    return SeenAlbum(
        id=data["id"],
        name=data["name"],
        description=data["description"],
        is_public=data["is_public"],
        image_count=data["image_count"],
        cover=data["cover_url"] and re.findall(r"img_\w{26}", data["cover_url"])[0],
    )


def _category(data: dict[str, Any]) -> SeenCategory:
    return SeenCategory(id=data["id"], name=data["name"], description=data["description"])


def _webhook(data: dict[str, Any]) -> SeenWebhook:
    names = SeenWebhook.__dataclass_fields__
    return SeenWebhook(**{name: data[name] for name in names} | {"events": tuple(data["events"])})


def _delivery(data: dict[str, Any]) -> SeenDelivery:
    return SeenDelivery(
        id=data["id"],
        event_id=data["event_id"],
        event=data["event"],
        status=data["status"],
        attempts=tuple((each["outcome"], each["status"]) for each in data["attempts"]),
        is_waiting=data["next_attempt_at"] is not None,
    )
