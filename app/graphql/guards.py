"""What an operation may cost, told before it runs.

Strawberry's own limiters walk a fragment again at each spread: sixteen chained fragments cost 2^16 walks. Here each
fragment is walked once, so the check is linear in the length of the document.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from graphql import (
    DefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)

from app.settings import Settings

UNCOUNTABLE = 10**9


@dataclass(frozen=True, slots=True)
class Extent:
    """How deep a selection nests, and how many aliases and fields stand at any depth of it and at its top."""

    depth: int = 0
    aliases: int = 0
    top: int = 0

    def beside(self, other: "Extent") -> "Extent":
        return Extent(
            max(self.depth, other.depth),
            min(self.aliases + other.aliases, UNCOUNTABLE),
            min(self.top + other.top, UNCOUNTABLE),
        )


class Survey:
    """The extents of a document's selections, each fragment surveyed once."""

    def __init__(self, definitions: Sequence[DefinitionNode]) -> None:
        self._fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
        self._known: dict[str, Extent] = {}

    def of(self, selections: SelectionSetNode) -> Extent:
        total = Extent()
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                found = self._of_field(selection)
            elif isinstance(selection, FragmentSpreadNode):
                found = self._of_fragment(selection.name.value)
            elif isinstance(selection, InlineFragmentNode):
                found = self.of(selection.selection_set)
            total = total.beside(found)
        return total

    def _of_field(self, field: FieldNode) -> Extent:
        below = self.of(field.selection_set) if field.selection_set else Extent()
        # Introspection nests deep by nature, and graphql-core bounds it by a rule of its own.
        depth = 0 if field.name.value.startswith("__") else below.depth + 1
        return Extent(depth, below.aliases + (field.alias is not None), 1)

    def _of_fragment(self, name: str) -> Extent:
        if name not in self._known:
            self._known[name] = Extent()  # a cycle ends here; another rule reports it
            if name in self._fragments:
                self._known[name] = self.of(self._fragments[name].selection_set)
        return self._known[name]


def limits_rule(settings: Settings) -> type[ValidationRule]:
    """The validation rule that holds operations to the settings' limits."""

    class Limits(ValidationRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self._survey = Survey(context.document.definitions)

        def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
            extent = self._survey.of(node.selection_set)
            for what, actual, limit in (
                ("levels deep", extent.depth, settings.graphql_max_depth),
                ("aliases", extent.aliases, settings.graphql_max_aliases),
                ("fields at its root", extent.top, settings.graphql_max_root_fields),
            ):
                if actual > limit:
                    self.report_error(
                        GraphQLError(f"The operation has {actual} {what}; {limit} are allowed", nodes=[node])
                    )

    return Limits
