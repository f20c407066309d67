"""Answers, held to what the OpenAPI document says of them."""

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


async def answer(response: httpx2.Response) -> None:
    """Fails for an answer under /v1 or /img that is not documented, or not so."""
    path = response.request.url.path.removeprefix("/api")
    template = template_of(path)
    operation = DOCUMENT["paths"].get(template, {}).get(response.request.method.lower()) if template else None
    deleted_by_tus = response.status_code == 204 and response.request.method == "DELETE"
    if operation is None or response.status_code == 405 or deleted_by_tus:
        return  # no address or no method of ours: answered as Starlette finds it
    status = str(response.status_code)
    assert status in operation["responses"], f"{response.request.method} {template} says nothing of {status}"
    told = resolved(operation["responses"][status])
    for name in told.get("headers", {}):
        if name.lower() in {"location", "www-authenticate", "retry-after", "x-request-id", "etag"}:
            assert name in response.headers, f"{template} {status}: no {name}"
    content = told.get("content", {})
    media_type = response.headers.get("content-type", "").split(";")[0]
    if content and response.request.method != "HEAD":
        assert media_type in content, f"{template} {status}: {media_type}"
    if media_type == "application/json" and content and response.request.method != "HEAD":
        await response.aread()
        fits(response.json(), content[media_type]["schema"])


def template_of(path: str) -> str | None:
    """The path of the document that an address is of."""
    if path.startswith("/img/"):
        return "/img/{path}"
    return next((each for each in map("/v1{}".format, API) if _pattern(each).fullmatch(path)), None)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{\w+}", "[^/]+", template))


def resolved(part: Any) -> Any:
    """What a reference refers to."""
    while "$ref" in part:
        target = DOCUMENT
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target
    return part


def fits(value: Any, schema: Any) -> None:
    """Fails unless the value is of the schema, and has nothing that the schema does not speak of."""
    errors = [f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(value)]
    assert errors == []


def _validator(schema: Any) -> Draft202012Validator:
    whole = {**_closed({"components": {"schemas": DOCUMENT["components"]["schemas"]}}), **_closed(schema)}
    resource = Resource(contents=whole, specification=DRAFT202012)
    return Draft202012Validator(
        whole, registry=REGISTRY.with_resource("", resource), format_checker=FormatChecker()
    )


def _closed(part: Any) -> Any:
    """The same, with no room for what is not named."""
    if isinstance(part, list):
        return [_closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {name: _closed(each) for name, each in part.items()}
    if isinstance(part.get("properties"), dict) and part.get("type") == "object":
        closed["additionalProperties"] = False
    return closed
