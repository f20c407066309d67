"""One answer for all who follow the same event with the same words.

What an event looks like depends on the operation, on the variables that its selection uses, and on who asks. Of five
hundred pages that one account has open, the first computes it and the others are given that.
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
    """Executes what is not too costly, and asks first whether somebody has executed the same for this event."""

    selected: tuple[Any, ...] | None = None

    def build_per_event_executor(self, payload: Any) -> Any:
        if not isinstance(payload, Event):
            return super().build_per_event_executor(payload)
        if self.selected is None:
            self.selected = self._selected()
        answers, key = payload.row.presented, (*self.selected, *self._asker())
        if key not in answers:
            # What was loaded for the last event may have changed since.
            self.context_value.loaders = Loaders(self.context_value.ctx)
            answer: Any = super().build_per_event_executor(payload).execute_operation(False)
            answers[key] = answer if isinstance(answer, ExecutionResult) else asyncio.ensure_future(answer)
        return CachedExecution(answers[key])

    def _selected(self) -> tuple[Any, ...]:
        """The operation, and the values of those variables that stand below its root field."""
        text = "\n".join(map(print_ast, self.fragment_definitions.values())) + _below_root(self.operation)
        used = sorted(set(re.findall(r"\$(\w+)", text)))
        values = self.variable_values.coerced
        return (text, repr([(name, values.get(name)) for name in used]))

    def _asker(self) -> tuple[Any, ...]:
        actor = self.context_value.ctx.actor
        return (actor.id, actor.scopes) if actor else (None,)


def _below_root(operation: OperationDefinitionNode) -> str:
    """The operation without the arguments of its root field: which events they choose is no matter for one of them."""
    return "\n".join(_without_arguments(node) for node in operation.selection_set.selections)


def _without_arguments(node: SelectionNode) -> str:
    if not isinstance(node, FieldNode):
        return print_ast(node)
    name = node.alias or node.name
    below = (*(node.directives or ()), *filter(None, [node.selection_set]))
    return " ".join([name.value, *map(print_ast, below)])


@dataclass(frozen=True, slots=True)
class CachedExecution:
    """Stands for an executor where the answer is known, or is being made."""

    answer: "ExecutionResult | asyncio.Future[ExecutionResult]"

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: ARG002  (as graphql-core calls it)
        return _copy(self.answer) if isinstance(self.answer, ExecutionResult) else _copied(self.answer)


async def _copied(answer: "asyncio.Future[ExecutionResult]") -> ExecutionResult:
    return _copy(await asyncio.shield(answer))  # who leaves must not take the others' answer along


def _copy(answer: ExecutionResult) -> ExecutionResult:
    """Errors are presented to each anew."""
    return ExecutionResult(answer.data, list(answer.errors) if answer.errors else None)
