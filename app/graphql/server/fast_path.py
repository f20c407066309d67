"""Plain fields: what an object has at hand, and below it nothing else. Most of what a list answers is such fields.

graphql-core takes 5 µs for each leaf and 15 for each object, nearly all of it for what they have none of: arguments, a
resolver that wants to know where it is, a value to wait for. Here a selection of such fields is told once and read in
one go, objects and lists below it included. Whatever does not go well is left to graphql-core, which finds the same
trouble again and knows how to tell of it.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from operator import attrgetter
from types import CoroutineType
from typing import Any, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    Node,
    Undefined,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.types.base_scalars import DateTimeDefinition
from strawberry.types.scalar import identity

from app.compiled import function

CACHE_KEY = "pichub-plain"
"""Where a field's definition, and a part of a document, keep what is known of them."""

Fields: TypeAlias = dict[str, Any]
"""The fields of one selection, by the names that the answer has for them."""
Get: TypeAlias = Callable[[Any], Any]
Write: TypeAlias = Callable[[Any], Any]
"""What comes of a value in the answer. Raises whatever there is to raise, NotPlain where graphql-core must look."""


class NotFast(Exception):
    """This value is for graphql-core to complete."""


class row_attribute(property):
    """A field of an object that is the same field of its `row`."""

    def __init__(self, name: str) -> None:
        self.path = f"row.{name}"
        super().__init__(attrgetter(self.path))


@dataclass(frozen=True, slots=True, eq=False)
class FastField:
    """How the value of a field is got from its object, and the field itself."""

    get: Get
    field: GraphQLField
    path: str | None = None
    """The names of the attributes that lead to it; None where it comes from a method."""

    def writing(self, write: Write) -> Write:
        """How what was got is written. Where that must be awaited, graphql-core asks for one of its own."""
        if self.path:
            return write

        def write_made(value: Any) -> Any:
            if type(value) is CoroutineType:
                value.close()
                raise NotFast
            return write(value)

        return write_made


class FastSelection:
    """Plain fields that are asked for together. There is one for all who ask for the same."""

    __slots__ = ("_fields", "read")
    read: Callable[[Any], Fields]
    """What the answer has of an object. Raises as `Write` does."""

    def __init__(self, fields: "tuple[Chosen, ...]") -> None:
        self._fields = tuple(
            (name, plain.get, plain.writing(_writer(plain.field.type, below)))
            for name, plain, below in fields
        )
        self.read = _reading(fields, [write for _, _, write in self._fields])

    def read_some(self, source: Any) -> Fields:
        """The same of those fields that can be read."""
        with suppress(Exception):
            return self.read(source)
        known = {}
        for name, get, write in self._fields:
            try:
                known[name] = write(get(source))
            except Exception:  # noqa: S112  (graphql-core will raise it again, and tell of it)
                continue
        return known


Chosen: TypeAlias = tuple[str, FastField, FastSelection | None]
"""A field by its name in the answer, and what is asked for below it."""

_selection = lru_cache(maxsize=1_000)(FastSelection)


def _reading(fields: Sequence[Chosen], writers: Sequence[Write]) -> Callable[[Any], Fields]:
    """A function that has the fields of an object written, by their names in the answer.

    It does not go through them: it is the one expression that somebody would write who knew them, which takes half of
    the time. Values that need little or no writing are looked at right there.
    """
    known: dict[str, Any] = {"type": type}
    parts = []
    for place, ((name, plain, below), write) in enumerate(zip(fields, writers, strict=True)):
        value = f"it.{plain.path}" if plain.path else f"get_{place}(it)"
        known |= {f"get_{place}": plain.get, f"write_{place}": write}
        written = f"write_{place}({value})"
        if below is None and (usual := _usual(_unwrap(plain.field.type))):
            known[f"class_{place}"], condition, as_text = usual
            written = (
                f"{as_text} if type(value := {value}) is class_{place}{condition} else write_{place}(value)"
            )
        parts.append(f"{name!r}: {written}")
    return function([f"return {{{', '.join(parts)}}}"], known)


