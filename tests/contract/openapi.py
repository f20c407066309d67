"""Check of responses against the OpenAPI document."""

import re
from functools import cache
from typing import Any

import httpx2
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from app.settings import Settings
from compat_rest.openapi.document import document
from compat_rest.routes import API

DOCUMENT = document(Settings())
REGISTRY: Registry[Any] = Registry()


async def check_response(response: httpx2.Response) -> None:
    """Fail for a response under /v1 or /img that is undocumented or differs from its documentation."""
    path = response.request.url.path.removeprefix("/api")
    template = path_template(path)
    operation = DOCUMENT["paths"].get(template, {}).get(response.request.method.lower()) if template else None
    deleted_by_tus = response.status_code == 204 and response.request.method == "DELETE"
    if operation is None or response.status_code == 405 or deleted_by_tus:
        return  # an unknown path or method
    status = str(response.status_code)
    assert status in operation["responses"], (
        f"{response.request.method} {template} does not document {status}"
    )
    documented = resolve(operation["responses"][status])
    for name in documented.get("headers", {}):
        if name.lower() in {"location", "www-authenticate", "retry-after", "x-request-id", "etag"}:
            assert name in response.headers, f"{template} {status}: no {name}"
    content = documented.get("content", {})
    media_type = response.headers.get("content-type", "").split(";")[0]
    if content and response.request.method != "HEAD":
        assert media_type in content, f"{template} {status}: {media_type}"
    if media_type == "application/json" and content and response.request.method != "HEAD":
        await response.aread()
        check_schema(response.json(), content[media_type]["schema"])


def path_template(path: str) -> str | None:
    """Return the path in the document for a request path."""
    if path.startswith("/img/"):
        return "/img/{path}"
    return next((each for each in map("/v1{}".format, API) if _pattern(each).fullmatch(path)), None)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{\w+}", "[^/]+", template))


def resolve(part: Any) -> Any:
    """Follow references."""
    while "$ref" in part:
        target = DOCUMENT
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target
    return part


def check_schema(value: Any, schema: Any) -> None:
    """Fail unless the value matches the schema, without additional properties."""
    errors = [f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(value)]
    assert errors == []


def _validator(schema: Any) -> Draft202012Validator:
    closed = {
        **_without_additional({"components": {"schemas": DOCUMENT["components"]["schemas"]}}),
        **_without_additional(schema),
    }
    resource = Resource(contents=closed, specification=DRAFT202012)
    return Draft202012Validator(
        closed, registry=REGISTRY.with_resource("", resource), format_checker=FormatChecker()
    )


def _without_additional(part: Any) -> Any:
    """Return the schema without additional properties."""
    if isinstance(part, list):
        return [_without_additional(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {name: _without_additional(each) for name, each in part.items()}
    if isinstance(part.get("properties"), dict) and part.get("type") == "object":
        closed["additionalProperties"] = False
    return closed
