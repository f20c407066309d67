"""Plain fields come out as graphql-core would have them, and so does what goes wrong with one."""

import gc
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult
from graphql.execution.collect_fields import FieldDetails

from app.graphql import plain
from app.graphql.plain import PlainFirst


@strawberry.enum
class Mood(Enum):
    GLAD = "glad"


@strawberry.type
class Thing:
    id: strawberry.ID
    count: int
    mood: Mood
    seen_at: datetime
    note: str | None = None

    @strawberry.field
    def worked_out(self) -> int:
        return self.count + 1

    @strawberry.field
    async def waited_for(self) -> int:
        return self.count + 2


def a_thing(**values: Any) -> Thing:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Thing(**({"id": "a", "count": 1, "mood": Mood.GLAD, "seen_at": now} | values))


def schemas(thing: Thing) -> tuple[strawberry.Schema, strawberry.Schema]:
    """Ours, and Strawberry's own."""

    @strawberry.type
    class Query:
        @strawberry.field
        def things(self) -> list[Thing]:
            return [a_thing(), thing]

    ours = strawberry.Schema(Query, execution_context_class=PlainFirst)
    plain.mark(ours._schema)
    return ours, strawberry.Schema(Query)


async def both(thing: Thing, query: str) -> tuple[ExecutionResult, ExecutionResult]:
    ours, theirs = schemas(thing)
    return await ours.execute(query), await theirs.execute(query)  # type: ignore[return-value]


def seen(result: ExecutionResult) -> Any:
    return result.data, [(error.message, error.path, error.locations) for error in result.errors or ()]


@pytest.mark.parametrize(
    "selection",
    [
        "id count mood seenAt note",
        "workedOut id waitedFor note count",
        "id __typename other: count ... on Thing { note } ... @skip(if: true) { mood }",
        "id @include(if: false) count @skip(if: false)",
        "__typename",
    ],
)
async def test_an_answer_is_the_same_in_the_same_order(selection: str) -> None:
    ours, theirs = await both(a_thing(note="x"), f"{{ things {{ {selection} }} }}")
    assert seen(ours) == seen(theirs)
    assert [list(each) for each in (ours.data or {})["things"]] == [
        list(each) for each in (theirs.data or {})["things"]
    ]


def raising() -> Any:
    raise ValueError("no count today")


class Unlucky(Thing):
    """Of whom a field can't even be read."""

    count = property(lambda self: raising(), lambda self, value: None)  # type: ignore[assignment]


@pytest.mark.parametrize(
    "make",
    [
        lambda: a_thing(count=None),
        lambda: a_thing(count="three"),
        lambda: a_thing(count=2**40),
        lambda: a_thing(count=ValueError("kept as a value")),
        lambda: a_thing(note=ValueError("kept as a value")),
        lambda: a_thing(mood="sulky"),
        lambda: Unlucky(id="a", count=1, mood=Mood.GLAD, seen_at=datetime.now(UTC)),  # type: ignore[arg-type]
    ],
)
async def test_what_goes_wrong_is_told_as_graphql_core_tells_it(make: Callable[[], Thing]) -> None:
    for selection in ("id count mood note", "id workedOut count waitedFor mood note"):
        ours, theirs = await both(make(), f"{{ things {{ {selection} }} }}")
        assert ours.errors
        assert seen(ours) == seen(theirs)


async def test_what_must_be_awaited_is_awaited() -> None:
    async def note() -> str:
        return "in a moment"

    ours, _ = schemas(a_thing(note=note()))
    answer = await ours.execute("{ things { id note } }")
    assert answer.errors is None
    assert (answer.data or {})["things"][1] == {"id": "a", "note": "in a moment"}


def fields_noted() -> int:
    """How many fields of selections graphql-core holds at the moment."""
    gc.collect()
    return sum(isinstance(each, FieldDetails) for each in gc.get_objects())


async def test_who_follows_for_long_costs_no_more_memory_with_each_event() -> None:
    @strawberry.type
    class Query:
        nothing: int = 0

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def things(self) -> AsyncGenerator[Thing, None]:
            while True:
                yield a_thing()

    schema = strawberry.Schema(Query, subscription=Subscription, execution_context_class=PlainFirst)
    plain.mark(schema._schema)
    answers: Any = await schema.subscribe("subscription { things { id workedOut note } }")
    for _ in range(10):
        await anext(answers)
    before = fields_noted()
    for _ in range(50):
        answer = await anext(answers)
    assert answer.data == {"things": {"id": "a", "workedOut": 2, "note": None}}
    assert fields_noted() <= before
    await answers.aclose()
