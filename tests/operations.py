"""The GraphQL operations that the documentation shows."""

import re
from dataclasses import dataclass

from graphql import OperationDefinitionNode, parse

from tests.documented import DOCS

PAGES = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]
BLOCK = re.compile(r"^```graphql\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """An operation, and where it stands."""

    page: str
    text: str

    @property
    def operation(self) -> OperationDefinitionNode:
        (operation,) = [d for d in parse(self.text).definitions if isinstance(d, OperationDefinitionNode)]
        return operation

    @property
    def is_query(self) -> bool:
        return self.operation.operation.value == "query"

    def __str__(self) -> str:
        name = self.operation.name
        return f"{self.page}: {name.value if name else self.text.strip().splitlines()[0][:40]}"


BLOCKS = [(page.name, text) for page in PAGES for text in BLOCK.findall(page.read_text())]
SHOWN = [Shown(page, text) for page, text in BLOCKS if not text.startswith("fragment")]
