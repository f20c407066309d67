"""One answer for all who follow the same event with the same words.

What an event looks like depends on the operation, on the variables that its selection uses, and on who asks. Of five
hundred pages that one account has open, the first computes it and the others are given that.
"""

import asyncio
import re
from collections.abc import Awaitable
from typing import Any
from weakref import WeakKeyDictionary

from graphql import ExecutionResult, FieldNode, OperationDefinitionNode, SelectionNode, print_ast

from app import models
from app.graphql.costs import Weighing
from app.graphql.events import Event

Answers = dict[tuple[Any, ...], "ExecutionResult | asyncio.Task[ExecutionResult]"]

_answers: "WeakKeyDictionary[models.Event, Answers]" = WeakKeyDictionary()


class Executor(Weighing):
    """Executes what is not too costly, and asks first whether somebody has executed the same for this event."""

    selected: tuple[Any, ...] | None = None

    def build_per_event_executor(self, payload: Any) -> Any:
        if self.selected is None:
            self.selected = self._selected()
        return super().build_per_event_executor(payload)

    def execute_operation(self, serially: bool | None = None) -> Any:
        if self.selected is None or not isinstance(self.root_value, Event):
            return super().execute_operation(serially)
        answers = _answers.setdefault(self.root_value.row, {})
        key = (*self.selected, *self._asker())
        if key not in answers:
            answer: Any = super().execute_operation(serially)
            answers[key] = answer if isinstance(answer, ExecutionResult) else asyncio.ensure_future(answer)
        known = answers[key]
        return _copy(known) if isinstance(known, ExecutionResult) else _copied(known)

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


async def _copied(answer: "Awaitable[ExecutionResult]") -> ExecutionResult:
    return _copy(await asyncio.shield(answer))  # who leaves must not take the others' answer along


def _copy(answer: ExecutionResult) -> ExecutionResult:
    """Errors are presented to each anew."""
    return ExecutionResult(answer.data, list(answer.errors) if answer.errors else None)
