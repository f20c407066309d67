"""The OpenAPI document is complete, valid, and matches the API."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.applications import Starlette
from starlette.datastructures import QueryParams

from app.asgi import create_app
from app.events.catalogue import EventType
from app.imaging.params import PARAMS
from app.settings import Settings
from compat_rest import bodies, parse
from compat_rest.errors import STATUS
from compat_rest.openapi.operations import OPERATIONS
from compat_rest.openapi.parameters import IMAGE_FILTERS, PAGING, TRANSFORM_SCHEMAS
from compat_rest.routes import API
from scripts.fixtures import sample_images
from tests.access_control.test_who_may import ROWS, routes_of
from tests.contract.openapi import DOCUMENT, check_schema
from tests.pichub import House, house, signed

METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in item.keys() & METHODS:
            yield method.upper(), path, item[method]


def examples(part: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every schema with its example."""
    if isinstance(part, dict):
        if "schema" in part and "example" in part:
            yield part["schema"], part["example"]
        for each in part.values():
            yield from examples(each)
    elif isinstance(part, list):
        for each in part:
            yield from examples(each)


async def test_document_is_public_and_follows_the_settings(tmp_path: Path) -> None:
    chosen = {"limit_upload": "3/minute", "max_upload_size": 7 * 1024 * 1024, "presets": "thumb=w=20"}
    async with house(tmp_path / "data", **chosen) as built:
        response = await built.client.get("/v1/openapi.json")
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
        assert "x-ratelimit-limit" not in response.headers
        served = response.json()
        assert served["servers"] == [{"url": built.url}]
        assert served["x-limits"]["policies"]["upload"] == [{"amount": 3, "period": 60}]
        assert "7MB" in str(served["components"]["responses"]["PAYLOAD_TOO_LARGE"])
        queries = served["paths"]["/img/{path}"]["get"]["parameters"]
        (preset,) = [each for each in queries if each["name"] == "preset"]
        assert preset["schema"]["enum"] == ["thumb"]


def test_document_is_valid() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_document_has_every_route(tmp_path: Path) -> None:
    app: Any = create_app(Settings(data_dir=tmp_path))
    while not isinstance(app, Starlette):
        app = app.app
    routes = {route.replace("{path:path}", "{path}") for route in routes_of(app.routes)}
    routes = {route for route in routes if re.search(r" (/v1/|/img/|/\{)", route)}
    assert {f"{method} {path}" for method, path, _ in operations() if method != "HEAD"} == routes


def test_each_route_has_an_operation_with_a_unique_id() -> None:
    assert {f"{method} {path}" for path, handlers in API.items() for method in handlers} == set(OPERATIONS)
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_documented_scopes_are_required() -> None:
    for route, path, _, scope, _ in ROWS:
        method, address = route.split()
        if not address.startswith("/v1/") or "?" in path:
            continue
        (first, *_) = DOCUMENT["paths"][address][method.lower()]["security"] or [{"token": []}]
        assert first["token"] == ([scope.value] if scope else []), route


def test_every_error_code_has_a_response_with_an_example() -> None:
    assert set(DOCUMENT["components"]["responses"]) == set(STATUS)
    for code, response in DOCUMENT["components"]["responses"].items():
        assert response["content"]["application/json"]["example"]["error"]["code"] == code


def test_every_event_type_is_documented() -> None:
    assert set(DOCUMENT["webhooks"]) == {kind.value for kind in EventType}


def test_examples_match_their_schemas() -> None:
    found = list(examples({**DOCUMENT, "webhooks": {}}))
    assert len(found) > 40
    for schema, example in found:
        check_schema(example, {"type": "object"} if schema == {"type": "object"} else schema)


class RecordingQuery(QueryParams):
    """A query that is not empty, and records the names that are read."""

    def __init__(self) -> None:
        super().__init__({"any": "text"})
        self.names: set[str] = set()

    def get(self, key: Any, default: Any = None) -> Any:
        self.names.add(key)
        return default

    def getlist(self, key: Any) -> list[Any]:
        self.names.add(key)
        return []


@pytest.mark.parametrize(
    ("function", "documented"), [(parse.parse_image_filter, IMAGE_FILTERS), (parse.parse_page, PAGING)]
)
def test_documented_parameters_are_read(function: Any, documented: Mapping[str, Any]) -> None:
    query = RecordingQuery()
    function(SimpleNamespace(query_params=query))
    assert query.names == set(documented)


def test_documented_form_fields_are_read() -> None:
    form = DOCUMENT["paths"]["/v1/upload"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {*bodies.FILE_NAMES, *bodies.FORM_TEXTS, "tags"}


@pytest.mark.parametrize("row", PARAMS, ids=lambda row: row.name)
def test_transform_parameters_match_their_schemas(row: Any) -> None:
    schema = TRANSFORM_SCHEMAS[row.name]
    for value in [*schema.get("enum", []), *schema.get("examples", [])]:
        row.parse(value)
    for bound, beyond in (("minimum", -1), ("maximum", 1)):
        if bound in schema:
            row.parse(str(schema[bound]))
            with pytest.raises(ValueError, match=r"integer|number"):
                row.parse(str(schema[bound] + beyond))
    if "enum" in schema:
        with pytest.raises(ValueError, match="one of"):
            row.parse("nothing")


async def test_documented_lengths_are_enforced(home: House) -> None:
    token = await home.account("bounds")
    image = await home.upload(sample_images.png(), token=token)
    things = {"/v1/albums": {}, "/v1/categories": {}, f"/v1/images/{image['id']}": {"method": "PATCH"}}
    for address, how in things.items():
        method = how.get("method", "POST")
        template = address.replace(image["id"], "{id}")
        schema = DOCUMENT["paths"][template][method.lower()]["requestBody"]["content"]["application/json"][
            "schema"
        ]
        bounded = {
            name: part["maxLength"] for name, part in schema["properties"].items() if "maxLength" in part
        }
        assert bounded
        for name, most in bounded.items():
            for size, is_taken in ((most, True), (most + 1, False)):
                given = {"name": "x"} | {name: "y" * size} if method == "POST" else {name: "y" * size}
                response = await home.client.request(method, address, headers=signed(token), json=given)
                assert response.is_success is is_taken, (template, name, size, response.text)
                assert is_taken or set(response.json()["error"]["fields"]) == {name}
