"""The OpenAPI document: whole, valid, and made of what the API works by."""

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
from tests.contract.described import DOCUMENT, fits
from tests.pichub import House, house, signed

METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in item.keys() & METHODS:
            yield method.upper(), path, item[method]


def examples(part: Any) -> Iterator[tuple[Any, Any]]:
    """(schema, example) wherever there are both."""
    if isinstance(part, dict):
        if "schema" in part and "example" in part:
            yield part["schema"], part["example"]
        for each in part.values():
            yield from examples(each)
    elif isinstance(part, list):
        for each in part:
            yield from examples(each)


async def test_everyone_may_read_it_and_it_is_what_the_settings_say(tmp_path: Path) -> None:
    chosen = {"limit_upload": "3/minute", "max_upload_size": 7 * 1024 * 1024, "presets": "thumb=w=20"}
    async with house(tmp_path / "data", **chosen) as built:
        answer = await built.client.get("/v1/openapi.json")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert "x-ratelimit-limit" not in answer.headers
        told = answer.json()
        assert told["servers"] == [{"url": built.url}]
        assert told["x-limits"]["policies"]["upload"] == [{"amount": 3, "period": 60}]
        assert "7MB" in str(told["components"]["responses"]["PAYLOAD_TOO_LARGE"])
        queries = told["paths"]["/img/{path}"]["get"]["parameters"]
        (preset,) = [each for each in queries if each["name"] == "preset"]
        assert preset["schema"]["enum"] == ["thumb"]


def test_it_is_valid() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_it_has_every_route_of_the_application(tmp_path: Path) -> None:
    app: Any = create_app(Settings(data_dir=tmp_path))
    while not isinstance(app, Starlette):
        app = app.app
    there = {route.replace("{path:path}", "{path}") for route in routes_of(app.routes)}
    there = {route for route in there if re.search(r" (/v1/|/img/|/\{)", route)}
    told = {f"{method} {path}" for method, path, _ in operations() if method != "HEAD"}
    assert told == there


def test_each_operation_has_a_row_and_a_name_of_its_own() -> None:
    assert {f"{method} {path}" for path, handlers in API.items() for method in handlers} == set(OPERATIONS)
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_scopes_are_those_that_are_asked_for() -> None:
    for route, path, _, scope, _ in ROWS:
        method, address = route.split()
        if not address.startswith("/v1/") or "?" in path:
            continue
        (first, *_) = DOCUMENT["paths"][address][method.lower()]["security"] or [{"token": []}]
        assert first["token"] == ([scope.value] if scope else []), route


def test_every_code_has_an_answer_with_an_example() -> None:
    assert set(DOCUMENT["components"]["responses"]) == set(STATUS)
    for code, response in DOCUMENT["components"]["responses"].items():
        assert response["content"]["application/json"]["example"]["error"]["code"] == code


def test_every_event_is_told_of() -> None:
    assert set(DOCUMENT["webhooks"]) == {kind.value for kind in EventType}


def test_examples_are_of_their_schemas() -> None:
    found = list(examples({**DOCUMENT, "webhooks": {}}))
    assert len(found) > 40
    for schema, example in found:
        fits(example, {"type": "object"} if schema == {"type": "object"} else schema)


class Asked(QueryParams):
    """A query that remembers which parameters it was asked for; it is known to have one of any kind."""

    def __init__(self) -> None:
        super().__init__({"any": "text"})
        self.names: set[str] = set()

    def get(self, key: Any, default: Any = None) -> Any:
        self.names.add(key)
        return default

    def getlist(self, key: Any) -> list[Any]:
        self.names.add(key)
        return []


@pytest.mark.parametrize(("read", "told"), [(parse.parse_image_filter, IMAGE_FILTERS), (parse.parse_page, PAGING)])
def test_lists_read_the_parameters_that_are_told(read: Any, told: Mapping[str, Any]) -> None:
    asked = Asked()
    read(SimpleNamespace(query_params=asked))
    assert asked.names == set(told)


def test_forms_have_the_fields_that_are_read() -> None:
    form = DOCUMENT["paths"]["/v1/upload"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {*bodies.FILE_NAMES, *bodies.FORM_TEXTS, "tags"}


@pytest.mark.parametrize("row", PARAMS, ids=lambda row: row.name)
def test_transforms_take_what_is_told_and_nothing_beyond(row: Any) -> None:
    schema = TRANSFORM_SCHEMAS[row.name]
    for value in [*schema.get("enum", []), *schema.get("examples", [])]:
        row.read(value)
    for bound, beyond in (("minimum", -1), ("maximum", 1)):
        if bound in schema:
            row.read(str(schema[bound]))
            with pytest.raises(ValueError, match="number"):
                row.read(str(schema[bound] + beyond))
    if "enum" in schema:
        with pytest.raises(ValueError, match="one of"):
            row.read("nothing")


async def test_bounds_of_fields_are_those_that_hold(home: House) -> None:
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
                answer = await home.client.request(method, address, headers=signed(token), json=given)
                assert answer.is_success is is_taken, (template, name, size, answer.text)
                assert is_taken or set(answer.json()["error"]["fields"]) == {name}
