"""The operations that GraphiQL offers are good ones: their files are held to the schema."""

import json
import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "app" / "web" / "ui" / "graphiql" / "examples"
EXAMPLES = sorted(FOLDER.glob("*/*.graphql"))
SCHEMA = build_schema((ROOT / "schema.graphql").read_text())
LEFT_TO_PEOPLE = {"file", "files", "id", "input"}
"""Variables that have no value until somebody picks a file, or names a thing of theirs."""


def name(path: Path) -> str:
    return str(path.relative_to(FOLDER))


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_an_example_is_valid(example: Path) -> None:
    assert validate(SCHEMA, parse(example.read_text())) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_an_example_says_what_it_does(example: Path) -> None:
    assert re.match(r"# [^:]+: \S.*\.\n(query|mutation|subscription) [A-Z]", example.read_text())


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_the_variables_of_an_example_fit(example: Path) -> None:
    (operation,) = parse(example.read_text()).definitions
    assert isinstance(operation, OperationDefinitionNode)
    beside = example.with_suffix(".json")
    given = json.loads(beside.read_text()) if beside.exists() else {}
    declared = operation.variable_definitions or ()
    assert set(given) <= {definition.variable.name.value for definition in declared}
    values = get_variable_values(SCHEMA, declared, given)
    wrong = [error.message for error in values] if isinstance(values, list) else []
    assert all(
        any(f"${left}" in message for left in LEFT_TO_PEOPLE) and "Upload" in message for message in wrong
    ), wrong


def test_variables_belong_to_an_example() -> None:
    assert {path.with_suffix(".graphql") for path in FOLDER.glob("*/*.json")} <= set(EXAMPLES)
