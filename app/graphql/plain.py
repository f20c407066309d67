"""Plain fields: an attribute that is a leaf. Most of what a list answers is such fields.

graphql-core takes 5 µs for each, nearly all of it for what a plain field has none of: arguments, a resolver that wants
to know where it is, a value to wait for, fields below. Here it is read and written out. Whatever does not go well is
left to graphql-core, which finds the same trouble again and knows how to tell of it.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_nullable_type,
    is_leaf_type,
    is_non_null_type,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

MARK = "pichub-plain"
"""Where a field keeps what is known of it, among the extensions of its definition."""

Fields: TypeAlias = dict[str, Any]
"""The fields of one selection, by the names that the answer has for them."""


@dataclass(frozen=True, slots=True)
class Plain:
    """An attribute, how its value is written out, and whether it may be null."""

    attribute: str
    write: Callable[[Any], Any]
    is_nullable: bool

    def read(self, source: Any) -> Any:
        """The value in the answer. Raises whatever there is to raise, NotPlain where graphql-core must look."""
        value = getattr(source, self.attribute)
        if value is None and self.is_nullable:
            return None
        if value is None or isinstance(value, Exception):
            raise NotPlain
        written = self.write(value)
        if written is None or written is Undefined:
            raise NotPlain
        return written


class NotPlain(Exception):
    """This value is for graphql-core to complete."""


def mark(schema: GraphQLSchema) -> None:
    """Notes of each plain field that it is one."""
    for kind in schema.type_map.values():
        for field in kind.fields.values() if isinstance(kind, GraphQLObjectType) else ():
            if plain := _plain(field):
                field.extensions[MARK] = plain


def _plain(field: GraphQLField) -> Plain | None:
    leaf = get_nullable_type(field.type)
    if field.args or not is_leaf_type(leaf) or not getattr(field.resolve, "_is_default", False):
        return None
    definition = field.extensions["strawberry-definition"]
    return Plain(definition.python_name, leaf.coerce_output_value, not is_non_null_type(field.type))


class PlainFirst(StrawberryGraphQLCoreExecutionContext):
    """Executes the plain fields of a selection itself, and has the others executed."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._parted: dict[int, tuple[Fields, list[tuple[str, Plain]], Fields]] = {}

    def build_per_event_executor(self, payload: Any) -> Any:
        """The executor of one event. It shares nothing that is noted of selections, as graphql-core has it do: each
        event has lists of fields of its own, and those of all would be kept for as long as somebody follows.
        """
        executor: Any = super().build_per_event_executor(payload)
        executor._parted, executor._relevant_sub_fields = {}, {}  # noqa: SLF001
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Fields,
        position_context: Any,
    ) -> Any:
        plain, others = self._parts(parent_type, grouped_field_set)
        try:
            known = {name: each.read(source_value) for name, each in plain}
        except Exception:
            known, others = {}, grouped_field_set
        if not others:
            return known
        rest = super().execute_fields(parent_type, source_value, path, others, position_context)
        if not known:
            return rest
        if isinstance(rest, dict):
            return _in_order(grouped_field_set, known, rest)
        return _when_known(grouped_field_set, known, rest)

    def _parts(self, kind: GraphQLObjectType, fields: Fields) -> tuple[list[tuple[str, Plain]], Fields]:
        """The plain fields of a selection, and the others: told once for all items of a list."""
        if (known := self._parted.get(id(fields))) is None:
            plain = list(_plain_among(kind, fields))
            names = {name for name, _ in plain}
            others = {name: field for name, field in fields.items() if name not in names}
            known = self._parted[id(fields)] = fields, plain, others  # kept, so that no other gets its id
        return known[1:]


def _plain_among(kind: GraphQLObjectType, fields: Fields) -> Iterator[tuple[str, Plain]]:
    for name, details in fields.items():
        field = kind.fields.get(details[0].node.name.value)
        if field is not None and (plain := field.extensions.get(MARK)):
            yield name, plain


async def _when_known(names: Iterable[str], known: Fields, rest: Awaitable[Fields]) -> Fields:
    return _in_order(names, known, await rest)


def _in_order(names: Iterable[str], *parts: Mapping[str, Any]) -> Fields:
    found = {name: value for part in parts for name, value in part.items()}
    return {name: found[name] for name in names if name in found}
