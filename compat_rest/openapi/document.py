"""The OpenAPI document."""

import re
from http import HTTPStatus
from typing import Any

from app.auth.credentials import SESSION_COOKIE
from app.context import RateLimit
from app.ids import Kind
from app.imaging.formats import Format
from app.ratelimits.policies import Policy
from app.settings import Settings
from app.uploads.clients.catalogue import UPLOAD_CLIENTS
from app.webhooks import schedule
from app.webhooks.outcomes import DESCRIPTIONS
from compat_rest.errors import STATUS
from compat_rest.openapi import events, img, responses
from compat_rest.openapi.operations import OPERATIONS, OperationSpec, SuccessResponse
from compat_rest.openapi.parameters import named, parameter
from compat_rest.openapi.schemas import SCHEMAS, Schema, id_schema

VERSION = "1.0.0"
JSON = "application/json"
OBJECT_SCHEMA = {"type": "object"}
"""Schema of configurations in JSON, whose formats the upload clients define."""
PREFIX = "/v1"
DESCRIPTION = """\
Upload images, organize them in albums, and deliver them in any size and format.

Send `Authorization: Bearer YOUR_API_TOKEN`. Successful responses are `{"success": true, "data": …}`, errors
`{"success": false, "message": …, "error": {code, message, details, params}}`.
All paths under `/v1` are available under `/api/v1` too.
"""
TAGS = {
    "Images": "Upload, find, update and delete images.",
    "Uploads": "Resumable uploads of large files by tus 1.0.0, or of a whole file by PUT.",
    "Albums": "Groups of images. Images in a private album are private.",
    "Categories": "Private categories for images. An image has at most one.",
    "Webhooks": "URLs that receive events.",
    "Events": "Changes of your images and albums.",
    "Account": "The caller's account.",
    "Pictures": "Delivery of image files: originals and variants.",
}
UNUSUAL_TAGS = {"upload": "Images", "uploaders": "Account", "openapi.json": "Account"}
"""Tags of paths by their first segment, unless they have the same name."""
ID_KINDS = {
    "images": Kind.IMAGE,
    "uploads": Kind.UPLOAD,
    "albums": Kind.ALBUM,
    "categories": Kind.CATEGORY,
    "webhooks": Kind.WEBHOOK,
}


def document(settings: Settings) -> Schema:
    """Return the OpenAPI 3.1 document of a server with these settings."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PicHub",
            "version": VERSION,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": settings.url}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": _paths() | img.paths(settings),
        "webhooks": events.webhooks(),
        "components": {
            "schemas": dict(SCHEMAS),
            "headers": dict(responses.HEADERS),
            "responses": responses.error_responses(settings),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token with the scope that the operation lists.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SESSION_COOKIE,
                    "description": "The session cookie of a browser, for pages of this server only.",
                },
            },
        },
        "x-limits": _server_limits(settings),
        "x-errors": [{"status": status, "code": code} for code, status in STATUS.items()],
        "x-webhook-attempts": [
            {"attempt": attempt, "after": wait, "since": since} for attempt, wait, since in schedule.table()
        ],
        "x-webhook-outcomes": {outcome.value: text for outcome, text in DESCRIPTIONS.items()},
    }


def _paths() -> Schema:
    paths: Schema = {}
    for route, spec in OPERATIONS.items():
        method, path = route.split()
        paths.setdefault(f"{PREFIX}{path}", {})[method.lower()] = _operation(path, spec)
    return paths


def _operation(path: str, spec: OperationSpec) -> Schema:
    segment = path.split("/")[1]
    operation: Schema = {
        "operationId": spec.id,
        "tags": [UNUSUAL_TAGS.get(segment, segment.title())],
        "summary": spec.summary,
        "description": spec.description,
        "security": [] if spec.scope is None else [{"token": [spec.scope.value]}, {"session": []}],
        "parameters": named(
            {name: _path_parameter(name, segment) for name in re.findall(r"{(\w+)}", path)} | spec.parameters
        ),
        "responses": {
            str(spec.success.status): _success_response(spec.success, is_counted=spec.scope is not None),
            **responses.error_refs(_error_codes(path, spec)),
        },
    }
    return operation | ({"requestBody": spec.body} if spec.body else {})


def _path_parameter(name: str, segment: str) -> Schema:
    kind = Kind.DELIVERY if name == "delivery_id" else ID_KINDS.get(segment)
    description = f"Id of the {kind.name.lower()}." if kind else "Name of the upload client."
    schema = id_schema(kind, "") if kind else {"type": "string", "enum": list(UPLOAD_CLIENTS)}
    return parameter(schema, description, location="path", required=True)


def _success_response(success: SuccessResponse, *, is_counted: bool) -> Schema:
    headers = (
        responses.rate_limit_headers()
        if is_counted
        else {"X-Request-Id": responses.header_ref("X-Request-Id")}
    )
    if success.status == HTTPStatus.CREATED:
        headers["Location"] = {
            "description": "URL of the new object.",
            "schema": {"type": "string", "format": "uri"},
        }
    headers |= responses.text_headers(success.headers)
    if success.status == HTTPStatus.NO_CONTENT:
        return {"description": success.description, "headers": headers}
    content = {
        kind: {"schema": OBJECT_SCHEMA if kind == JSON else success.schema} for kind in success.media_types
    }
    return {
        "description": success.description,
        "headers": headers,
        "content": content or {JSON: {"schema": success.schema, "example": success.example}},
    }


def _error_codes(path: str, spec: OperationSpec) -> set[str]:
    """Return the error codes of the operation: those of its authentication, path and body, and its own."""
    codes = {*spec.errors, "INTERNAL_ERROR"}
    if spec.scope is not None:
        codes |= {"UNAUTHORIZED", "FORBIDDEN", "RATE_LIMIT_EXCEEDED"}
    if spec.parameters or spec.body:
        codes.add("BAD_REQUEST")
    if "{" in path:
        codes.add("NOT_FOUND")
    if spec.body:
        codes |= {"PAYLOAD_TOO_LARGE", "VALIDATION_ERROR"}
    return codes


def _server_limits(settings: Settings) -> dict[str, Any]:
    """Return the limits of this server."""
    policies = {
        RateLimit.API: settings.limit_api,
        RateLimit.UPLOAD: settings.limit_upload,
        RateLimit.AUTH_FAILURES: settings.limit_auth_failures,
        RateLimit.RENDERS: settings.limit_renders,
    }
    return {
        "policies": {
            budget.value: [
                {"amount": window.amount, "period": window.period} for window in Policy(budget, text).windows
            ]
            for budget, text in policies.items()
        },
        "max_upload_size": settings.max_upload_size,
        "max_pixels": settings.max_pixels,
        "max_side": settings.max_dimension,
        "uploads": ["jpg", "png", "webp", "gif"],
        "results": [each.value for each in Format],
    }
