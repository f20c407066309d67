"""The fast path returns the same results and errors as graphql-core."""

import gc
import json
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Generic, TypeVar

import pytest
import strawberry
from graphql import ExecutionResult
from graphql.execution.collect_fields import FieldDetails

from app.graphql.server.fast_path import FastPathExecutor, mark_fast_fields


def raising(message: str) -> Any:
    raise ValueError(message)


@strawberry.enum
class Mood(Enum):
    GLAD = "glad"


@strawberry.interface
class Named:
    name: str = "no name"


@strawberry.type
class Part(Named):
    weight: float | None = None

    @strawberry.field
    def doubled(self) -> float:
        return 2 * (self.weight or raising("no weight today"))


T = TypeVar("T")


@strawberry.type
class Place(Generic[T]):
    """A generic type, as edges are."""

    node: T
    at: int = 0


@strawberry.type
class Thing:
    id: strawberry.ID
    count: int
    mood: Mood
    seen_at: datetime
    note: str | None = None
    tags: list[str] = strawberry.field(default_factory=list)
    part: Part | None = None
    parts: list[Part | None] = strawberry.field(default_factory=list)
    places: list[Place[Part]] | None = None

    @strawberry.field
    def only_part(self) -> Part:
        return self.part or Part(name="made", weight=1.5)

    @strawberry.field(graphql_type=int)
    def now_or_later(self) -> Any:
        return self.waited() if self.note == "later" else 1

    async def waited(self) -> int:
        if self.count > 2**31:
            raise ValueError("too late")
        return 3

    @strawberry.field
    def worked_out(self) -> int:
        return self.count + 1

    @strawberry.field
    async def waited_for(self) -> int:
        return self.count + 2


def a_thing(**values: Any) -> Thing:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    defaults: dict[str, Any] = {"id": "a", "count": 1, "mood": Mood.GLAD, "seen_at": now}
    return Thing(**(defaults | values))


def schemas(thing: Thing) -> tuple[strawberry.Schema, strawberry.Schema]:
    """Return a schema with the fast path, and one without."""

    @strawberry.type
    class Query:
        @strawberry.field
        def things(self) -> list[Thing]:
            return [a_thing(), thing]

    fast = strawberry.Schema(Query, execution_context_class=FastPathExecutor)
    mark_fast_fields(fast._schema)
    return fast, strawberry.Schema(Query)


async def both(thing: Thing, query: str) -> tuple[ExecutionResult, ExecutionResult]:
    fast, reference = schemas(thing)
    results = [
        await each.execute(query, operation_name="Q" if "query Q" in query else None)
        for each in (fast, reference)
    ]
    return results[0], results[1]  # type: ignore[return-value]


def outcome(result: ExecutionResult) -> Any:
    return result.data, [(error.message, error.path, error.locations) for error in result.errors or ()]


@pytest.mark.parametrize(
    "selection",
    [
        "id count mood seenAt note",
        "workedOut id waitedFor note count",
        "id __typename other: count ... on Thing { note } ... @skip(if: true) { mood }",
        "id @include(if: false) count @skip(if: false)",
        "__typename",
        "tags parts { name } id",
        "id part { __typename weight name } parts { kind: __typename name } count",
        "onlyPart { name doubled } id places { at node { name ... on Part { weight } ... on Named { __typename } } }",
        "part { name } part { weight } id part { name }",
        "places { node { doubled } } waitedFor parts { name weight }",
        "parts { name @skip(if: true) weight } part { name @include(if: false) }",
        "id nowOrLater count",
        "nowOrLater waitedFor nowOrLater workedOut",
        """...Loop count fragmented: part { ...Named } } }
        fragment Loop on Thing { tags part { ...Named } }
        fragment Named on Named { name __typename }
        query Other { things { id""",
    ],
)
@pytest.mark.parametrize("note", ["x", "later", None])
async def test_result_equals_that_of_graphql_core(selection: str, note: str | None) -> None:
    part = Part(name="p", weight=2.5)
    thing = a_thing(note=note, tags=["a", "b"], part=part, parts=[part, None], places=[Place(node=part)])
    fast, reference = await both(thing, f"query Q {{ things {{ {selection} }} }}")
    assert reference.data is not None
    assert outcome(fast) == outcome(reference)
    assert json.dumps(fast.data) == json.dumps(reference.data)