def mark(schema: GraphQLSchema) -> None:
    """Notes of each plain field that it is one."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                if plain := _fast_field(kind, field):
                    field.extensions[CACHE_KEY] = plain


def _fast_field(kind: GraphQLObjectType, field: GraphQLField) -> FastField | None:
    """A field whose value is got by its name, or from a method that asks for nothing."""
    named = get_named_type(field.type)
    if field.args or not (is_leaf_type(named) or _classes(named)):
        return None
    definition: Any = field.extensions.get("strawberry-definition")
    if getattr(field.resolve, "_is_default", False):
        name: str = definition.python_name
        held = getattr(kind.extensions["strawberry-definition"].origin, name, None)
        path = held.path if isinstance(held, row_attribute) else name
        return FastField(attrgetter(path), field, path)
    resolver = getattr(definition, "base_resolver", None)
    if resolver is None or resolver.is_async or definition.extensions:
        return None
    method: Get = resolver.wrapped_func
    return FastField(method, field) if [*inspect.signature(method).parameters] == ["self"] else None


def _classes(kind: Any) -> frozenset[type]:
    """Those whose instances are objects of this kind without a question; none where there is a question to ask."""
    definition = kind.extensions.get("strawberry-definition") if is_object_type(kind) else None
    if definition is None or definition.is_type_of:
        return frozenset()
    generic = definition.concrete_of
    return frozenset({definition.origin, *([generic.origin] if generic else ())})


def _writer(kind: Any, below: FastSelection | None, *, is_nullable: bool = True) -> Write:
    """How values of a type are written; of objects what the selection `below` asks for."""
    if is_non_null_type(kind):
        return _writer(kind.of_type, below, is_nullable=False)
    if is_leaf_type(kind):
        return _leaf(kind, is_nullable)
    return _nullable(_list(kind, below) if is_list_type(kind) else _object(kind, below), is_nullable)


def _nullable(write: Write, is_nullable: bool) -> Write:
    """None is of no class that the writers of lists and objects know: they refuse it."""
    return (lambda value: None if value is None else write(value)) if is_nullable else write


IDENTITY_LEAF_TYPES: dict[GraphQLLeafType, type] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLBoolean: bool,
}
"""Leaves that are written as the value is, where it is of this class; so are whole numbers below SHORT."""
IDENTITY_SCALARS: dict[Any, type] = {identity: str, int: int}
"""The same of scalars beyond GraphQL's own, by what writes them."""
INT32_LIMIT = 2**31


def _unwrap(kind: Any) -> Any:
    return kind.of_type if is_non_null_type(kind) else kind


def _identity_type(kind: GraphQLLeafType) -> type | None:
    return IDENTITY_LEAF_TYPES.get(kind) or IDENTITY_SCALARS.get(kind.coerce_output_value)


def _usual(kind: Any) -> tuple[type, str, str] | None:
    """Of a leaf the class that its values nearly always have, what else must hold of `value`, and how it is written."""
    if not is_leaf_type(kind):
        return None
    if kind is GraphQLInt:
        return int, f" and {-INT32_LIMIT} <= value < {INT32_LIMIT}", "value"
    if kind.coerce_output_value is DateTimeDefinition.serialize:
        return datetime, "", "value.isoformat()"
    as_it_is = _identity_type(kind)
    return (as_it_is, "", "value") if as_it_is else None


def _leaf(kind: GraphQLLeafType, is_nullable: bool) -> Write:
    as_it_is, written_out = _identity_type(kind), kind.coerce_output_value

    def write(value: Any) -> Any:
        if type(value) is as_it_is:
            return value
        if value is None and is_nullable:
            return None
        if value is None or isinstance(value, Exception | CoroutineType):
            raise NotFast
        written = written_out(value)
        if written is None or written is Undefined:
            raise NotFast
        return written

    def write_whole(value: Any) -> Any:
        return value if type(value) is int and -INT32_LIMIT <= value < INT32_LIMIT else write(value)

    return write_whole if kind is GraphQLInt else write


def _list(kind: Any, below: FastSelection | None) -> Write:
    write_one = _writer(kind.of_type, below)

    def write(values: Any) -> list[Any]:
        if type(values) not in (list, tuple):
            raise NotFast
        return [write_one(value) for value in values]

    return write


