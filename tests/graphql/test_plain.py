"""Plain fields come out as graphql-core would have them, and so does what goes wrong with one."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult

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
