"""Limits on the size of an operation, checked before validation.

Strawberry's limiters walk a fragment again for each spread: sixteen chained fragments cost 2^16 walks. Here each
fragment is walked once, so the check is linear in the length of the document. app.graphql.server.costs estimates how
many objects the operation requests.
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
    """Size of a selection. `aliases` and `directives` count all levels, `root_fields` only the first."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    max_directives_per_node: int = 0
    root_fields: int = 0

    def combine(self, other: "DocumentSize") -> "DocumentSize":
        return DocumentSize(
            max(self.depth, other.depth),
            min(self.aliases + other.aliases, MAX_COUNT),
            min(self.directives + other.directives, MAX_COUNT),
            max(self.max_directives_per_node, other.max_directives_per_node),
            min(self.root_fields + other.root_fields, MAX_COUNT),
        )


class DocumentMeter:
    """Measures the operations of a document. Each fragment is measured once."""

    def __init__(self, definitions: Sequence[DefinitionNode]) -> None:
        self._fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
        self._fragment_sizes: dict[str, DocumentSize] = {}

    def measure(self, operation: OperationDefinitionNode) -> DocumentSize:
        total = self._selection_size(operation.selection_set)
        for variable in operation.variable_definitions or ():
            total = total.combine(_directives_size(variable.directives))
        return total.combine(_directives_size(operation.directives))

    def _selection_size(self, selections: SelectionSetNode) -> DocumentSize:
        total = DocumentSize()
        for selection in selections.selections:
            total = total.combine(_directives_size(selection.directives)).combine(self._node_size(selection))
        return total

    def _node_size(self, selection: SelectionNode) -> DocumentSize:
        match selection:
            case FieldNode():
                return self._field_size(selection)
            case FragmentSpreadNode():
                return self._fragment_size(selection.name.value)
            case InlineFragmentNode():
                return self._selection_size(selection.selection_set)
        return DocumentSize()

    def _field_size(self, field: FieldNode) -> DocumentSize:
        nested = self._selection_size(field.selection_set) if field.selection_set else DocumentSize()
        # Introspection nests deeply by design; graphql-core has a rule that limits it.
        depth = 0 if field.name.value.startswith("__") else nested.depth + 1
        aliases = nested.aliases + (field.alias is not None)
        return DocumentSize(depth, aliases, nested.directives, nested.max_directives_per_node, 1)

    def _fragment_size(self, name: str) -> DocumentSize:
        if name not in self._fragment_sizes:
            self._fragment_sizes[name] = DocumentSize()  # ends cycles, which another rule reports
            if name in self._fragments:
                fragment = self._fragments[name]
                self._fragment_sizes[name] = self._selection_size(fragment.selection_set).combine(
                    _directives_size(fragment.directives)
                )
        return self._fragment_sizes[name]


def limit_errors(document: DocumentNode, settings: Settings) -> list[GraphQLError]:
    """Return an error for each limit that an operation exceeds."""
    meter = DocumentMeter(document.definitions)
    return [
        GraphQLError(
            f"The operation has {actual:,} {name}; the limit is {limit:,}",
            nodes=[operation],
            extensions={"params": {"reason": reason, "limit": limit, "actual": actual}},
        )
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
        for reason, name, actual, limit in _measurements(meter.measure(operation), settings)
        if actual > limit
    ]


def _measurements(size: DocumentSize, settings: Settings) -> Iterable[tuple[str, str, int, int]]:
    """Return the reason and the name of each limit, with the actual and the allowed number."""
    return (
        ("too_deep", "nesting levels", size.depth, settings.graphql_max_depth),
        ("too_many_aliases", "aliases", size.aliases, settings.graphql_max_aliases),
        ("too_many_directives", "directives", size.directives, settings.graphql_max_directives),
        (
            "too_many_directives_per_node",
            "directives on one node",
            size.max_directives_per_node,
            MAX_DIRECTIVES_PER_NODE,
        ),
        ("too_many_root_fields", "root fields", size.root_fields, settings.graphql_max_root_fields),
    )


def _directives_size(directives: Sequence[DirectiveNode] | None) -> DocumentSize:
    count = len(directives or ())
    return DocumentSize(directives=count, max_directives_per_node=count)