def _object(kind: Any, below: FastSelection | None) -> Write:
    classes, read = _classes(kind), below.read if below else None

    def write(value: Any) -> Fields:
        if type(value) not in classes or read is None:
            raise NotFast
        return read(value)

    return write


class FastPathExecutor(StrawberryGraphQLCoreExecutionContext):
    """Reads the plain fields of a selection itself, and has the others executed."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._parted: dict[int, tuple[Fields, FastSelection | None, Fields]] = {}

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
        known = plain.read_some(source_value) if plain is not None else {}
        if len(known) + len(others) < len(grouped_field_set):
            others = {name: field for name, field in grouped_field_set.items() if name not in known}
        if not others:
            return known
        rest = super().execute_fields(parent_type, source_value, path, others, position_context)
        if not known:
            return rest
        if isinstance(rest, dict):
            return _in_order(grouped_field_set, known, rest)
        return _when_known(grouped_field_set, known, rest)

    def _parts(self, kind: GraphQLObjectType, fields: Fields) -> tuple[FastSelection | None, Fields]:
        """The plain fields of a selection, and the others: told once for all items of a list."""
        if (known := self._parted.get(id(fields))) is None:
            plain = tuple(self._plain_among(kind, fields))
            names = {name for name, *_ in plain}
            others = {name: field for name, field in fields.items() if name not in names}
            # The fields are kept, so that no others get their id.
            known = self._parted[id(fields)] = fields, _selection(plain) if plain else None, others
        return known[1:]

    def _plain_among(self, kind: GraphQLObjectType, fields: Fields) -> Iterator[Chosen]:
        for name, details in fields.items():
            asked = details[0].node.name.value
            field = kind.fields.get(asked)
            plain = field.extensions.get(CACHE_KEY) if field is not None else _typename(kind, asked)
            if plain is None:
                continue
            named = get_named_type(plain.field.type)
            if is_leaf_type(named):
                yield name, plain, None
            elif below := self._below(named, details):
                yield name, plain, below

    def _below(self, kind: Any, details: Any) -> FastSelection | None:
        """What is asked for of an object, where all of it is plain: told once for a document without directives."""
        if not self._is_fixed or len(details) > 1:
            return self._told(kind, details)
        known = node_cache(details[0].node)
        if kind not in known:
            known[kind] = self._told(kind, details)
        selection: FastSelection | None = known[kind]
        return selection

    @cached_property
    def _is_fixed(self) -> bool:
        """Whether the same is asked for whatever the variables are."""
        known = node_cache(self.operation)
        if CACHE_KEY not in known:
            parts = (self.operation, *self.fragment_definitions.values())
            known[CACHE_KEY] = not any(map(_has_directives, parts))
        return bool(known[CACHE_KEY])

    def _told(self, kind: Any, details: Any) -> FastSelection | None:
        try:
            collected = self.collect_subfields(kind, details)
        except (
            Exception
        ):  # a directive without its value: an error of this field, which is graphql-core's to tell
            return None
        plain, others = self._parts(kind, collected.grouped_field_set)
        return None if others or collected.new_defer_usages else plain


def node_cache(node: Node) -> dict[Any, Any]:
    """What is known of a part of a document, kept as long as the document is."""
    known: dict[Any, Any] = node.__dict__.setdefault(CACHE_KEY, {})
    return known


def _has_directives(node: Any) -> bool:
    if node.directives:
        return True
    below = getattr(node, "selection_set", None)
    return below is not None and any(map(_has_directives, below.selections))


@lru_cache(maxsize=1_000)
def _typename(kind: GraphQLObjectType, asked: str) -> FastField | None:
    """The name of the kind, which clients that keep a cache ask for of each object."""
    if asked != "__typename":
        return None
    name = kind.name
    return FastField(lambda _: name, GraphQLField(GraphQLString))


async def _when_known(names: Iterable[str], known: Fields, rest: Awaitable[Fields]) -> Fields:
    return _in_order(names, known, await rest)


def _in_order(names: Iterable[str], *parts: Mapping[str, Any]) -> Fields:
    found = {name: value for part in parts for name, value in part.items()}
    return {name: found[name] for name in names if name in found}
