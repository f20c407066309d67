"""Presentation in JSON: the envelope, and the resources as documented."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from app import models
from app.context import Context
from app.errors import PicHubError
from app.imaging.formats import MIME_TYPES
from app.pagination import NumberedPage
from app.resolvers import quotas, variants

# Responses are for one account and must not be cached.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class EnvelopeResponse(Response):
    """A JSON response; times are in UTC, with the suffix Z."""

    media_type = "application/json"

    def __init__(
        self, body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(body, status, {**HEADERS, **(headers or {})})

    def render(self, content: Any) -> bytes:
        return _to_json(content)


def _to_json(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)


def success(data: Any) -> Response:
    return EnvelopeResponse({"success": True, "data": data})


def listing(page: NumberedPage[Any], data: Sequence[Any]) -> Response:
    """Return a numbered page. Items may be serialized already."""
    meta = {
        "current_page": page.request.page,
        "per_page": page.request.per_page,
        "total": page.total,
        "last_page": page.last_page,
    }
    return EnvelopeResponse({"success": True, "data": data, "meta": meta})


def created(data: Any, location: str, headers: Mapping[str, str] | None = None) -> Response:
    headers = {"Location": location, **(headers or {})}
    return EnvelopeResponse({"success": True, "data": data}, status=201, headers=headers)


def accepted(data: Any) -> Response:
    return EnvelopeResponse({"success": True, "data": data}, status=202)


def uploaded(image: Mapping[str, Any]) -> Response:
    """Return an uploaded image, with `url` and `message` at the top level for existing upload clients."""
    return EnvelopeResponse(
        {"success": True, "message": "Image uploaded", "url": image["url"], "data": image}
    )


def download(text: str, filename: str, media_type: str) -> Response:
    """Return a file to save, without the envelope."""
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(text, headers=headers, media_type=media_type)


def deleted(id: str, **facts: int) -> Response:
    return success({"id": id, "deleted": True, **facts})


def failure(
    status: int,
    code: str,
    message: str,
    details: str,
    *,
    fields: Mapping[str, Sequence[str]] | None = None,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error. `message` is also at the top level, where the documented sample clients read it."""
    error: dict[str, Any] = {"code": code, "message": message, "details": details}
    if fields:
        error["fields"] = fields
    error["params"] = params or {"reason": code.lower()}
    return EnvelopeResponse(
        {"success": False, "message": message, "error": error}, status=status, headers=headers
    )


def image(ctx: Context, row: models.Image) -> dict[str, Any]:
    links = variants.markup(ctx, row)
    return {
        "id": row.id,
        "url": links.url,
        "thumbnail_url": variants.thumbnail_url(ctx, row),
        "delete_url": ctx.services.images.urls.api(f"images/{row.id}"),
        "filename": row.filename,
        "title": row.title,
        "description": row.description,
        "album_id": row.album_id,
        # Categories are visible to their owner only.
        "category_id": row.category_id if row.owner_id == ctx.account_id else None,
        "tags": row.tags,
        "mime_type": MIME_TYPES[row.format],
        "format": row.format,
        "size": row.size,
        "width": row.width,
        "height": row.height,
        "frames": row.frames,
        "sha256": row.sha256,
        "thumbhash": row.thumbhash,
        "dominant_color": row.dominant_color,
        "is_public": row.is_public,
        "links": {
            "url": links.url,
            "html": links.html,
            "markdown": links.markdown,
            "bbcode": links.bbcode,
        },
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def images(ctx: Context, rows: Sequence[models.Image]) -> list[dict[str, Any] | orjson.Fragment]:
    """Return the images of a list. The JSON of a cached row is serialized once and kept with it."""
    base, account_id = ctx.services.images.urls.base, ctx.account_id
    items: list[dict[str, Any] | orjson.Fragment] = []
    for row in rows:
        if row.presented is None:
            items.append(image(ctx, row))
            continue
        key = base, row.owner_id == account_id
        if key not in row.presented:
            row.presented[key] = orjson.Fragment(_to_json(image(ctx, row)))
        items.append(row.presented[key])
    return items


def upload(ctx: Context, row: models.UploadTicket) -> dict[str, Any]:
    error = PicHubError.from_dict(row.error).to_dict() if row.error else {}
    return {
        "id": row.id,
        "url": upload_url(ctx, row),
        "filename": row.filename,
        "state": row.state,
        "size": row.size,
        "offset": row.offset,
        "image": image(ctx, row.image) if row.image else None,
        "error": {name: error[name] for name in ("code", "message", "details", "params")} if error else None,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
    }


def upload_url(ctx: Context, row: models.UploadTicket) -> str:
    return ctx.services.images.urls.api(f"uploads/{row.id}")


def album(ctx: Context, row: models.Album, cover: models.Image | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "is_public": row.is_public,
        "cover_url": variants.thumbnail_url(ctx, cover) if cover else None,
        "image_count": row.image_count,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def category(row: models.Category) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def webhook(row: models.Webhook, secret: str | None = None) -> dict[str, Any]:
    """Return a webhook; with its secret, if that was just generated."""
    data = {
        "id": row.id,
        "url": row.url,
        "description": row.description,
        "events": row.events,
        "is_active": row.is_active,
        "disabled_reason": row.disabled_reason,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
    return data | {"secret": secret} if secret else data


def delivery(row: models.Delivery, attempts: Sequence[models.Attempt]) -> dict[str, Any]:
    """Return a delivery, whose event must be loaded."""
    return {
        "id": row.id,
        "webhook_id": row.webhook_id,
        "event_id": row.event_id,
        "event": row.event.type,
        "status": row.status,
        "attempts": [_attempt(each) for each in attempts],
        "next_attempt_at": row.next_attempt_at,
        "created_at": row.created_at,
    }


def account(ctx: Context, row: models.Account) -> dict[str, Any]:
    usage, settings = quotas.account_usage(ctx, row), ctx.services.settings
    return {
        "id": row.id,
        "username": row.username,
        "role": row.role.value,
        "usage": {"bytes": usage.bytes, "images": usage.images},
        "quota": usage.quota,
        "limits": {
            "max_upload_size": settings.max_upload_size,
            "max_pixels": settings.max_pixels,
            "max_side": settings.max_dimension,
            "requests": settings.limit_api,
            "uploads": settings.limit_upload,
        },
        "created_at": row.created_at,
    }


def _attempt(row: models.Attempt) -> dict[str, Any]:
    return {
        "time": row.at,
        "outcome": row.outcome,
        "status": row.status_code,
        "duration_ms": row.duration_ms,
        "reason": row.reason,
        "response_excerpt": row.response_excerpt,
    }
