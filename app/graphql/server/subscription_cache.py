"""Cache of subscription results: equal subscriptions of one account share the result of an event.

The result depends on the operation, the variables of its selection, and the actor. If one account has 500 pages open,
the first subscription computes it and the others reuse it.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, FieldNode, OperationDefinitionNode, SelectionNode, print_ast

from app.graphql.loaders import Loaders
from app.graphql.server.costs import CostExecutor
from app.graphql.types.events import Event


class SubscriptionExecutor(CostExecutor):
    """Executor that reuses the results of equal subscriptions."""

    _selection: tuple[Any, ...] | None = None

    def build_per_event_executor(self, payload: Any) -> Any:
        if not isinstance(payload, Event):
            return super().build_per_event_executor(payload)
        if self._selection is None:
            self._selection = self._selection_key()
        actor = self.context_value.ctx.actor
        results, key = (
            payload.row.presented,
            (*self._selection, *((actor.id, actor.scopes) if actor else (None,))),
        )
        if key not in results:
            # Rows loaded for the previous event may be out of date.
            self.context_value.loaders = Loaders(self.context_value.ctx)
            result: Any = super().build_per_event_executor(payload).execute_operation(False)
            results[key] = result if isinstance(result, ExecutionResult) else asyncio.ensure_future(result)
        return CachedExecutor(results[key])

    def _selection_key(self) -> tuple[Any, ...]:
        """Return the operation's text and the values of the variables used below its root field."""
        text = "\n".join(map(print_ast, self.fragment_definitions.values())) + _without_root_arguments(
            self.operation
        )
        names = sorted(set(re.findall(r"\$(\w+)", text)))
        values = self.variable_values.coerced
        return (text, repr([(name, values.get(name)) for name in names]))


def _without_root_arguments(operation: OperationDefinitionNode) -> str:
    """Print an operation without the arguments of its root field: they select events, but do not change a result."""
    return "\n".join(_without_arguments(node) for node in operation.selection_set.selections)


def _without_arguments(node: SelectionNode) -> str:
    if not isinstance(node, FieldNode):
        return print_ast(node)
    name = node.alias or node.name
    rest = (*(node.directives or ()), *filter(None, [node.selection_set]))
    return " ".join([name.value, *map(print_ast, rest)])


@dataclass(frozen=True, slots=True)
class CachedExecutor:
    """Executor whose result is cached or being computed."""

    result: "ExecutionResult | asyncio.Future[ExecutionResult]"

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: ARG002  (graphql-core's signature)
        return _copy(self.result) if isinstance(self.result, ExecutionResult) else _await_copy(self.result)


async def _await_copy(result: "asyncio.Future[ExecutionResult]") -> ExecutionResult:
    return _copy(await asyncio.shield(result))  # one client's disconnect must not cancel it for the others


def _copy(result: ExecutionResult) -> ExecutionResult:
    """Copy the list of errors: each subscription replaces its own errors when it presents them."""
    return ExecutionResult(result.data, list(result.errors) if result.errors else None)
