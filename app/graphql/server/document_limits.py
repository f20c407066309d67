"""How large an operation may be, told before it is validated.

Strawberry's own limiters walk a fragment again at each spread: sixteen chained fragments cost 2^16 walks. Here each
fragment is walked once, so the check is linear in the length of the document. What it asks for is weighed elsewhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphql import (
    DefinitionNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from app.settings import Settings

MAX_COUNT = 10**9
MAX_DIRECTIVES_PER_NODE = 4


@dataclass(frozen=True, slots=True)
class DocumentSize:
    """How deep a selection nests, how many aliases, directives and fields stand at any depth of it and at its top.

    `crowd` is the number of directives at the one place that has most of them.
    """

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    crowd: int = 0
    top: int = 0

    def beside(self, other: "DocumentSize") -> "DocumentSize":
        return DocumentSize(
            max(self.depth, other.depth),
            min(self.aliases + other.aliases, MAX_COUNT),
            min(self.directives + other.directives, MAX_COUNT),
            max(self.crowd, other.crowd),
            min(self.top + other.top, MAX_COUNT),
        )


class DocumentMeter:
    """The extents of a document's operations, each fragment surveyed once."""

    def __init__(self, definitions: Sequence[DefinitionNode]) -> None:
        self._fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
        self._known: dict[str, DocumentSize] = {}

    def of(self, operation: OperationDefinitionNode) -> DocumentSize:
        total = self._within(operation.selection_set)
        for variable in operation.variable_definitions or ():
            total = total.beside(_directed(variable.directives))
        return total.beside(_directed(operation.directives))

    def _within(self, selections: SelectionSetNode) -> DocumentSize:
        total = DocumentSize()
        for selection in selections.selections:
            total = total.beside(_directed(selection.directives)).beside(self._of_selection(selection))
        return total

    def _of_selection(self, selection: SelectionNode) -> DocumentSize:
        match selection:
            case FieldNode():
                return self._of_field(selection)
            case FragmentSpreadNode():
                return self._of_fragment(selection.name.value)
            case InlineFragmentNode():
                return self._within(selection.selection_set)
        return DocumentSize()

    def _of_field(self, field: FieldNode) -> DocumentSize:
        below = self._within(field.selection_set) if field.selection_set else DocumentSize()
        # Introspection nests deep by nature, and graphql-core bounds it by a rule of its own.
        depth = 0 if field.name.value.startswith("__") else below.depth + 1
        return DocumentSize(
            depth, below.aliases + (field.alias is not None), below.directives, below.crowd, 1
        )

    def _of_fragment(self, name: str) -> DocumentSize:
        if name not in self._known:
            self._known[name] = DocumentSize()  # a cycle ends here; another rule reports it
            if name in self._fragments:
                fragment = self._fragments[name]
                self._known[name] = self._within(fragment.selection_set).beside(
                    _directed(fragment.directives)
                )
        return self._known[name]


def limit_errors(document: DocumentNode, settings: Settings) -> list[GraphQLError]:
    """What of the document is over a limit, each with how much was asked and how much is allowed."""
    survey = DocumentMeter(document.definitions)
    return [
        GraphQLError(f"The operation has {actual:,} {what}; {limit:,} are allowed", nodes=[operation])
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
        for what, actual, limit in _measured(survey.of(operation), settings)
        if actual > limit
    ]


def _measured(extent: DocumentSize, settings: Settings) -> Iterable[tuple[str, int, int]]:
    return (
        ("levels deep", extent.depth, settings.graphql_max_depth),
        ("aliases", extent.aliases, settings.graphql_max_aliases),
        ("directives", extent.directives, settings.graphql_max_directives),
        ("directives at one place", extent.crowd, MAX_DIRECTIVES_PER_NODE),
        ("fields at its root", extent.top, settings.graphql_max_root_fields),
    )


def _directed(directives: Sequence[DirectiveNode] | None) -> DocumentSize:
    return DocumentSize(directives=len(directives or ()), crowd=len(directives or ()))
