"""Raise sites of errors: every fact in a message is a param, under a stable reason."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT_ARGUMENT = {
    "BadRequest": 0,
    "Forbidden": 0,
    "Conflict": 0,
    "Gone": 1,
    "Locked": 0,
    "Busy": 0,
    "OutOfStorage": 0,
    "OverQuota": 0,
    "FieldError": 1,
    "CorruptImage": 1,
    "TooManyPixels": 1,
    "field": 2,
    "add_error": 2,
}
"""Errors whose text is given where they are raised, with the position of the text."""
METHODS = {"field", "add_error"}
"""`Invalid.field` and `Validator.add_error`, which take a field's name and the arguments of FieldError."""
REASON_IS_POSITIONAL = {"FieldError", "CorruptImage", "TooManyPixels", *METHODS}
NO_FACTS = {"reason", "message", "fields", "retry_after"}


def raise_sites() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "compat_rest").rglob("*.py")]):
        if path == ROOT / "app" / "errors.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and name_of(node) in TEXT_ARGUMENT:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def name_of(call: ast.Call) -> str:
    """Return the name of the called error or method; empty for other calls."""
    match call.func:
        case ast.Name(id=name) if name not in METHODS:
            return name
        case ast.Attribute(value=ast.Name(id="Invalid"), attr="field"):
            return "field"
        case ast.Attribute(attr="add_error"):
            return "add_error"
    return ""


SITES = list(raise_sites())


@pytest.mark.parametrize("call", [site[1] for site in SITES], ids=[site[0] for site in SITES])
def test_a_message_is_a_template_of_its_params(call: ast.Call) -> None:
    text = call.args[TEXT_ARGUMENT[name_of(call)]]
    facts = {each.arg for each in call.keywords} - NO_FACTS
    assert not isinstance(text, ast.JoinedStr), "the facts must be keywords, not part of an f-string"
    if isinstance(text, ast.Constant):
        fields = {name for _, name, _, _ in string.Formatter().parse(text.value) if name}
        assert {name for name in fields if name.isidentifier()} == facts
    if name_of(call) not in REASON_IS_POSITIONAL:
        assert any(each.arg == "reason" for each in call.keywords), "the sentence needs a reason"
