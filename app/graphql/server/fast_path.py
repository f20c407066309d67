"""Fast path for fields that need no arguments, no resolver information and no await.

graphql-core takes 5 µs for each leaf and 15 µs for each object, nearly all of it for features that such fields do not
use. Most values of a list come from such fields. The fast path plans a selection of them once and then reads it
directly, nested objects and lists included. A value that can't be read this way is left to graphql-core, which runs
into the same error and reports it.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
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
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.types.base_scalars import DateTimeDefinition
from strawberry.types.scalar import identity

from app.graphql.types.node import RowAttribute

CACHE_KEY = "pichub-fast-path"
"""Key under which schema fields and document nodes hold what this module knows of them."""

INT32_LIMIT = 2**31
MAX_CACHED_SELECTIONS = 1_000

Fields: TypeAlias = dict[str, Any]
"""Fields of one selection, or their values, by response name."""
Getter: TypeAlias = Callable[[Any], Any]
"""Function that returns a field's value, given the field's object."""
Serializer: TypeAlias = Callable[[Any], Any]
"""Function that converts a value for the response. Raises NotFast, or the error of the value's type."""


class NotFast(Exception):
    """Only graphql-core can complete this value."""


@dataclass(frozen=True, slots=True, eq=False)
class FastField:
    """A schema field and the function that gets its value. A method may return a coroutine instead of a value."""

    get: Getter
    field: GraphQLField
    is_method: bool = False


class FastSelection:
    """Fast fields that are selected together. Equal selections share one instance."""

    __slots__ = ("_fields",)

    def __init__(self, fields: "tuple[SelectedField, ...]") -> None:
        self._fields = tuple(
            (
                name,
                fast.get,
                _unchanged_class(get_nullable_type(fast.field.type)),
                _result_serializer(fast, nested),
            )
            for name, fast, nested in fields
        )

    def read(self, source: Any) -> Fields:
        """Return the selected values of an object. Raises NotFast, or whatever a getter or serializer raises."""
        values = {}
        for name, get, unchanged, serialize in self._fields:
            value = get(source)
            values[name] = value if type(value) is unchanged else serialize(value)
        return values

    def read_available(self, source: Any) -> Fields:
        """Return those of the selected values that can be read."""
        with suppress(Exception):
            return self.read(source)
        values = {}
        for name, get, _, serialize in self._fields:
            with suppress(Exception):  # graphql-core executes the field again and reports the error
                values[name] = serialize(get(source))
        return values


SelectedField: TypeAlias = tuple[str, FastField, FastSelection | None]
"""A field's response name, the field, and the selection below it."""

_selection = lru_cache(maxsize=MAX_CACHED_SELECTIONS)(FastSelection)


def mark_fast_fields(schema: GraphQLSchema) -> None:
    """Store a FastField in the extensions of each field that has one."""
    for object_type in schema.type_map.values():
        if isinstance(object_type, GraphQLObjectType):
            for field in object_type.fields.values():
                if fast := _fast_field(object_type, field):
                    field.extensions[CACHE_KEY] = fast


def _fast_field(object_type: GraphQLObjectType, field: GraphQLField) -> FastField | None:
    """Return a FastField if the value is an attribute, or comes from a method that takes `self` only."""
    named = get_named_type(field.type)
    if field.args or not (is_leaf_type(named) or _instance_classes(named)):
        return None
    definition: Any = field.extensions.get("strawberry-definition")
    if getattr(field.resolve, "_is_default", False):
        name: str = definition.python_name
        attribute = getattr(object_type.extensions["strawberry-definition"].origin, name, None)
        return FastField(attrgetter(attribute.path if isinstance(attribute, RowAttribute) else name), field)
    resolver = getattr(definition, "base_resolver", None)
    if resolver is None or resolver.is_async or definition.extensions:
        return None
    method: Getter = resolver.wrapped_func
    takes_self_only = [*inspect.signature(method).parameters] == ["self"]
    return FastField(method, field, is_method=True) if takes_self_only else None