NOTHING: Any = None
NO_NUMBER: Any = "much"


class Unlucky(Thing):
    """A field raises when it is read."""

    count = property(lambda self: raising("no count today"), lambda self, value: None)  # type: ignore[assignment]


@pytest.mark.parametrize(
    "make",
    [
        lambda: a_thing(count=None),
        lambda: a_thing(count="three"),
        lambda: a_thing(count=2**40),
        lambda: a_thing(count=ValueError("kept as a value")),
        lambda: a_thing(note=ValueError("kept as a value")),
        lambda: a_thing(mood="sulky"),
        lambda: a_thing(tags=["a", None], parts=["no part"]),
        lambda: a_thing(tags="text", part="no part"),
        lambda: a_thing(tags=None, parts=None),
        lambda: a_thing(part=ValueError("kept as a value"), parts=[ValueError("kept too"), None]),
        lambda: a_thing(part=Part(), places=[Place[Any](node=None), None]),
        lambda: a_thing(places=[Place(node=Part(name=NOTHING)), Place(at=NOTHING, node=Part())]),
        lambda: a_thing(places=[Place(at=2**40, node=Part(weight=NO_NUMBER))]),
        lambda: a_thing(part=a_thing(), count=2**40, note="later"),
        lambda: Unlucky(id="a", count=1, mood=Mood.GLAD, seen_at=datetime.now(UTC)),  # type: ignore[arg-type]
    ],
)
async def test_errors_equal_those_of_graphql_core(make: Callable[[], Thing]) -> None:
    failures = 0
    for selection in (
        "id count mood note",
        "id workedOut count waitedFor mood note",
        "id tags parts { name }",
        "part { name weight doubled } id",
        "onlyPart { doubled } waitedFor",
        "note parts { __typename name } tags workedOut",
        "places { at node { name doubled } } nowOrLater",
        "waitedFor places { node { weight } } part { weight }",
        "nowOrLater count",
    ):
        fast, reference = await both(make(), f"{{ things {{ {selection} }} }}")
        failures += bool(fast.errors)
        assert outcome(fast) == outcome(reference)
    assert failures


async def test_directive_without_value_is_a_field_error() -> None:
    query = "query($yes: Boolean = true) { things { id part { name @include(if: $yes) } } }"
    part = a_thing(part=Part())
    fast, reference = schemas(part)
    responses = [await each.execute(query, variable_values={"yes": None}) for each in (fast, reference)]
    assert responses[0].errors
    assert outcome(responses[0]) == outcome(responses[1])


async def test_awaitable_attribute_is_awaited() -> None:
    async def note() -> str:
        return "in a moment"

    fast, _ = schemas(a_thing(note=note()))
    response = await fast.execute("{ things { id note } }")
    assert response.errors is None
    assert (response.data or {})["things"][1] == {"id": "a", "note": "in a moment"}


def selected_fields_in_memory() -> int:
    """Return the number of selected fields that graphql-core holds in memory."""
    gc.collect()
    return sum(isinstance(each, FieldDetails) for each in gc.get_objects())


async def test_subscription_does_not_leak_memory() -> None:
    @strawberry.type
    class Query:
        nothing: int = 0

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def things(self) -> AsyncGenerator[Thing, None]:
            while True:
                yield a_thing()

    schema = strawberry.Schema(Query, subscription=Subscription, execution_context_class=FastPathExecutor)
    mark_fast_fields(schema._schema)
    responses: Any = await schema.subscribe("subscription { things { id workedOut note } }")
    for _ in range(10):
        await anext(responses)
    before = selected_fields_in_memory()
    for _ in range(50):
        response = await anext(responses)
    assert response.data == {"things": {"id": "a", "workedOut": 2, "note": None}}
    assert selected_fields_in_memory() <= before
    await responses.aclose()
