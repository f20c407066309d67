"""What an operation costs: how many objects its answer may hold, told before it runs.

A connection is as long as the page that is asked of it, so the cost depends on the values of the variables: it is told
when they are known. A fragment is weighed once, however often it is spread: a list's length stays open in its weight.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from app.graphql.server.fast_path import FastPathExecutor, node_cache
from app.pagination import DEFAULT_SIZE, MAX_SIZE

MAX_COST = 10**9
MAX_CACHED_COSTS = 20
"""Costs of one operation, by the values of its variables."""

FREE_TYPES = ("Edge", "PageInfo")
"""How the names of types end that only hold a page together. The connection is a question to the database."""
COMPUTED_FIELDS = {("Image", "signedUrl"): "", ("Image", "srcSet"): "widths"}
"""Scalars that are worked out and so are not free, each with the argument that says how often."""
LENGTH_ARGUMENTS = {("Query", "nodes"): "ids"}
"""Lists that are as long as this argument."""
LIST_LENGTHS = {("Account", "sessions"): 100, ("Query", "invitations"): 100, ("Delivery", "attempts"): 10}
"""How long other lists are at most; those that are not named here count as a page does if nothing is said."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a selection costs: `once`, and for `each` item of the page that it is a selection of."""

    once: int = 0
    each: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(_bounded(self.once + other.once), _bounded(self.each + other.each))

    def per_page(self, size: int) -> int:
        return _bounded(self.once + self.each * size)


@dataclass(frozen=True, slots=True)
class CachedCosts:
    """The variables of an operation that say how large pages are, and what it cost with some of their values."""

    names: dict[str, None] = field(default_factory=dict)
    costs: dict[tuple[Any, ...], int] = field(default_factory=dict)


class CostEstimator:
    """Weighs the selections of one operation, whose variables have these values."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[str, Cost] = {}
        self._asked: list[str] = []

    def cost(self, operation: OperationDefinitionNode) -> int:
        """What it costs: weighed once for all whose variables say the same of sizes."""
        known: CachedCosts = node_cache(operation).setdefault(CachedCosts, CachedCosts())
        if (cost := known.costs.get(self._sizes(known.names))) is None:
            root = self._schema.get_root_type(operation.operation)
            cost = self._selection_cost(operation.selection_set, root).per_page(1) if root else 0
            known.names.update(dict.fromkeys(self._asked))
            if len(known.costs) >= MAX_CACHED_COSTS:
                known.costs.clear()
            known.costs[self._sizes(known.names)] = cost
        return cost

    def _sizes(self, names: Iterable[str]) -> tuple[Any, ...]:
        """What these variables say: of a list how long it is."""
        values = map(self._variables.get, names)
        return tuple((len(value),) if isinstance(value, list) else value for value in values)

    def _selection_cost(self, selections: SelectionSetNode, kind: GraphQLNamedType | None) -> Cost:
        total = Cost()
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                total += self._field_cost(selection, kind)
            elif isinstance(selection, FragmentSpreadNode):
                total += self._fragment_cost(selection.name.value)
            elif isinstance(selection, InlineFragmentNode):
                on = selection.type_condition
                total += self._selection_cost(
                    selection.selection_set, self._schema.get_type(on.name.value) if on else kind
                )
        return total

    def _fragment_cost(self, name: str) -> Cost:
        if name not in self._known:
            fragment = self._fragments[name]
            self._known[name] = self._selection_cost(
                fragment.selection_set, self._schema.get_type(fragment.type_condition.name.value)
            )
        return self._known[name]

    def _field_cost(self, node: FieldNode, kind: GraphQLNamedType | None) -> Cost:
        fields: Mapping[str, GraphQLField] = getattr(kind, "fields", {})
        if kind is None or node.name.value not in fields:
            return Cost()  # introspection, which graphql-core bounds by a rule of its own
        result = fields[node.name.value].type
        named = get_named_type(result)
        place = (kind.name, node.name.value)
        if not is_composite_type(named):
            return Cost(once=self._computed_cost(place, node))
        below = self._selection_cost(node.selection_set, named) if node.selection_set else Cost()
        one = 0 if named.name.endswith(FREE_TYPES) else 1
        cost = _bounded(one + below.per_page(self._page_size(node)))
        if not is_list_type(get_nullable_type(result)):
            return Cost(once=cost)
        if kind.name.endswith("Connection"):
            return Cost(each=cost)
        return Cost(once=_bounded(cost * self._length(place, node)))

    def _computed_cost(self, place: tuple[str, str], node: FieldNode) -> int:
        if place not in COMPUTED_FIELDS:
            return 0
        argument = COMPUTED_FIELDS[place]
        return _within(self._count(node, argument)) if argument else 1

    def _page_size(self, node: FieldNode) -> int:
        """What `first` and `last` say. A size that is not allowed counts as one that is: the field refuses it."""
        given = [self._value(node, name) for name in ("first", "last")]
        sizes = [size for size in given if isinstance(size, int)]
        return _within(max(sizes, default=DEFAULT_SIZE))

    def _length(self, place: tuple[str, str], node: FieldNode) -> int:
        if place in LENGTH_ARGUMENTS:
            return _within(self._count(node, LENGTH_ARGUMENTS[place]))
        return LIST_LENGTHS.get(place, DEFAULT_SIZE)

    def _count(self, node: FieldNode, argument: str) -> int:
        value = self._value(node, argument)
        return len(value) if isinstance(value, list | tuple) else 1

    def _value(self, node: FieldNode, argument: str) -> Any:
        for given in node.arguments or ():
            if given.name.value == argument:
                return self._plain(given.value)
        return None

    def _plain(self, value: ValueNode) -> Any:
        match value:
            case VariableNode():
                self._asked.append(value.name.value)
                return self._variables.get(value.name.value)
            case IntValueNode():
                return int(value.value)
            case ListValueNode():
                return value.values
            case NullValueNode():
                return None
        return value


class CostExecutor(FastPathExecutor):
    """Executes what does not cost more than the settings allow, and notes the cost for who asks for it."""

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        *args: Any,
        **given: Any,
    ) -> Any:
        settings = context_value.ctx.services.settings
        given["hide_suggestions"] = not settings.introspection
        executor = super().build(schema, document, root_value, context_value, *args, **given)
        if isinstance(executor, list):
            return executor  # the variables are wrong
        scale = CostEstimator(schema, executor.fragment_definitions, executor.variable_values.coerced)
        cost = context_value.cost = scale.cost(executor.operation)
        if cost <= settings.graphql_max_cost:
            return executor
        allowed = f"{settings.graphql_max_cost:,} is allowed. Ask for smaller pages"
        return [GraphQLError(f"The operation has a cost of {cost:,}; {allowed}", nodes=[executor.operation])]


def _within(count: int) -> int:
    return min(max(count, 1), MAX_SIZE)


def _bounded(cost: int) -> int:
    return min(cost, MAX_COST)
