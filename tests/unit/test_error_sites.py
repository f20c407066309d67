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
}
"""Errors whose text is given where they are raised, with the position of the text."""
REASON_IS_FIRST = {"FieldError", "CorruptImage", "TooManyPixels"}
NO_FACTS = {"reason", "message", "fields", "retry_after"}


def raise_sites() -> Iterator[tuple[str, ast.Call]]:
    for folder in ("app", "compat_rest"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.Call(func=ast.Name(id=name)) if (
                        name in TEXT_ARGUMENT and path.name != "errors.py"
                    ):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", node


SITES = list(raise_sites())


@pytest.mark.parametrize("call", [site[1] for site in SITES], ids=[site[0] for site in SITES])
def test_a_message_is_a_template_of_its_params(call: ast.Call) -> None:
    assert isinstance(call.func, ast.Name)
    position = TEXT_ARGUMENT[call.func.id]
    text = call.args[position]
    facts = {each.arg for each in call.keywords} - NO_FACTS
    assert not isinstance(text, ast.JoinedStr), "the facts must be keywords, not part of an f-string"
    if isinstance(text, ast.Constant):
        fields = {name for _, name, _, _ in string.Formatter().parse(text.value) if name}
        assert {name for name in fields if name.isidentifier()} == facts
    if call.func.id not in REASON_IS_FIRST:
        assert any(each.arg == "reason" for each in call.keywords), "the sentence needs a reason"
