"""The house through its GraphQL face."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx2

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

IMAGE = """fragment ImageParts on Image {
  id url filename title description album { id } category { id } tags format mimeType width height frames size sha256
  thumbhash dominantColor isPublic
}"""
ALBUM = "fragment AlbumParts on Album { id name description isPublic imageCount cover { id } }"
CATEGORY = "fragment CategoryParts on Category { id name description }"

WEBHOOK = "fragment WebhookParts on Webhook { id url description events isActive disabledReason }"
DELIVERY = """fragment DeliveryParts on Delivery {
  id event { id type } status attempts { outcome statusCode } nextAttemptAt
}"""


WORDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "preset": ("preset", str),
    "w": ("width", int),
    "h": ("height", int),
    "fit": ("fit", str.upper),
    "fm": ("format", str.upper),
}
"""What a parameter of addresses is called here, and how its value is written."""


class ByGraphQL:
    def __init__(self, client: httpx2.AsyncClient, token: str | None = None) -> None:
        self.client = client
        self.token = token

    def of(self, token: str | None) -> "ByGraphQL":
        return ByGraphQL(self.client, token)

    async def upload(self, data: bytes, filename: str, **words: Any) -> SeenImage:
        operations = {
            "query": "mutation($input: UploadImageInput!) { uploadImage(input: $input) { image { ...ImageParts } } }"
            + IMAGE,
            "variables": {"input": {"file": None, **_camel(words)}},
        }
        form = {"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.input.file"]})}
        answer = await self.client.post(
            "/graphql", data=form, files={"0": (filename, data)}, headers=self._headers()
        )
        return _image(_data(answer)["uploadImage"]["image"])

    async def image(self, id: str) -> SeenImage:
        data = await self._run("query($id: ID!) { image(id: $id) { ...ImageParts } }" + IMAGE, id=id)
        return _image(data["image"])

    async def images(self, **which: Any) -> list[SeenImage]:
        data = await self._run(
            "query($filter: ImageFilter) { images(filter: $filter) { nodes { ...ImageParts } } }" + IMAGE,
            filter=_filter(which),
        )
        return [_image(node) for node in data["images"]["nodes"]]

    async def picture(self, id: str, query: str) -> SeenPicture:
        data = await self._run(
            """query($id: ID!, $transform: TransformInput!) {
              image(id: $id) { variant(transform: $transform) { format width height } }
            }""",
            id=id,
            transform={WORDS[name][0]: WORDS[name][1](value) for name, value in parse_qsl(query)},
        )
        variant = data["image"]["variant"]
        return SeenPicture(variant["format"].lower(), variant["width"], variant["height"])

    async def update_image(self, id: str, **changes: Any) -> SeenImage:
        return _image(
            (await self._mutate("updateImage", "image { ...ImageParts }", IMAGE, id, changes))["image"]
        )

    async def delete_image(self, id: str) -> int:
        data = await self._mutate("deleteImage", "deletedImageId variantsRemoved", "", id, {})
        assert data["deletedImageId"] == id
        return int(data["variantsRemoved"])

    async def create_album(self, **words: Any) -> SeenAlbum:
        return _album(
            (await self._mutate("createAlbum", "album { ...AlbumParts }", ALBUM, None, words))["album"]
        )

    async def album(self, id: str) -> SeenAlbum:
        data = await self._run("query($id: ID!) { album(id: $id) { ...AlbumParts } }" + ALBUM, id=id)
        return _album(data["album"])

    async def albums(self) -> list[SeenAlbum]:
        data = await self._run("{ albums { edges { node { ...AlbumParts } } } }" + ALBUM)
        return [_album(edge["node"]) for edge in data["albums"]["edges"]]

    async def update_album(self, id: str, **changes: Any) -> SeenAlbum:
        return _album(
            (await self._mutate("updateAlbum", "album { ...AlbumParts }", ALBUM, id, changes))["album"]
        )

    async def delete_album(self, id: str, *, delete_images: bool = False) -> None:
        await self._mutate("deleteAlbum", "deletedAlbumId", "", id, {"delete_images": delete_images})

    async def create_category(self, **words: Any) -> SeenCategory:
        return _category(
            (await self._mutate("createCategory", "category { ...CategoryParts }", CATEGORY, None, words))[
                "category"
            ]
        )

    async def category(self, id: str) -> SeenCategory:
        data = await self._run("query($id: ID!) { category(id: $id) { ...CategoryParts } }" + CATEGORY, id=id)
        return _category(data["category"])

    async def categories(self) -> list[SeenCategory]:
        data = await self._run("{ categories { nodes { ...CategoryParts } } }" + CATEGORY)
        return [_category(node) for node in data["categories"]["nodes"]]

    async def update_category(self, id: str, **changes: Any) -> SeenCategory:
        return _category(
            (await self._mutate("updateCategory", "category { ...CategoryParts }", CATEGORY, id, changes))[
                "category"
            ]
        )

    async def delete_category(self, id: str) -> None:
        await self._mutate("deleteCategory", "deletedCategoryId", "", id, {})

    async def account(self) -> SeenAccount:
        data = await self._run("{ viewer { id username role usage { bytes images quota } } }")
        viewer = data["viewer"]
        if viewer is None:
            raise Refused("UNAUTHORIZED", "nobody", "viewer is null")
        return SeenAccount(
            id=viewer["id"], username=viewer["username"], role=viewer["role"].lower(), **viewer["usage"]
        )

    async def create_webhook(self, **words: Any) -> tuple[SeenWebhook, str]:
        words |= {"events": [_upper(name) for name in words.get("events", [])]}
        selection = "secret webhook { ...WebhookParts }"
        data = await self._mutate("createWebhook", selection, WEBHOOK, None, words)
        return _webhook(data["webhook"]), data["secret"]

    async def webhook(self, id: str) -> SeenWebhook:
        data = await self._run("query($id: ID!) { webhook(id: $id) { ...WebhookParts } }" + WEBHOOK, id=id)
        return _webhook(data["webhook"])

    async def webhooks(self) -> list[SeenWebhook]:
        data = await self._run("{ webhooks { nodes { ...WebhookParts } } }" + WEBHOOK)
        return [_webhook(node) for node in data["webhooks"]["nodes"]]

    async def update_webhook(self, id: str, **changes: Any) -> SeenWebhook:
        if "events" in changes:
            changes["events"] = [_upper(name) for name in changes["events"]]
        data = await self._mutate("updateWebhook", "webhook { ...WebhookParts }", WEBHOOK, id, changes)
        return _webhook(data["webhook"])

    async def delete_webhook(self, id: str) -> None:
        await self._mutate("deleteWebhook", "deletedWebhookId", "", id, {})

    async def rotate_webhook_secret(self, id: str) -> str:
        return str((await self._mutate("rotateWebhookSecret", "secret webhook { id }", "", id, {}))["secret"])

    async def ping_webhook(self, id: str) -> None:
        assert (await self._mutate("pingWebhook", "webhook { id }", "", id, {}))["webhook"]["id"] == id

    async def deliveries(self, id: str, status: str | None = None) -> list[SeenDelivery]:
        data = await self._run(
            """query($id: ID!, $status: DeliveryStatus) {
              webhook(id: $id) { deliveries(status: $status) { nodes { ...DeliveryParts } } }
            }"""
            + DELIVERY,
            id=id,
            status=status and _upper(status),
        )
        return [_delivery(node) for node in data["webhook"]["deliveries"]["nodes"]]

    async def redeliver(self, webhook_id: str, delivery_id: str) -> SeenDelivery:
        data = await self._mutate(
            "redeliver", "delivery { ...DeliveryParts }", DELIVERY, None, {"delivery_id": delivery_id}
        )
        return _delivery(data["delivery"])

    async def _mutate(
        self, name: str, selection: str, fragment: str, id: str | None, words: dict[str, Any]
    ) -> Any:
        kind = name[0].upper() + name[1:]
        document = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {selection} }} }}{fragment}"
        given = _camel(words) | ({} if id is None else {"id": id})
        return (await self._run(document, input=given))[name]

    async def _run(self, document: str, **variables: Any) -> Any:
        answer = await self.client.post(
            "/graphql", json={"query": document, "variables": variables}, headers=self._headers()
        )
        return _data(answer)

    def _headers(self) -> dict[str, str]:
        signed = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return {"GraphQL-Require-Preflight": "1"} | signed


def _data(answer: httpx2.Response) -> Any:
    body = answer.json()
    for error in body.get("errors", ()):
        extensions = error["extensions"]
        raise Refused(
            extensions["code"], error["message"], extensions["details"], extensions.get("fields", {})
        )
    return body["data"]


def _filter(which: dict[str, Any]) -> dict[str, Any]:
    written = {name: each.isoformat() if isinstance(each, datetime) else each for name, each in which.items()}
    if "formats" in which:
        written["formats"] = [format.name for format in which["formats"]]
    return _camel(written)


def _camel(words: dict[str, Any]) -> dict[str, Any]:
    return {_camel_word(name): value for name, value in words.items()}


def _camel_word(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _image(node: dict[str, Any]) -> SeenImage:
    return SeenImage(
        id=node["id"],
        url=node["url"],
        filename=node["filename"],
        title=node["title"],
        description=node["description"],
        album_id=node["album"] and node["album"]["id"],
        category_id=node["category"] and node["category"]["id"],
        tags=tuple(node["tags"]),
        format=node["format"].lower(),
        mime_type=node["mimeType"],
        width=node["width"],
        height=node["height"],
        frames=node["frames"],
        size=node["size"],
        sha256=node["sha256"],
        thumbhash=node["thumbhash"],
        dominant_color=node["dominantColor"],
        is_public=node["isPublic"],
    )


def _album(node: dict[str, Any]) -> SeenAlbum:
    return SeenAlbum(
        id=node["id"],
        name=node["name"],
        description=node["description"],
        is_public=node["isPublic"],
        image_count=node["imageCount"],
        cover=node["cover"] and node["cover"]["id"],
    )


def _category(node: dict[str, Any]) -> SeenCategory:
    return SeenCategory(**node)


def _webhook(node: dict[str, Any]) -> SeenWebhook:
    reason = node["disabledReason"]
    return SeenWebhook(
        id=node["id"],
        url=node["url"],
        description=node["description"],
        events=tuple(_type(name) for name in node["events"]),
        is_active=node["isActive"],
        disabled_reason=reason and reason.lower(),
    )


def _delivery(node: dict[str, Any]) -> SeenDelivery:
    return SeenDelivery(
        id=node["id"],
        event_id=node["event"]["id"],
        event=_type(node["event"]["type"]),
        status=node["status"].lower(),
        attempts=tuple((each["outcome"].lower(), each["statusCode"]) for each in node["attempts"]),
        is_waiting=node["nextAttemptAt"] is not None,
    )


def _upper(word: str) -> str:
    return word.replace(".", "_").upper()


def _type(name: str) -> str:
    return name.lower().replace("_", ".")