def _instance_classes(named: Any) -> frozenset[type]:
    """Return the classes whose instances are objects of a type; none if the type must be resolved for each object."""
    definition = named.extensions.get("strawberry-definition") if is_object_type(named) else None
    if definition is None or definition.is_type_of:
        return frozenset()
    generic = definition.concrete_of
    return frozenset({definition.origin, *([generic.origin] if generic else ())})


def _result_serializer(fast: FastField, nested: FastSelection | None) -> Serializer:
    """Return the serializer of a field's type. It refuses coroutines, which only methods return."""
    serialize = _serializer(fast.field.type, nested)
    if not fast.is_method:
        return serialize

    def serialize_result(value: Any) -> Any:
        if type(value) is CoroutineType:
            value.close()  # graphql-core calls the method again and awaits that result
            raise NotFast
        return serialize(value)

    return serialize_result


def _serializer(kind: Any, nested: FastSelection | None, *, is_nullable: bool = True) -> Serializer:
    """Return the serializer of a type. It converts objects to the values of the `nested` selection."""
    if is_non_null_type(kind):
        return _serializer(kind.of_type, nested, is_nullable=False)
    if is_leaf_type(kind):
        return _leaf_serializer(kind, is_nullable)
    serialize = _list_serializer(kind, nested) if is_list_type(kind) else _object_serializer(kind, nested)
    # Without this, the serializers of lists and objects refuse None: it is of no class they accept.
    return (lambda value: None if value is None else serialize(value)) if is_nullable else serialize


UNCHANGED_CLASSES: dict[Any, type] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLBoolean: bool,
    identity: str,
    int: int,
}
"""Classes of values that need no conversion, by leaf type; for custom scalars by their `coerce_output_value`."""


def _unchanged_class(kind: Any) -> type | None:
    if not is_leaf_type(kind):
        return None
    return UNCHANGED_CLASSES.get(kind) or UNCHANGED_CLASSES.get(kind.coerce_output_value)


def _leaf_serializer(kind: GraphQLLeafType, is_nullable: bool) -> Serializer:
    unchanged, coerce = _unchanged_class(kind), kind.coerce_output_value

    def serialize(value: Any) -> Any:
        if type(value) is unchanged:
            return value
        if value is None and is_nullable:
            return None
        if value is None or isinstance(value, Exception | CoroutineType):
            raise NotFast
        result = coerce(value)
        if result is None or result is Undefined:
            raise NotFast
        return result

    def serialize_int(value: Any) -> Any:
        return value if type(value) is int and -INT32_LIMIT <= value < INT32_LIMIT else serialize(value)

    def serialize_datetime(value: Any) -> Any:
        return value.isoformat() if type(value) is datetime else serialize(value)

    if kind is GraphQLInt:
        return serialize_int
    return serialize_datetime if coerce is DateTimeDefinition.serialize else serialize


def _list_serializer(kind: Any, nested: FastSelection | None) -> Serializer:
    serialize_item = _serializer(kind.of_type, nested)

    def serialize(values: Any) -> list[Any]:
        if type(values) not in (list, tuple):
            raise NotFast
        return [serialize_item(value) for value in values]

    return serialize


def _object_serializer(kind: Any, nested: FastSelection | None) -> Serializer:
    classes, read = _instance_classes(kind), nested.read if nested else None

    def serialize(value: Any) -> Fields:
        if type(value) not in classes or read is None:
            raise NotFast
        return read(value)

    return serialize


class FastPathExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executor that reads the fast fields of a selection itself and passes the others to graphql-core."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._partitions: dict[int, tuple[Fields, FastSelection | None, Fields]] = {}

    def build_per_event_executor(self, payload: Any) -> Any:
        """Return the executor of one event, with empty caches.

        graphql-core shares its caches between all events of a subscription. Each event has its own field lists, so
        they would grow for as long as the subscription lasts.
        """
        executor: Any = super().build_per_event_executor(payload)
        executor._partitions, executor._relevant_sub_fields = {}, {}  # noqa: SLF001
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Fields,
        position_context: Any,
    ) -> Any:
        fast, others = self._partition(parent_type, grouped_field_set)
        values = fast.read_available(source_value) if fast is not None else {}
        if len(values) + len(others) < len(grouped_field_set):
            others = {name: field for name, field in grouped_field_set.items() if name not in values}
        if not others:
            return values
        rest = super().execute_fields(parent_type, source_value, path, others, position_context)
        if not values:
            return rest
        if isinstance(rest, dict):
            return _merge(grouped_field_set, values, rest)
        return _await_and_merge(grouped_field_set, values, rest)

    def _partition(self, kind: GraphQLObjectType, fields: Fields) -> tuple[FastSelection | None, Fields]:
        """Split a selection into fast fields and others. The result is cached for the other items of a list."""
        if (cached := self._partitions.get(id(fields))) is None:
            fast = tuple(self._fast_fields(kind, fields))
            names = {name for name, *_ in fast}
            others = {name: field for name, field in fields.items() if name not in names}
            # Holding on to `fields` keeps its id from being reused.
            cached = self._partitions[id(fields)] = fields, _selection(fast) if fast else None, others
        return cached[1:]

    def _fast_fields(self, kind: GraphQLObjectType, fields: Fields) -> Iterator[SelectedField]:
        for response_name, details in fields.items():
            name = details[0].node.name.value
            field = kind.fields.get(name)
            fast = field.extensions.get(CACHE_KEY) if field is not None else _typename_field(kind, name)
            if fast is None:
                continue
            named = get_named_type(fast.field.type)
            if is_leaf_type(named):
                yield response_name, fast, None
            elif nested := self._nested_selection(named, details):
                yield response_name, fast, nested

    def _nested_selection(self, kind: Any, details: Any) -> FastSelection | None:
        """Return the selection below a field if all of it is fast. It is cached for documents without directives."""
        if self._has_directives or len(details) > 1:
            return self._collect(kind, details)
        cache = node_cache(details[0].node)
        if kind not in cache:
            cache[kind] = self._collect(kind, details)
        selection: FastSelection | None = cache[kind]
        return selection

    @cached_property
    def _has_directives(self) -> bool:
        """True if variables can change the selection."""
        cache = node_cache(self.operation)
        if CACHE_KEY not in cache:
            cache[CACHE_KEY] = any(
                map(_has_directives, (self.operation, *self.fragment_definitions.values()))
            )
        return bool(cache[CACHE_KEY])

    def _collect(self, kind: Any, details: Any) -> FastSelection | None:
        try:
            collected = self.collect_subfields(kind, details)
        except Exception:  # such as a directive without its value: graphql-core reports it
            return None
        fast, others = self._partition(kind, collected.grouped_field_set)
        return None if others or collected.new_defer_usages else fast


def node_cache(node: Node) -> dict[Any, Any]:
    """Return the cache of a document node. It lives as long as the document."""
    cache: dict[Any, Any] = node.__dict__.setdefault(CACHE_KEY, {})
    return cache


def _has_directives(node: Any) -> bool:
    if node.directives:
        return True
    selections = getattr(node, "selection_set", None)
    return selections is not None and any(map(_has_directives, selections.selections))


@lru_cache(maxsize=1_000)
def _typename_field(kind: GraphQLObjectType, name: str) -> FastField | None:
    """Return the field `__typename`; None for other names."""
    if name != "__typename":
        return None
    return FastField(lambda _: kind.name, GraphQLField(GraphQLString))


async def _await_and_merge(names: Iterable[str], values: Fields, rest: Awaitable[Fields]) -> Fields:
    return _merge(names, values, await rest)


def _merge(names: Iterable[str], *parts: Mapping[str, Any]) -> Fields:
    """Return the values of all parts, in the order of the selection."""
    values = {name: value for part in parts for name, value in part.items()}
    return {name: values[name] for name in names if name in values}
