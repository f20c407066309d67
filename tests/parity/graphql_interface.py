"""The parity interface over GraphQL."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx2

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


TRANSFORM_FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "preset": ("preset", str),
    "w": ("width", int),
    "h": ("height", int),
    "fit": ("fit", str.upper),
    "fm": ("format", str.upper),
}
"""The GraphQL field and the type of the value, by URL parameter."""


class GraphQLInterface:
    def __init__(self, client: httpx2.AsyncClient, token: str | None = None) -> None:
        self.client = client
        self.token = token

    def with_token(self, token: str | None) -> "GraphQLInterface":
        return GraphQLInterface(self.client, token)

    async def upload(self, data: bytes, filename: str, **fields: Any) -> ImageResult:
        operations = {
            "query": "mutation($input: UploadImageInput!) { uploadImage(input: $input) { image { ...ImageParts } } }"
            + IMAGE,
            "variables": {"input": {"file": None, **_camel_keys(fields)}},
        }
        form = {"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.input.file"]})}
        response = await self.client.post(
            "/graphql", data=form, files={"0": (filename, data)}, headers=self._headers()
        )
        return _image(_data(response)["uploadImage"]["image"])

    async def image(self, id: str) -> ImageResult:
        data = await self._run("query($id: ID!) { image(id: $id) { ...ImageParts } }" + IMAGE, id=id)
        return _image(data["image"])

    async def images(self, **conditions: Any) -> list[ImageResult]:
        data = await self._run(
            "query($filter: ImageFilter) { images(filter: $filter) { nodes { ...ImageParts } } }" + IMAGE,
            filter=_filter(conditions),
        )
        return [_image(node) for node in data["images"]["nodes"]]

    async def variant(self, id: str, query: str) -> VariantResult:
        data = await self._run(
            """query($id: ID!, $transform: TransformInput!) {
              image(id: $id) { variant(transform: $transform) { format width height } }
            }""",
            id=id,
            transform={
                TRANSFORM_FIELDS[name][0]: TRANSFORM_FIELDS[name][1](value)
                for name, value in parse_qsl(query)
            },
        )
        variant = data["image"]["variant"]
        return VariantResult(variant["format"].lower(), variant["width"], variant["height"])

    async def update_image(self, id: str, **changes: Any) -> ImageResult:
        return _image(
            (await self._mutate("updateImage", "image { ...ImageParts }", IMAGE, id, changes))["image"]
        )

    async def delete_image(self, id: str) -> int:
        data = await self._mutate("deleteImage", "deletedImageId variantsRemoved", "", id, {})
        assert data["deletedImageId"] == id
        return int(data["variantsRemoved"])

    async def create_album(self, **fields: Any) -> AlbumResult:
        return _album(
            (await self._mutate("createAlbum", "album { ...AlbumParts }", ALBUM, None, fields))["album"]
        )

    async def album(self, id: str) -> AlbumResult:
        data = await self._run("query($id: ID!) { album(id: $id) { ...AlbumParts } }" + ALBUM, id=id)
        return _album(data["album"])

    async def albums(self) -> list[AlbumResult]:
        data = await self._run("{ albums { edges { node { ...AlbumParts } } } }" + ALBUM)
        return [_album(edge["node"]) for edge in data["albums"]["edges"]]

    async def update_album(self, id: str, **changes: Any) -> AlbumResult:
        return _album(
            (await self._mutate("updateAlbum", "album { ...AlbumParts }", ALBUM, id, changes))["album"]
        )

    async def delete_album(self, id: str, *, delete_images: bool = False) -> None:
        await self._mutate("deleteAlbum", "deletedAlbumId", "", id, {"delete_images": delete_images})

    async def create_category(self, **fields: Any) -> CategoryResult:
        return _category(
            (await self._mutate("createCategory", "category { ...CategoryParts }", CATEGORY, None, fields))[
                "category"
            ]
        )

    async def category(self, id: str) -> CategoryResult:
        data = await self._run("query($id: ID!) { category(id: $id) { ...CategoryParts } }" + CATEGORY, id=id)
        return _category(data["category"])

    async def categories(self) -> list[CategoryResult]:
        data = await self._run("{ categories { nodes { ...CategoryParts } } }" + CATEGORY)
        return [_category(node) for node in data["categories"]["nodes"]]

    async def update_category(self, id: str, **changes: Any) -> CategoryResult:
        return _category(
            (await self._mutate("updateCategory", "category { ...CategoryParts }", CATEGORY, id, changes))[
                "category"
            ]
        )

    async def delete_category(self, id: str) -> None:
        await self._mutate("deleteCategory", "deletedCategoryId", "", id, {})

    async def account(self) -> AccountResult:
        data = await self._run("{ viewer { id username role usage { bytes images quota } } }")
        viewer = data["viewer"]
        if viewer is None:
            raise InterfaceError("UNAUTHORIZED", "Anonymous", "viewer is null")
        return AccountResult(
            id=viewer["id"], username=viewer["username"], role=viewer["role"].lower(), **viewer["usage"]
        )

    async def create_webhook(self, **fields: Any) -> tuple[WebhookResult, str]:
        fields |= {"events": [_enum_name(name) for name in fields.get("events", [])]}
        selection = "secret webhook { ...WebhookParts }"
        data = await self._mutate("createWebhook", selection, WEBHOOK, None, fields)
        return _webhook(data["webhook"]), data["secret"]

    async def webhook(self, id: str) -> WebhookResult:
        data = await self._run("query($id: ID!) { webhook(id: $id) { ...WebhookParts } }" + WEBHOOK, id=id)
        return _webhook(data["webhook"])

    async def webhooks(self) -> list[WebhookResult]:
        data = await self._run("{ webhooks { nodes { ...WebhookParts } } }" + WEBHOOK)
        return [_webhook(node) for node in data["webhooks"]["nodes"]]

    async def update_webhook(self, id: str, **changes: Any) -> WebhookResult:
        if "events" in changes:
            changes["events"] = [_enum_name(name) for name in changes["events"]]
        data = await self._mutate("updateWebhook", "webhook { ...WebhookParts }", WEBHOOK, id, changes)
        return _webhook(data["webhook"])

    async def delete_webhook(self, id: str) -> None:
        await self._mutate("deleteWebhook", "deletedWebhookId", "", id, {})

    async def rotate_webhook_secret(self, id: str) -> str:
        return str((await self._mutate("rotateWebhookSecret", "secret webhook { id }", "", id, {}))["secret"])

    async def ping_webhook(self, id: str) -> None:
        assert (await self._mutate("pingWebhook", "webhook { id }", "", id, {}))["webhook"]["id"] == id

    async def deliveries(self, id: str, status: str | None = None) -> list[DeliveryResult]:
        data = await self._run(
            """query($id: ID!, $status: DeliveryStatus) {
              webhook(id: $id) { deliveries(status: $status) { nodes { ...DeliveryParts } } }
            }"""
            + DELIVERY,
            id=id,
            status=status and _enum_name(status),
        )
        return [_delivery(node) for node in data["webhook"]["deliveries"]["nodes"]]

    async def redeliver(self, webhook_id: str, delivery_id: str) -> DeliveryResult:
        data = await self._mutate(
            "redeliver", "delivery { ...DeliveryParts }", DELIVERY, None, {"delivery_id": delivery_id}
        )
        return _delivery(data["delivery"])

    async def _mutate(
        self, name: str, selection: str, fragment: str, id: str | None, fields: dict[str, Any]
    ) -> Any:
        kind = name[0].upper() + name[1:]
        document = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {selection} }} }}{fragment}"
        input_fields = _camel_keys(fields) | ({} if id is None else {"id": id})
        return (await self._run(document, input=input_fields))[name]

    async def _run(self, document: str, **variables: Any) -> Any:
        response = await self.client.post(
            "/graphql", json={"query": document, "variables": variables}, headers=self._headers()
        )
        return _data(response)

    def _headers(self) -> dict[str, str]:
        authorization = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return {"GraphQL-Require-Preflight": "1"} | authorization


def _data(response: httpx2.Response) -> Any:
    body = response.json()
    for error in body.get("errors", ()):
        extensions = error["extensions"]
        raise InterfaceError(
            extensions["code"], error["message"], extensions["details"], extensions.get("fields", {})
        )
    return body["data"]


def _filter(conditions: dict[str, Any]) -> dict[str, Any]:
    filter_input = {
        name: each.isoformat() if isinstance(each, datetime) else each for name, each in conditions.items()
    }
    if "formats" in conditions:
        filter_input["formats"] = [format.name for format in conditions["formats"]]
    return _camel_keys(filter_input)


def _camel_keys(fields: dict[str, Any]) -> dict[str, Any]:
    return {_camel_case(name): value for name, value in fields.items()}


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _image(node: dict[str, Any]) -> ImageResult:
    return ImageResult(
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


def _album(node: dict[str, Any]) -> AlbumResult:
    return AlbumResult(
        id=node["id"],
        name=node["name"],
        description=node["description"],
        is_public=node["isPublic"],
        image_count=node["imageCount"],
        cover=node["cover"] and node["cover"]["id"],
    )


def _category(node: dict[str, Any]) -> CategoryResult:
    return CategoryResult(**node)


def _webhook(node: dict[str, Any]) -> WebhookResult:
    reason = node["disabledReason"]
    return WebhookResult(
        id=node["id"],
        url=node["url"],
        description=node["description"],
        events=tuple(_event_type(name) for name in node["events"]),
        is_active=node["isActive"],
        disabled_reason=reason and reason.lower(),
    )


def _delivery(node: dict[str, Any]) -> DeliveryResult:
    return DeliveryResult(
        id=node["id"],
        event_id=node["event"]["id"],
        event=_event_type(node["event"]["type"]),
        status=node["status"].lower(),
        attempts=tuple((each["outcome"].lower(), each["statusCode"]) for each in node["attempts"]),
        is_waiting=node["nextAttemptAt"] is not None,
    )


def _enum_name(name: str) -> str:
    return name.replace(".", "_").upper()


def _event_type(name: str) -> str:
    return name.lower().replace("_", ".")
