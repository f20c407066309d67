"""The whole document."""

import re
from collections.abc import Mapping
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
from compat_rest.openapi.schemas import SCHEMAS, Schema, id_of
from compat_rest.routes import API

VERSION = "1.0.0"
JSON = "application/json"
OBJECT = {"type": "object"}
"""Configurations of tools in JSON: each is as its tool has it."""
PREFIX = "/v1"
DESCRIPTION = """\
Upload images, keep them in albums, and show them in whatever size and format a page needs.

Send `Authorization: Bearer YOUR_API_TOKEN`. Every success is `{"success": true, "data": …}`, every error
`{"success": false, "message": …, "error": {code, message, details}}`.
Everything under `/v1` answers under `/api/v1` too.
"""
TAGS = {
    "Images": "Upload, find, change and delete images.",
    "Uploads": "Large files, in pieces and over connections that break, by tus 1.0.0; or whole, by one PUT.",
    "Albums": "Images that belong together. A private album hides its images.",
    "Categories": "What images are about; each has one at most.",
    "Webhooks": "Addresses that are told what happens.",
    "Events": "What happened.",
    "Account": "The account that asks.",
    "Pictures": "Images as they are shown: the original, or what the parameters make of it.",
}
PATH_PARAMETERS: Mapping[str, Mapping[str, Kind]] = {
    "/images": {"id": Kind.IMAGE},
    "/uploads": {"id": Kind.UPLOAD},
    "/albums": {"id": Kind.ALBUM},
    "/categories": {"id": Kind.CATEGORY},
    "/webhooks": {"id": Kind.WEBHOOK, "delivery_id": Kind.DELIVERY},
}


def document(settings: Settings) -> Schema:
    """OpenAPI 3.1 of a server with these settings."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PicHub",
            "version": VERSION,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": settings.url}],
        "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
        "paths": {f"{PREFIX}{path}": _path(path) for path in API} | img.paths(settings),
        "webhooks": events.webhooks(),
        "components": {
            "schemas": dict(SCHEMAS),
            "headers": dict(responses.HEADERS),
            "responses": responses.error_responses(settings),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token. Each operation names the scope that it must have.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SESSION_COOKIE,
                    "description": "The cookie of a browser that signed in; for pages of this server alone.",
                },
            },
        },
        "x-limits": _server_limits(settings),
        "x-errors": [{"status": status, "code": code} for code, status in STATUS.items()],
        "x-webhook-attempts": [
            {"attempt": attempt, "after": wait, "since": since} for attempt, wait, since in schedule.table()
        ],
        "x-webhook-outcomes": {outcome.value: about for outcome, about in DESCRIPTIONS.items()},
    }


def _path(path: str) -> Schema:
    return {method.lower(): _operation(path, OPERATIONS[f"{method} {path}"]) for method in API[path]}


def _operation(path: str, row: OperationSpec) -> Schema:
    described: Schema = {
        "operationId": row.id,
        "tags": [row.tag],
        "summary": row.summary,
        "description": row.description,
        "security": [] if row.scope is None else [{"token": [row.scope.value]}, {"session": []}],
        "parameters": [
            *_path_parameters(path),
            *(query.to_openapi(name) for name, query in row.query.items()),
        ],
        "responses": {
            str(row.success.status): _success_response(row.success, is_counted=row.scope is not None),
            **responses.error_refs(_error_codes(path, row)),
        },
    }
    return described | ({"requestBody": row.body} if row.body else {})


def _path_parameters(path: str) -> list[Schema]:
    kinds = next((kinds for start, kinds in PATH_PARAMETERS.items() if path.startswith(start)), {})
    return [_path_parameter(name, kinds.get(name)) for name in re.findall(r"{(\w+)}", path)]


def _path_parameter(name: str, kind: Kind | None) -> Schema:
    """An id of this kind; without one, the name of a tool."""
    about = f"The id of the {kind.name.lower()}." if kind else "The tool."
    schema = id_of(kind, "") if kind else {"type": "string", "enum": list(UPLOAD_CLIENTS)}
    return {"name": name, "in": "path", "required": True, "description": about, "schema": schema}


def _success_response(answer: SuccessResponse, *, is_counted: bool) -> Schema:
    headers = responses.rate_limit_headers() if is_counted else {"X-Request-Id": responses.header_ref("X-Request-Id")}
    if answer.has_location:
        headers["Location"] = {
            "description": "The address of the new thing.",
            "schema": {"type": "string", "format": "uri"},
        }
    headers |= {
        name: {"description": about, "schema": {"type": "string"}} for name, about in answer.headers.items()
    }
    if answer.status == HTTPStatus.NO_CONTENT:
        return {"description": answer.description, "headers": headers}
    content = {kind: {"schema": OBJECT if kind == JSON else answer.schema} for kind in answer.media_types}
    return {
        "description": answer.description,
        "headers": headers,
        "content": content or {JSON: {"schema": answer.schema, "example": answer.example}},
    }


def _error_codes(path: str, row: OperationSpec) -> set[str]:
    """What can go wrong: with the token, the address, the body, and what is this operation's own."""
    codes = {*row.errors, "INTERNAL_ERROR"}
    if row.scope is not None:
        codes |= {"UNAUTHORIZED", "FORBIDDEN", "RATE_LIMIT_EXCEEDED"}
    if row.query or row.body:
        codes.add("BAD_REQUEST")
    if "{" in path:
        codes.add("NOT_FOUND")
    if row.body:
        codes |= {"PAYLOAD_TOO_LARGE", "VALIDATION_ERROR"}
    return codes


def _server_limits(settings: Settings) -> dict[str, Any]:
    """What this server allows."""
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
