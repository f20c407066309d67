"""Cost of an operation: the number of objects that its response may contain, estimated before it runs.

The length of a connection is the requested page size, so the cost depends on variables and is computed once their
values are known. The cost of a fragment is computed once for all its spreads: it leaves the length of the list open.
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
"""Cached costs of one operation, for different values of its variables."""

FREE_TYPE_SUFFIXES = ("Edge", "PageInfo")
"""Types that only structure a page. A connection is not free: it takes a database query."""
COMPUTED_FIELDS = {("Image", "signedUrl"): "", ("Image", "srcSet"): "widths"}
"""Scalar fields that cost something because they are computed, with the list argument that multiplies the cost."""
LENGTH_ARGUMENTS = {("Query", "nodes"): "ids"}
"""List fields that return one item per item of an argument."""
LIST_LENGTHS = {("Account", "sessions"): 100, ("Query", "invitations"): 100, ("Delivery", "attempts"): 10}
"""Maximum length of other list fields. Fields not listed here count as a page of the default size."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a selection: `fixed`, and `per_item` of the page that it selects from."""

    fixed: int = 0
    per_item: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(_bounded(self.fixed + other.fixed), _bounded(self.per_item + other.per_item))

    def total(self, page_size: int) -> int:
        return _bounded(self.fixed + self.per_item * page_size)


@dataclass(frozen=True, slots=True)
class CachedCosts:
    """Variables that determine the list lengths of an operation, and costs by the values of these variables."""

    variables: dict[str, None] = field(default_factory=dict)
    costs: dict[tuple[Any, ...], int] = field(default_factory=dict)


class CostEstimator:
    """Estimates the cost of an operation with the given values of its variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._fragment_costs: dict[str, Cost] = {}
        self._used_variables: list[str] = []

    def cost(self, operation: OperationDefinitionNode) -> int:
        """Return the cost. It is cached for variables with the same list lengths."""
        cache: CachedCosts = node_cache(operation).setdefault(CachedCosts, CachedCosts())
        if (cost := cache.costs.get(self._lengths(cache.variables))) is None:
            root = self._schema.get_root_type(operation.operation)
            cost = self._selection_cost(operation.selection_set, root).total(1) if root else 0
            cache.variables.update(dict.fromkeys(self._used_variables))
            if len(cache.costs) >= MAX_CACHED_COSTS:
                cache.costs.clear()
            cache.costs[self._lengths(cache.variables)] = cost
        return cost

    def _lengths(self, names: Iterable[str]) -> tuple[Any, ...]:
        """Return the values of variables, with lists replaced by their length."""
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
        if name not in self._fragment_costs:
            fragment = self._fragments[name]
            self._fragment_costs[name] = self._selection_cost(
                fragment.selection_set, self._schema.get_type(fragment.type_condition.name.value)
            )
        return self._fragment_costs[name]

    def _field_cost(self, node: FieldNode, kind: GraphQLNamedType | None) -> Cost:
        fields: Mapping[str, GraphQLField] = getattr(kind, "fields", {})
        if kind is None or node.name.value not in fields:
            return Cost()  # introspection: graphql-core has a rule that limits it
        result = fields[node.name.value].type
        named = get_named_type(result)
        key = (kind.name, node.name.value)
        if not is_composite_type(named):
            return Cost(fixed=self._computed_cost(key, node))
        nested = self._selection_cost(node.selection_set, named) if node.selection_set else Cost()
        own = 0 if named.name.endswith(FREE_TYPE_SUFFIXES) else 1
        cost = _bounded(own + nested.total(self._page_size(node)))
        if not is_list_type(get_nullable_type(result)):
            return Cost(fixed=cost)
        if kind.name.endswith("Connection"):
            return Cost(per_item=cost)
        return Cost(fixed=_bounded(cost * self._list_length(key, node)))

    def _computed_cost(self, key: tuple[str, str], node: FieldNode) -> int:
        if key not in COMPUTED_FIELDS:
            return 0
        argument = COMPUTED_FIELDS[key]
        return self._argument_length(node, argument) if argument else 1

    def _page_size(self, node: FieldNode) -> int:
        """Return the page size from `first` and `last`. An invalid size counts as a valid one: the field rejects it."""
        values = [self._argument(node, name) for name in ("first", "last")]
        return _clamped(max((size for size in values if isinstance(size, int)), default=DEFAULT_SIZE))

    def _list_length(self, key: tuple[str, str], node: FieldNode) -> int:
        if key in LENGTH_ARGUMENTS:
            return self._argument_length(node, LENGTH_ARGUMENTS[key])
        return LIST_LENGTHS.get(key, DEFAULT_SIZE)

    def _argument_length(self, node: FieldNode, name: str) -> int:
        value = self._argument(node, name)
        return _clamped(len(value) if isinstance(value, list | tuple) else 1)

    def _argument(self, node: FieldNode, name: str) -> Any:
        for argument in node.arguments or ():
            if argument.name.value == name:
                return self._evaluate(argument.value)
        return None

    def _evaluate(self, value: ValueNode) -> Any:
        match value:
            case VariableNode():
                self._used_variables.append(value.name.value)
                return self._variables.get(value.name.value)
            case IntValueNode():
                return int(value.value)
            case ListValueNode():
                return value.values
            case NullValueNode():
                return None
        return value


class CostExecutor(FastPathExecutor):
    """Executor that rejects operations over the cost limit, and stores the cost in the context."""

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        settings = context_value.ctx.services.settings
        kwargs["hide_suggestions"] = not settings.introspection
        executor = super().build(schema, document, root_value, context_value, *args, **kwargs)
        if isinstance(executor, list):
            return executor  # errors of the variables
        estimator = CostEstimator(schema, executor.fragment_definitions, executor.variable_values.coerced)
        cost = context_value.cost = estimator.cost(executor.operation)
        limit = settings.graphql_max_cost
        if cost <= limit:
            return executor
        message = f"The operation has a cost of {cost:,}; the limit is {limit:,}. Request smaller pages"
        params = {"reason": "cost_limit_exceeded", "limit": limit, "actual": cost}
        return [GraphQLError(message, nodes=[executor.operation], extensions={"params": params})]


def _clamped(length: int) -> int:
    return min(max(length, 1), MAX_SIZE)


def _bounded(cost: int) -> int:
    return min(cost, MAX_COST)
