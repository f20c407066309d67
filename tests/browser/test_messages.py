"""The dashboard's texts of errors cover the errors that the server can send."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app import errors
from app.errors import PicHubError
from app.graphql.server import trusted_documents

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "app" / "web" / "ui" / "dashboard" / "messages" / "errors.ts"
OTHER_CODES = {"PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_SUPPORTED"}
"""Codes for clients of persisted queries, which the dashboard does not use."""
API_ONLY = """
authentication_required command_line_only cost_limit_exceeded document_mismatch file_reused first_and_last
incomplete_body invalid_boundary invalid_checksum invalid_connection_params invalid_content_length invalid_document_id
invalid_field_name invalid_json invalid_metadata invalid_multipart invalid_operation invalid_persisted_query not_a_file
not_an_object not_boolean not_integer not_multipart not_text not_text_list number_too_long preflight_required
result_too_large token_required too_deep too_many_fields too_many_files unknown_event unnamed_part unsupported_header
unsupported_json websocket_sign_in wrong_count wrong_length

checksum_mismatch slow_consumer unknown_version wrong_content_type wrong_offset
"""
"""Reasons that the dashboard's own requests can't cause, or that it handles without a message."""
GENERIC = {"invalid", "invalid_fields"}
"""Reasons of errors whose fields have reasons of their own."""
NOT_DISPLAYED = {*API_ONLY.split(), *GENERIC}
REASON_POSITIONS = {"FieldError": 0, "CorruptImage": 0, "TooManyPixels": 0, "field": 1, "add_error": 1}
"""Positions of the argument `reason`."""
BASE_CLASSES = {PicHubError, *PicHubError.__subclasses__()} - {
    *(errors.NotFound, errors.TooLarge, errors.UnsupportedFormat, errors.RateLimited, errors.UnknownVersion),
    errors.ChecksumMismatch,
}
"""Classes whose raise sites give a reason."""


def error_classes() -> list[type[PicHubError]]:
    return [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PicHubError)
    ]


def codes() -> set[str]:
    """Return all error codes of the server."""
    trusted = set(re.findall(r'"([A-Z_]{8,})"', Path(trusted_documents.__file__).read_text()))
    return {kind.code for kind in error_classes()} | (trusted - OTHER_CODES)


def class_reasons() -> set[str]:
    """Return the default reasons of the classes, except those of `Invalid`, which have errors of fields."""
    kinds = {kind for kind in error_classes() if not issubclass(kind, errors.Invalid)}
    return {errors._snake_case(kind.__name__) for kind in kinds - BASE_CLASSES}


def reasons() -> set[str]:
    """Return all reasons: those given at raise sites, and the defaults of the classes."""
    paths = [*(ROOT / "app").rglob("*.py"), *(ROOT / "compat_rest").rglob("*.py")]
    given = {reason for path in paths for reason in reasons_in(ast.parse(path.read_text()))}
    return given | class_reasons()


def reasons_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        values: list[ast.expr] = []
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            values = [
                value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "reason"
            ]
        elif isinstance(node, ast.Call):
            values = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            position = REASON_POSITIONS.get(name, len(node.args))
            values += node.args[position : position + 1]
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def translated(language: str) -> set[str]:
    """Return the reasons with a text in this language."""
    source = CATALOGUE.read_text()
    table = source[source.index(f"const {language}Reasons") :].split("\n}", 1)[0]
    return set(re.findall(r"^  (\w+): \(", table, re.MULTILINE))


def test_each_code_has_a_text_in_both_languages() -> None:
    tables = re.findall(r"codes: \{(.*?)\n    \}", CATALOGUE.read_text(), re.DOTALL)
    assert [set(re.findall(r"^\s+([A-Z_]+):", table, re.MULTILINE)) for table in tables] == [
        codes() | {"NETWORK"}
    ] * 2


def test_each_reason_has_a_text_in_both_languages() -> None:
    expected = reasons() - NOT_DISPLAYED
    assert (expected - translated("english"), expected - translated("chinese")) == (set(), set())


def test_no_text_is_without_a_reason() -> None:
    assert translated("english") | translated("chinese") <= reasons()


def test_no_exception_is_without_a_reason() -> None:
    assert reasons() >= NOT_DISPLAYED
